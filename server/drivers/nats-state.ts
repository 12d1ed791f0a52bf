// How the NATS servers and what they keep stand, as each tells it at its monitoring address: that answers also where no quorum does. Nothing is refused here.
import { isFault } from '@parley/core/faults.ts'
import { z } from 'zod'
import { OWNER } from './log-streams.ts'
import { askMonitor, askServer, whyUnfit } from './nats-servers.ts'

export interface ServerState {
  readonly monitor: string
  /** Null: nobody answers there. */
  readonly name: string | null
  readonly version: string | null
  readonly startedAt: number | null
  /** Other servers that it is joined to. */
  readonly peers: readonly string[]
  /** Why it may not have the log; null where it may, or is silent. */
  readonly unfit: string | null
}

export interface StreamState {
  readonly name: string
  /** Null: no server that answers leads it. */
  readonly leader: string | null
  readonly messages: number
  readonly bytes: number
  /** How many must have it. */
  readonly replicas: number
  readonly holders: readonly HolderState[]
  /** A leader and most of the holders answer: it takes what comes. */
  readonly isWhole: boolean
  /** Place of its last message. */
  readonly end: number
  /** Mark of the secret of those that made it. */
  readonly owner: string | null
}

export interface HolderState {
  readonly server: string
  /** Messages that it lacks of what another has; null where it does not answer. */
  readonly behind: number | null
}

export interface NatsState {
  readonly servers: readonly ServerState[]
  readonly streams: readonly StreamState[]
}

const Peer = z.object({ name: z.string() })
const Stream = z.object({
  name: z.string(),
  cluster: z.object({ leader: z.string().default(''), replicas: z.array(Peer).nullish() }).nullish(),
  config: z.object({ num_replicas: z.number(), metadata: z.record(z.string(), z.string()).nullish() }),
  state: z.object({ messages: z.number(), bytes: z.number(), last_seq: z.number() }),
})
const Jetstream = z.object({ account_details: z.array(z.object({ stream_detail: z.array(Stream).nullish() })).nullish() })
const Routes = z.object({ routes: z.array(z.object({ remote_name: z.string().default('') })).nullish() })

interface View extends z.infer<typeof Stream> {
  /** Whose view it is. */
  readonly server: string
}

/** `name`: what the names of streams and buckets begin with. */
export async function natsState(monitors: readonly string[], name: string): Promise<NatsState> {
  const told = await Promise.all(monitors.map(lookAt))
  const views = told.flatMap(({ streams }) => streams).filter(view => isOurs(view.name, name))
  const names = [...new Set(views.map(view => view.name))].sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  return {
    servers: told.map(({ server }) => server),
    streams: names.map(stream => stateOf(views.filter(view => view.name === stream))),
  }
}

const isOurs = (stream: string, name: string): boolean => stream.startsWith(`${name}-`) || stream.startsWith(`KV_${name}-`)

async function lookAt(monitor: string): Promise<{ readonly server: ServerState; readonly streams: readonly View[] }> {
  const silent: ServerState = { monitor, name: null, version: null, startedAt: null, peers: [], unfit: null }
  try {
    const told = await askServer(monitor)
    if (!told) return { server: silent, streams: [] }
    const { server_name: name, version, start } = told
    const [kept, joined] = await Promise.all([
      askMonitor(monitor, '/jsz?accounts=true&streams=true&config=true'),
      askMonitor(monitor, '/routez'),
    ])
    const accounts = Jetstream.safeParse(kept).data?.account_details ?? []
    const routes = Routes.safeParse(joined).data?.routes ?? []
    return {
      server: {
        monitor,
        name,
        version,
        startedAt: Date.parse(start) || null,
        peers: [...new Set(routes.map(({ remote_name: peer }) => peer))].sort(),
        unfit: whyUnfit(told) ?? null,
      },
      streams: accounts.flatMap(({ stream_detail: streams }) => streams ?? []).map(stream => ({ ...stream, server: name })),
    }
  } catch (error) {
    if (!isFault(error, 'LOG_REFUSED')) throw error
    return { server: { ...silent, unfit: 'it is no monitoring address of a nats-server' }, streams: [] }
  }
}

/** `views` are of one stream: that of a server which says that it leads counts, and of two the one that has more. */
function stateOf(views: readonly View[]): StreamState {
  const byLength = views.toSorted((a, b) => b.state.last_seq - a.state.last_seq)
  const most = byLength[0]! // a stream was seen by somebody
  const leading = byLength.find(({ cluster, server }) => !cluster || cluster.leader === server)
  const { name, state, config } = leading ?? most
  const named = views.flatMap(({ cluster, server }) => [server, cluster?.leader ?? '', ...(cluster?.replicas ?? []).map(peer => peer.name)])
  const holders = [...new Set(named)]
    .filter(server => server !== '')
    .sort()
    .map(server => {
      const own = views.find(view => view.server === server)
      return { server, behind: own ? most.state.last_seq - own.state.last_seq : null }
    })
  const answering = holders.filter(({ behind }) => behind !== null).length
  return {
    name,
    leader: leading?.server ?? null,
    messages: state.messages,
    bytes: state.bytes,
    replicas: config.num_replicas,
    holders,
    end: most.state.last_seq,
    owner: config.metadata?.[OWNER] ?? null,
    isWhole: leading !== undefined && answering * 2 > config.num_replicas,
  }
}
