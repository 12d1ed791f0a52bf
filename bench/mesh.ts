// The documentation's query over the demo shop's three services, asked in every way that there is: calls one after the other, calls at once written by
// hand, Hive Gateway from npm, and the mesh, in process and as gateways over HTTP. All ask the same service processes and take turns, so that noise hits
// all alike. Then the law of single flight, 1 + λL, under Zipf keys. Prints JSON.
//   npm run bench:mesh -- [--rounds 5] [--seconds 0.6] [--law-seconds 20] [--latency 0] [--ids hot,zipf,spread] [--without-hive] [--without-law]
// --latency: milliseconds that the services take for every answer, beside their work.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { createRandom } from '../test/random.ts'
import { machine } from './machine.ts'
import { type Contender, forkHere, startContenders } from './mesh/contenders.ts'
import { HIVE_VERSION, prepareHive } from './mesh/hive.ts'
import { measureLaw } from './mesh/law.ts'
import type { Drive } from './mesh/load.ts'
import type { Started } from './mesh/services.ts'
import { setLatency } from './mesh/shop.ts'
import { zipfIds } from './mesh/zipf.ts'

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    seconds: { type: 'string', default: '0.6' },
    'law-seconds': { type: 'string', default: '20' },
    latency: { type: 'string', default: '0' },
    ids: { type: 'string', default: 'hot,zipf,spread' },
    'without-hive': { type: 'boolean', default: false },
    'without-law': { type: 'boolean', default: false },
  },
})
const ROUNDS = Number(values.rounds)
const MS = Number(values.seconds) * 1_000
const AT_ONCE = [1, 200]
const SEED = 8
/** Until everything is compiled. */
const WARM = { atOnce: 20, ms: 10_000, isOnce: true }
const WARM_QUERIES = 4_000
const PART = 4_000
const WARM_MS = 300

interface Figures {
  readonly failed: number
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly callsPerQuery: number
  readonly perCoreSecond: number
}

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const services = forkHere('./services.ts', [folder])
const [{ urls, customers }] = (await once(services, 'message')) as [Started]
/** Requests that have come to the services since this was last asked. */
const requests = async (): Promise<number> => {
  services.send('count')
  const [count] = await once(services, 'message')
  return count
}

const skipped = values['without-hive'] ? 'not asked for' : prepareHive(urls)
if (skipped !== undefined) console.error(skipped)
const { all, stop } = await startContenders(urls, skipped === undefined)
const random = createRandom(SEED)
const shuffled = customers.map(id => ({ id, at: random() })).sort((a, b) => a.at - b.at)
const IDS = {
  /** All ask for one customer. */
  hot: { ids: ['123'], isOnce: false },
  /** The r-th customer is asked for 1/r as often as the first. */
  zipf: { ids: zipfIds(customers, 20_000, random), isOnce: false },
  /** Every customer once: nothing repeats. */
  spread: { ids: shuffled.map(({ id }) => id), isOnce: true },
}

const chosen = (Object.keys(IDS) as (keyof typeof IDS)[]).filter(name => values.ids.split(',').includes(name)) // keys of it

/** Another part of what was drawn for each time. */
function drawn(name: keyof typeof IDS): Pick<Drive, 'ids' | 'isOnce'> {
  const { ids, isOnce } = IDS[name]
  if (isOnce || ids.length <= PART) return { ids, isOnce }
  const from = Math.floor(random() * (ids.length - PART))
  return { ids: ids.slice(from, from + PART), isOnce }
}

async function measure(contender: Contender, ids: keyof typeof IDS, atOnce: number): Promise<Figures> {
  // Connections are open, everything is in memory and what is kept is kept before the clock runs; where nothing repeats nothing may be kept.
  await contender.drive({ ...drawn(ids), atOnce, ms: WARM_MS })
  if (ids === 'spread') await contender.forget()
  await requests()
  const before = contender.cpuSeconds()
  const { answered, failed, seconds, p50Ms, p99Ms } = await contender.drive({ ...drawn(ids), atOnce, ms: MS })
  const cpu = contender.cpuSeconds() - before
  return {
    failed,
    perSecond: answered / seconds,
    p50Ms,
    p99Ms,
    callsPerQuery: (await requests()) / answered,
    perCoreSecond: answered / cpu,
  }
}

