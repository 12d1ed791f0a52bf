// Durable appends a second of the log on NATS JetStream, beside publishing into JetStream by itself: three servers on this machine that flush every append,
// the same streams, replicas, condition and ids. They take turns; the medians of the rounds are told, and the range of the ratio. Prints JSON
// and a table.
//   npm run bench:cluster
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { crc32 } from 'node:zlib'
import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Head } from '@parley/core/ports/conversation-log.ts'
import { isApiError, openStreams } from '@parley/server/drivers/log-streams.ts'
import { openNodeLog } from '../test/cluster/log-under-test.ts'
import { startNatsCluster } from '../test/cluster/nats-cluster.ts'
import { bringNats, isMissing } from '../tools/programs.ts'
import { type Append, type Figures, hundredths, type Load, measure, median, medians } from './append-figures.ts'
import { BODY } from './appenders.ts'
import { machine } from './machine.ts'
import { processorMs } from './threads.ts'

const SECONDS = 1.5
const ROUNDS = 5
const WRITERS = [1, 64, 512]
const SHARDS = 16
/** Another append to the subject is under way. */
const UNDER_WAY = 10164

interface Measured extends Figures {
  /** Microseconds of processor time an append, of this process and of the servers. */
  readonly nodeMicros: number
  readonly serversMicros: number
}

interface Row {
  readonly writers: number
  readonly log: Measured
  readonly raw: Measured
  readonly logToRaw: { readonly median: number; readonly least: number; readonly greatest: number }
}

async function measured(append: Append, load: Load): Promise<Measured> {
  let count = 0
  const [node, servers] = [nodeMs(), serversMs()]
  const figures = await measure((conversation, seq) => {
    count++
    return append(conversation, seq)
  }, load)
  const micros = (ms: number): number => Math.round((ms * 1000) / count)
  return { ...figures, nodeMicros: micros(nodeMs() - node), serversMicros: micros(serversMs() - servers) }
}

const ofAll = (rounds: readonly Measured[]): Measured => ({
  ...medians(rounds),
  nodeMicros: median(rounds.map(r => r.nodeMicros)),
  serversMicros: median(rounds.map(r => r.serversMicros)),
})

const nodeMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}
const serversMs = (): number => cluster.servers.reduce((sum, { pid }) => sum + processorMs(pid()), 0)

const nats = bringNats()
if (isMissing(nats)) {
  console.error(nats.skipped)
  process.exit(1)
}
const cluster = await startNatsCluster()
const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const connection = await connect({ servers: [...cluster.urls] })
try {
  const settings = { servers: cluster.urls, monitors: cluster.monitors, name: 'bench', shards: SHARDS, replicas: 3 }
  const log = await openNodeLog(join(folder, 'log'), settings, error => console.error(error))
  const raw = { name: 'raw', shards: SHARDS, replicas: 3 }
  await openStreams(await jetstreamManager(connection), raw, undefined)
  const client = jetstream(connection)
  const lasts = new Map<string, number>()
  const publish: Append = async (conversation, i) => {
    const subject = `raw.log.${crc32(conversation) % SHARDS}.append.bench.${conversation}`
    const options = { msgID: `${conversation}-${i}`, expect: { lastSubjectSequence: lasts.get(conversation) ?? 0 } }
    for (;;)
      try {
        const { seq } = await client.publish(subject, BODY, options)
        lasts.set(conversation, seq)
        return
      } catch (error) {
        // It may say so of a writer's own append of before: the log asks again too.
        if (!isApiError(error, UNDER_WAY)) throw error
      }
  }
  const heads = new Map<string, Head>()
  const append: Append = async conversation => {
    const key = { shop: asShopId('bench'), conversation: asConversationId(conversation) }
    const { position } = heads.get(conversation) ?? (await log.head(key))
    const event = { v: 1, type: 'message', at: 0, body: BODY }
    heads.set(conversation, await log.append(key, [event], position, { isUnsettled: false, isWithPeople: false }))
  }
  const rows: Row[] = []
  for (const writers of WRITERS) {
    const ours: Measured[] = []
    const theirs: Measured[] = []
    for (let round = 0; round < ROUNDS; round++) {
      const load = { writers, round, seconds: SECONDS }
      // Each is the first in every other round: what the one leaves to be done is not always the other's.
      for (const which of round % 2 === 0 ? ['theirs', 'ours'] : ['ours', 'theirs'])
        if (which === 'ours') ours.push(await measured(append, load))
        else theirs.push(await measured(publish, load))
    }
    const ratios = ours.map((r, i) => hundredths(r.perSecond / theirs[i]!.perSecond)).sort((a, b) => a - b) // a round has both
    const logToRaw = { median: median(ratios), least: ratios[0]!, greatest: ratios.at(-1)! } // there are rounds
    rows.push({ writers, log: ofAll(ours), raw: ofAll(theirs), logToRaw })
  }
  await log.close()
  const servers = { nats: nats.version, servers: 3, streams: SHARDS, replicas: 3, sync: 'always' }
  console.log(
    JSON.stringify(
      { bench: 'cluster', ...machine(), ...servers, bodyBytes: BODY.length, secondsEach: SECONDS, rounds: ROUNDS, load: loadavg(), rows },
      null,
      1,
    ),
  )
  console.table(
    rows.flatMap(({ writers, log: ours, raw: theirs, logToRaw: { median: middle, least, greatest } }) => [
      { writers, what: 'log', ...ours, 'to raw': `${middle} (${least} to ${greatest})` },
      { writers, what: 'raw', ...theirs },
    ]),
  )
} finally {
  await connection.close()
  await cluster.remove()
  rmSync(folder, { recursive: true })
}
