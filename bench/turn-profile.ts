// Where the time of the engine's main thread goes: a V8 CPU profile, its samples summed by stage. A sample belongs to the stage of the innermost
// function on its stack that has one, so that what a library does counts for whoever asked it to.
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** By where a function is, and for some by its name too. The first that fits decides. */
const STAGES: readonly (readonly [stage: string, file: RegExp, name?: RegExp])[] = [
  ['garbage collection', /^$/, /^\(garbage collector\)$/],
  ['idle', /^$/, /^\(idle\)$/],
  ['JSON', /^$/, /^(parse|stringify)$/],
  ['frames: zod', /node_modules\/zod\//],
  ['seal (AES-GCM)', /server\/drivers\/cipher\.ts/],
  ['hash chain', /core\/conversation\/chain\.ts/],
  ['log: LMDB', /node_modules\/(lmdb|msgpackr|ordered-binary|weak-lru-cache)\//],
  ['log: batches, records', /server\/drivers\/(conversation-log\.lmdb|log-records|lmdb-store)\.ts/],
  ['log: events to envelopes', /server\/conversations\.ts/],
  ['keys', /server\/drivers\/vault\.lmdb\.ts/],
  ['folds', /core\/(conversation|effects|handoff)\//],
  ['normalise, clauses', /core\/pipeline\/normalise|core\/dialogue\/clauses\.ts|node_modules\/opencc-js/],
  ['keyword voter', /models\/keyword\/|server\/drivers\/voters\.keyword\.ts/],
  ['risks', /server\/drivers\/risks\.phrases\.ts/],
  ['ask voters', /core\/pipeline\/ask-voters\.ts/],
  ['models: hand-over', /piscina|server\/drivers\/voters\.models\.ts|node:internal\/(worker|per_context\/messageport)/],
  ['plugins: hand-over', /server\/plugin-host\/|server\/drivers\/voters\.plugins\.ts|node:internal\/child_process/],
  ['fuse', /ensembles\/fuse\.ts|core\/pipeline\/fuse\.ts/],
  ['decide, understand', /ensembles\/decide\.ts|core\/pipeline\/decide\.ts|core\/dialogue\//],
  ['facts', /core\/pipeline\/enrich\.ts|mesh\//],
  ['plan, record', /core\/pipeline\/(plan|record|pipeline)\.ts/],
  ['render', /liquidjs|server\/drivers\/templates\.liquid\.ts|core\/pipeline\/render\.ts/],
  ['engine, lanes', /core\/(engine|holder|lanes)\.ts/],
  ['metrics', /prom-client|server\/metrics\.ts/],
  ['fan-out, protocol', /server\/realtime\/|server\/drivers\/fan-out|core\/protocol\//],
  ['sockets', /node_modules\/ws\/|node:(net|internal\/(stream_base_commons|streams|net))|server\/http\//],
]
const REST = 'Node: timers, promises, the rest'

interface Profile {
  readonly nodes: readonly {
    readonly id: number
    readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
    readonly children?: readonly number[]
  }[]
  /** Microseconds of the machine's monotonic clock. */
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

export interface Spent {
  /** A stage, or a function and where it is. */
  readonly what: string
  readonly ms: number
}

/** Milliseconds by stage between two moments of the machine's monotonic clock, most first; idle time is left out. */
export function timeByStage(
  folder: string,
  fromMs: number,
  toMs: number,
): { readonly stages: readonly Spent[]; readonly functions: readonly Spent[] } {
  const [file] = globSync(join(folder, '*.cpuprofile')).filter(name => /\.0\.\d+\.cpuprofile$/.test(name)) // thread 0 is the main thread
  if (file === undefined) throw new Error(`the server left no profile of its main thread in ${folder}`)
  const profile = JSON.parse(readFileSync(file, 'utf8')) as Profile // V8's format
  const stageOf = stagesOf(profile)
  const nameOf = new Map(profile.nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]))
  const stages = new Map<string, number>()
  const functions = new Map<string, number>()
  let at = profile.startTime
  for (const [i, id] of profile.samples.entries()) {
    at += profile.timeDeltas[i]! // one a sample
    const stage = stageOf.get(id)! // every sample is of a node
    if (at < fromMs * 1_000 || at > toMs * 1_000 || stage === 'idle') continue
    const ms = (profile.timeDeltas[i + 1] ?? 0) / 1_000
    stages.set(stage, (stages.get(stage) ?? 0) + ms)
    const name = nameOf.get(id)! // as above
    functions.set(name, (functions.get(name) ?? 0) + ms)
  }
  return { stages: mostFirst(stages), functions: mostFirst(functions).slice(0, 40) }
}

const mostFirst = (spent: ReadonlyMap<string, number>): Spent[] =>
  [...spent].map(([what, ms]) => ({ what, ms })).sort((a, b) => b.ms - a.ms)

const placeOf = ({ functionName, url, lineNumber }: Profile['nodes'][number]['callFrame']): string =>
  `${functionName || '(anonymous)'} ${url.replace(/^.*\/(?=node_modules\/|server\/|core\/|models\/|ensembles\/|mesh\/)/, '')}${url ? `:${lineNumber + 1}` : ''}`

function stagesOf({ nodes }: Profile): ReadonlyMap<number, string> {
  const byId = new Map(nodes.map(node => [node.id, node]))
  const found = new Map<number, string>()
  const visit = (id: number, outer: string): void => {
    const node = byId.get(id)! // children are nodes
    const { functionName, url } = node.callFrame
    const stage = STAGES.find(([, file, name]) => file.test(url) && (name?.test(functionName) ?? true))?.[0] ?? outer
    found.set(id, stage)
    for (const child of node.children ?? []) visit(child, stage)
  }
  if (nodes[0]) visit(nodes[0].id, REST)
  return found
}
