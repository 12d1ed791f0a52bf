// Appends a second of the embedded log, beside lmdb-js by itself (put, then `flushed`) in the same run, as a ratio. Prints JSON.
//   node bench/log.ts
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { storeOptions } from '@parley/server/drivers/lmdb-store.ts'
import { open } from 'lmdb'
import { machine } from './machine.ts'

const SECONDS = 2
const BODY = Buffer.alloc(450, 'x')

async function measure(
  writers: number,
  append: (writer: number, n: number) => Promise<unknown>,
): Promise<{ perSecond: number; p50Ms: number; p99Ms: number }> {
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
  const at = (share: number): number => Math.round((times[Math.floor(times.length * share)] ?? Number.NaN) * 100) / 100
  return { perSecond: Math.round(times.length / ((performance.now() - started) / 1000)), p50Ms: at(0.5), p99Ms: at(0.99) }
}

const folder = mkdtempSync(join(tmpdir(), 'parley-bench-'))
const log = await openLmdbLog(join(folder, 'log'))
const raw = open(storeOptions(join(folder, 'raw')))
const table = raw.openDB<Buffer, [number, number, number]>({ name: 'events', encoding: 'binary' })
const rows = []
for (const writers of [1, 16, 256]) {
  const heads = new Map<number, Awaited<ReturnType<typeof log.head>>>()
  const keyOf = (writer: number) => ({ shop: asShopId('bench'), conversation: asConversationId(`w${writers}-${writer}`) })
  for (let writer = 0; writer < writers; writer++) heads.set(writer, await log.head(keyOf(writer)))
  const ours = await measure(writers, async writer => {
    const head = heads.get(writer)! // filled above
    heads.set(
      writer,
      await log.append(keyOf(writer), [{ v: 1, type: 'message', at: 0, body: BODY }], head.position, { isUnsettled: false }),
    )
  })
  const theirs = await measure(writers, async (writer, n) => {
    await table.put([writers, writer, n], BODY)
    await raw.flushed
  })
  rows.push({ writers, log: ours, rawLmdb: theirs, ratio: Math.round((ours.perSecond / theirs.perSecond) * 100) / 100 })
}
await log.close()
await raw.close()
rmSync(folder, { recursive: true })
console.log(JSON.stringify({ bench: 'log', ...machine(), bodyBytes: BODY.length, secondsEach: SECONDS, rows }, null, 1))
