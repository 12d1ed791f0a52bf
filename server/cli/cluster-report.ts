// What `parley cluster status` prints: the verdict with its reasons, then the parts. No line is wider than 80 columns, unless a name alone is.
import { type ClusterState, type NodeState, type RedisView, verdictOf } from '../cluster/cluster-state.ts'
import type { ServerState, StreamState } from '../drivers/nats-state.ts'

const WIDTH = 80

/** `everyStream`: each on a line of its own, also where all is well with them. */
export function reportOf(state: ClusterState, everyStream: boolean): string {
  const { status, reasons } = verdictOf(state)
  return [
    `Cluster ${state.name}: ${SAID[status]}`,
    ...reasons.flatMap(reason => wrapped(`- ${reason}`)),
    '',
    ...nodeLines(state),
    '',
    ...serverLines(state),
    '',
    ...streamLines(state.streams, everyStream),
    '',
    ...redisLines(state.redis),
  ].join('\n')
}

const SAID = { whole: 'whole.', degraded: 'degraded, and served.', down: 'no service, or not for everybody.' }

function nodeLines({ nodes, at }: ClusterState): string[] {
  if (nodes === null) return ['Nodes: not known, since NATS could not be asked.']
  if (nodes.length === 0) return ['Nodes: none is known.']
  return table([
    ['NODE', 'STATE', 'SINCE', 'LEASE', 'TURNS', 'BEHIND', 'VERSION', 'WHERE'],
    ...nodes.map(node => [
      node.node,
      stateOf(node),
      spanOf(at - node.startedAt),
      spanOf(at - node.renewedAt),
      figureOf(node.turns),
      figureOf(node.behind),
      node.version,
      node.url?.replace(/^https?:\/\//, '') ?? '-',
    ]),
  ])
}

const stateOf = ({ isAlive, state }: NodeState): string => (isAlive ? state : 'lost')

function serverLines({ servers, at }: ClusterState): string[] {
  return table([
    ['NATS', 'VERSION', 'FLUSHES', 'UP', 'JOINED TO'],
    ...servers.map(server => {
      const { name, monitor, version, unfit, startedAt, peers } = server
      if (name === null) return [monitor, unfit === null ? 'silent' : 'no NATS', '-', '-', '-']
      return [name, version ?? '-', flushesOf(server), startedAt === null ? '-' : spanOf(at - startedAt), peers.join(', ') || 'none']
    }),
  ])
}

const flushesOf = ({ unfit }: ServerState): string => (unfit === null ? 'each' : 'unfit')

function streamLines(streams: readonly StreamState[], everyStream: boolean): string[] {
  if (streams.length === 0) return ['Streams: none.']
  const groups = new Map<string, StreamState[]>()
  for (const stream of streams) {
    const group = everyStream || !isSound(stream) ? stream.name : stream.name.replace(/-\d+$/, '-…')
    groups.set(group, [...(groups.get(group) ?? []), stream])
  }
  return table([
    ['STREAM', 'LEADER', 'REPLICAS', 'MESSAGES', 'SIZE'],
    ...[...groups].map(([name, group]) => [
      group.length > 1 ? `${name} (${group.length})` : group[0]!.name,
      group.length > 1 ? leadersOf(group) : (group[0]!.leader ?? 'none'),
      group.length > 1 ? 'all whole' : replicasOf(group[0]!),
      figureOf(group.reduce((sum, { messages }) => sum + messages, 0)),
      sizeOf(group.reduce((sum, { bytes }) => sum + bytes, 0)),
    ]),
  ])
}

const isSound = ({ isWhole, holders, replicas }: StreamState): boolean =>
  isWhole && holders.length >= replicas && holders.every(({ behind }) => behind !== null && behind <= SOUND_BEHIND)

/** What a replica lacks of what is under way. */
const SOUND_BEHIND = 100

function leadersOf(group: readonly StreamState[]): string {
  const counts = new Map<string, number>()
  for (const { leader } of group) counts.set(leader ?? 'none', (counts.get(leader ?? 'none') ?? 0) + 1)
  return [...counts]
    .sort()
    .map(([leader, count]) => `${leader} ${count}`)
    .join(', ')
}

function replicasOf(stream: StreamState): string {
  if (isSound(stream)) return `${stream.holders.length} whole`
  const wrong = stream.holders.flatMap(({ server, behind }) => {
    if (behind === null) return [`${server} silent`]
    return behind > SOUND_BEHIND ? [`${server} lacks ${behind}`] : []
  })
  return wrong.join(', ') || `${stream.holders.length} of ${stream.replicas}`
}

function redisLines(redis: RedisView | null): string[] {
  if (redis === null) return ['Redis: not used, the jobs lie in the data folder.']
  if ('unfit' in redis) return wrapped(`Redis at ${redis.url}: ${redis.unfit}`)
  const flush = redis.flush === null ? 'it does not say how it flushes' : `appendfsync ${redis.flush}`
  return wrapped(`Redis ${redis.version} at ${redis.url}: noeviction, appendonly, ${flush}.`)
}

/** Columns as wide as their widest cell, but the last, which is cut where the line would be too wide. */
function table(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map(row => row[i]?.length ?? 0))) // there is a heading
  return rows.map(row => cut(row.map((cell, i) => (i === row.length - 1 ? cell : cell.padEnd(widths[i]!))).join('  '))) // a width a cell
}

const cut = (line: string): string => (line.length > WIDTH ? `${line.slice(0, WIDTH - 1)}…` : line.trimEnd())

/** Lines after the first are set in. */
function wrapped(text: string): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line.trim() !== '' && line.length + 1 + word.length > WIDTH) {
      lines.push(line)
      line = '  '
    }
    line += line.trim() === '' ? word : ` ${word}`
  }
  return [...lines, line]
}

const figureOf = (value: number | null): string => (value === null ? '-' : value.toLocaleString('en'))

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const

/** Clocks of two machines differ: what is not over yet is now. */
export function spanOf(ms: number): string {
  const [unit, name] = UNITS.find(([least]) => ms >= least) ?? [1_000, 's']
  return ms < 1_000 ? `${(Math.max(0, ms) / 1_000).toFixed(1)} s` : `${Math.floor(ms / unit)} ${name}`
}

function sizeOf(bytes: number): string {
  const [unit, name] = bytes >= 1e9 ? [1e9, 'GB'] : bytes >= 1e6 ? [1e6, 'MB'] : [1e3, 'kB']
  return `${(bytes / unit).toFixed(1)} ${name}`
}