const rounded = (value: number): number => Number(value.toPrecision(4))
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return rounded((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2) // both lie within
}
const spread = (values: readonly number[]) => ({
  median: median(values),
  least: rounded(Math.min(...values)),
  most: rounded(Math.max(...values)),
})

const rows: Record<string, unknown>[] = []
const aims: Record<string, unknown> = {}
let law: unknown
try {
  // Whoever answers otherwise is not measured against.
  for (const id of ['123', ...customers.slice(0, 20)]) {
    const expected = await all[0]!.once(id) // there is one
    for (const contender of all) assert.deepEqual(await contender.once(id), expected, `${contender.name} of ${id}`)
  }
  for (const contender of all) await contender.drive({ ids: IDS.zipf.ids.slice(0, WARM_QUERIES), ...WARM })
  for (const url of Object.values(urls)) await setLatency(url, Number(values.latency))
  for (const ids of chosen)
    for (const atOnce of AT_ONCE) {
      const rounds = new Map<string, Figures[]>(all.map(({ name }) => [name, []]))
      // Where nothing repeats a round ends with the last customer.
      for (let round = 0; round < ROUNDS * (ids === 'spread' ? 2 : 1); round++)
        for (const contender of all.map((_, i) => all[(i + round) % all.length]!)) // within
          rounds.get(contender.name)?.push(await measure(contender, ids, atOnce))
      const of = (name: string, what: keyof Figures): number[] => rounds.get(name)?.map(each => each[what]) ?? []
      for (const [name, each] of rounds)
        rows.push({
          ids,
          atOnce,
          contender: name,
          ...Object.fromEntries((Object.keys(each[0]!) as (keyof Figures)[]).map(what => [what, median(of(name, what))])), // there is a round
        })
      const ratio = (one: string, other: string, what: keyof Figures) => {
        const others = of(other, what)
        return others.length === 0 ? null : spread(of(one, what).map((value, i) => value / others[i]!)) // as many rounds
      }
      aims[`${ids}, ${atOnce} at once`] = {
        throughputToSequential: ratio('parley', 'sequential', 'perSecond'),
        throughputToSequentialKeeping: ratio('parleyKeeping', 'sequential', 'perSecond'),
        throughputToByHand: ratio('parley', 'byHand', 'perSecond'),
        throughputToByHandKeeping: ratio('parleyKeeping', 'byHand', 'perSecond'),
        throughputToByHandOverHttp: ratio('parleyOverHttp', 'byHandOverHttp', 'perSecond'),
        perCoreToByHand: ratio('parley', 'byHand', 'perCoreSecond'),
        perCoreToHive: ratio('parleyOverHttp', 'hiveOverHttp', 'perCoreSecond'),
        perCoreToHiveKeeping: ratio('parleyKeepingOverHttp', 'hiveKeepingOverHttp', 'perCoreSecond'),
        p50OverByHandMs: spread(of('parley', 'p50Ms').map((value, i) => value - of('byHand', 'p50Ms')[i]!)), // as above
      }
    }
  stop()
  for (const url of Object.values(urls)) await setLatency(url, 0)
  if (!values['without-law']) law = await measureLaw(urls, customers, Number(values['law-seconds']), requests)
} finally {
  services.disconnect()
  rmSync(folder, { recursive: true })
}
const settings = {
  rounds: ROUNDS,
  secondsEach: MS / 1_000,
  latencyMs: Number(values.latency),
  customers: customers.length,
  seed: SEED,
  load: loadavg().map(rounded),
}
console.log(JSON.stringify({ bench: 'mesh', ...machine(), ...settings, hive: skipped ?? HIVE_VERSION, rows, aims, law }, null, 1))
