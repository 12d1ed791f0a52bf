// Appends a second of the embedded log, beside lmdb-js by itself (put, then `flushed`) in the same run, as a ratio. The two take turns, so that a
// disk that is slow for a while is slow for both; the medians of the rounds are told, and the range of the ratio. Prints JSON.
//   node bench/log.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { open } from 'lmdb'
import { machine } from './machine.ts'

const SECONDS = 0.7
const ROUNDS = 4
const BODY = Buffer.alloc(450, 'x')

interface Figures {
  readonly perSecond: number
  readonly p50Ms: number
  readonly p99Ms: number
}

const hundredths = (value: number): number => Math.round(value * 100) / 100

/** Of an even number of values the mean of the two in the middle. */
function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = (sorted.length - 1) / 2
  return hundredths((sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2) // both lie within
}

const medians = (rounds: readonly Figures[]): Figures => ({
  perSecond: median(rounds.map(r => r.perSecond)),
  p50Ms: median(rounds.map(r => r.p50Ms)),
  p99Ms: median(rounds.map(r => r.p99Ms)),
})

async function measure(writers: number, append: (writer: number, n: number) => Promise<unknown>): Promise<Figures> {
  const times: number[] = []
  const started = performance.now()
  await Promise.all(
    Array.from({ length: writers }, async (_, writer) => {
      for (let n = 1; performance.now() - started < SECONDS * 1000; n++) {
        const at = performance.now()
        await append(writer, n)
        times.push(performance.now() - at)
      }
    }),
  )
  times.sort((a, b) => a - b)
  const at = (share: number): number => hundredths(times[Math.floor(times.length * share)] ?? Number.NaN)
  return { perSecond: Math.round(times.length / ((performance.now() - started) / 1000)), p50Ms: at(0.5), p99Ms: at(0.99) }
}

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const log = await openLmdbLog(join(folder, 'log'))
const raw = open({ path: join(folder, 'raw'), maxDbs: 8 })
const table = raw.openDB<Buffer, [number, number, number, number]>({ name: 'events', encoding: 'binary' })
const rows = []
for (const writers of [1, 16, 256]) {
  const rounds = []
  for (let round = 0; round < ROUNDS; round++) {
    const keyOf = (writer: number) => ({ shop: asShopId('bench'), conversation: asConversationId(`w${writers}-${round}-${writer}`) })
    const heads = await Promise.all(Array.from({ length: writers }, (_, writer) => log.head(keyOf(writer))))
    const ours = await measure(writers, async writer => {
      const { position } = heads[writer]! // one a writer
      heads[writer] = await log.append(keyOf(writer), [{ v: 1, type: 'message', at: 0, body: BODY }], position, {
        isUnsettled: false,
        isWithPeople: false,
      })
    })
    const theirs = await measure(writers, async (writer, n) => {
      await table.put([writers, round, writer, n], BODY)
      await raw.flushed
    })
    rounds.push({ ours, theirs, ratio: ours.perSecond / theirs.perSecond })
  }
  const ratios = rounds.map(r => hundredths(r.ratio)).sort((a, b) => a - b)
  rows.push({
    writers,
    log: medians(rounds.map(r => r.ours)),
    rawLmdb: medians(rounds.map(r => r.theirs)),
    ratio: { median: median(ratios), least: ratios[0], greatest: ratios.at(-1) },
  })
}
await log.close()
await raw.close()
rmSync(folder, { recursive: true })
console.log(JSON.stringify({ bench: 'log', ...machine(), bodyBytes: BODY.length, secondsEach: SECONDS, rounds: ROUNDS, rows }, null, 1))
