// The tail of the log by itself: whatever moment it is left at, the store and the segments together have all that was acknowledged; and what a
// segment does not have any more is noticed.
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { asConversationId, asShopId, type Epoch } from '@parley/core/ids.ts'
import type { Addition } from '@parley/server/drivers/log-additions.ts'
import { draftRecord, type HeadRecord, placeRecord } from '@parley/server/drivers/log-records.ts'
import { type Entry, openTail, readTail, type Table, type Tail } from '@parley/server/drivers/log-tail.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'

const EPOCH = '0123456789abcdef' as Epoch // as the log makes them
const SECTOR = 512
const SEEDS = [1, 2, 3, 5, 8, ...(process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : [])]

/** Conversations that grow, and what is put behind each. */
function createWriter() {
  const ends = new Map<string, HeadRecord>()
  return (name: string, bodies: readonly string[]): Addition => {
    const before = ends.get(name) ?? { seq: 0, hash: Buffer.alloc(32) }
    const drafts = bodies.map(body => draftRecord({ v: 1, type: 'message', at: 1, body: Buffer.from(body) }))
    const end = drafts.reduce((last, draft) => placeRecord(draft, last), before)
    ends.set(name, end)
    const key = { shop: asShopId('demo'), conversation: asConversationId(name) }
    const marks = { isUnsettled: end.seq % 2 === 0, isWithPeople: end.seq % 3 === 0, isOutgoing: false }
    return { key, first: before.seq + 1, records: drafts.map(({ bytes }) => bytes), end: { ...end, ...marks } }
  }
}

/** In place of LMDB: it has what it was given when it was let go on, and can be full. */
function createStore() {
  const has = new Map<string, Entry>()
  let isFull = false
  let waiting: (() => void)[] = []
  let isHeld = false
  return {
    has,
    isStored: ({ key, end }: Pick<Addition, 'key' | 'end'>): boolean => (has.get(key.conversation)?.end.seq ?? 0) >= end.seq,
    async store(entries: Iterable<Entry>): Promise<void> {
      if (isHeld) await new Promise<void>(resolve => waiting.push(resolve))
      if (isFull) throw new Error('full')
      for (const entry of entries) {
        const before = has.get(entry.key.conversation)
        assert.equal(entry.first, (before?.end.seq ?? 0) + 1, 'what is stored goes on where it ended')
        has.set(entry.key.conversation, { ...entry, first: 1, records: [...(before?.records ?? []), ...entry.records] })
      }
    },
    hold(): void {
      isHeld = true
    },
    goOn(): void {
      isHeld = false
      for (const resolve of waiting) resolve()
      waiting = []
    },
    fill(full: boolean): void {
      isFull = full
    },
  }
}
type Store = ReturnType<typeof createStore>

/** All records of each conversation, as the store and a table behind it have them. */
function together({ has }: Store, table: Table): Map<string, string> {
  const found = new Map([...has].map(([name, { records }]) => [name, records.map(bytes => bytes.toString('hex')).join()]))
  for (const { key, first, records } of table.values()) {
    const stored = has.get(key.conversation)?.records.slice(0, first - 1) ?? []
    assert.equal(stored.length, first - 1, 'no gap')
    found.set(key.conversation, [...stored, ...records].map(bytes => bytes.toString('hex')).join())
  }
  return found
}

const openIn = (folder: string, { isStored, store }: Store): Promise<Tail> => openTail({ folder, epoch: EPOCH, isStored, store })

for (const seed of SEEDS)
  test(`[LOG1] at every moment the store and the segments together have what was acknowledged (seed ${seed})`, async () => {
    const random = createRandom(seed)
    const below = (n: number): number => Math.floor(random() * n)
    const folder = temporaryFolder()
    const store = createStore()
    const add = createWriter()
    const acknowledged = new Map<string, string[]>()
    let tail = await openIn(folder.path, store)
    for (let step = 0; step < 80; step++) {
      const where = `seed ${seed}, step ${step}`
      const additions = Array.from({ length: 1 + below(4) }, (_, i) =>
        add(
          `c${below(5)}`,
          Array.from({ length: 1 + below(3) }, (_unused, n) => `${step}.${i}.${n} `.repeat(below(300))),
        ),
      )
      await tail.add(additions)
      for (const { key, records } of additions) {
        const hex = records.map(bytes => bytes.toString('hex'))
        acknowledged.set(key.conversation, [...(acknowledged.get(key.conversation) ?? []), ...hex])
      }
      if (random() < 0.1) store.hold()
      if (random() < 0.3) store.goOn()
      if (random() < 0.1) {
        store.goOn()
        await tail.stored()
        assert.deepEqual([...tail.entries()], [], where)
      }
      // As a kill would leave it.
      const copy = temporaryFolder()
      cpSync(folder.path, copy.path, { recursive: true })
      const { table } = readTail(copy.path, EPOCH, store.isStored)
      const expected = new Map([...acknowledged].map(([name, records]) => [name, records.join()]))
      assert.deepEqual(together(store, table), expected, where)
      for (const { key, end } of tail.entries()) assert.ok(tail.endOf(key)!.seq >= end.seq, where) // it has an entry
      copy.remove()
      if (random() < 0.1) {
        store.goOn()
        await tail.close()
        tail = await openIn(folder.path, store)
      }
    }
    store.goOn()
    await tail.close()
    assert.equal(readTail(folder.path, EPOCH, store.isStored).table.size, 0, 'closed in order, it leaves nothing behind')
    folder.remove()
  })

test('[LOG1] what cannot be stored is kept and read, nothing is taken on meanwhile, and it is stored when there is room again', async () => {
  const folder = temporaryFolder()
  const store = createStore()
  const add = createWriter()
  let tail = await openIn(folder.path, store)
  const first = add('c1', ['a', 'b'])
  await tail.add([first])
  store.fill(true)
  await assert.rejects(tail.stored(), /full/)
  const refused = createWriter()('c2', ['refused'])
  await assert.rejects(tail.add([refused]), /full/)
  assert.equal(tail.endOf(first.key)?.seq, 2)
  assert.equal(tail.endOf(refused.key), undefined)
  await tail.close()
  tail = await openIn(folder.path, store) // a restart while it is full
  assert.deepEqual(tail.endOf(first.key), first.end)
  assert.deepEqual(tail.recordAt(first.key, 2), first.records[1])
  await assert.rejects(tail.add([refused]), /full/)
  store.fill(false)
  await tail.add([add('c1', ['c'])])
  await tail.stored()
  assert.deepEqual(
    [...store.has].map(([name, { end }]) => [name, end.seq]),
    [['c1', 3]],
  )
  await tail.close()
  folder.remove()
})

/** A folder whose first segment holds three batches that are not stored; where each begins, and what was there before the last one. */
async function threeBatches() {
  const folder = temporaryFolder()
  const file = join(folder.path, 'segment-a')
  const store = createStore()
  store.hold()
  const add = createWriter()
  const tail = await openIn(folder.path, store)
  let before = Buffer.alloc(0)
  for (const name of ['c1', 'c2', 'c3']) {
    if (name === 'c3') before = readFileSync(file)
    await tail.add([add(name, ['x'.repeat(2_000)])])
  }
  const whole = readFileSync(file)
  store.goOn()
  await tail.close()
  const starts = Array.from({ length: whole.length / SECTOR }, (_, i) => i * SECTOR).filter(
    at => whole.toString('latin1', at, at + 4) === 'PLS1',
  )
  const read = (bytes: Buffer, isStored: Store['isStored'] = () => false): string[] => {
    writeFileSync(file, bytes)
    return [...readTail(folder.path, EPOCH, isStored).table.keys()]
  }
  return { whole, before, starts, read, remove: folder.remove }
}

test('[LOG1] [LOG2] of a batch that a loss of power tore, nothing is found, and all that was acknowledged before', async () => {
  const { whole, before, starts, read, remove } = await threeBatches()
  assert.deepEqual(read(whole), ['demo/c1', 'demo/c2', 'demo/c3'])
  const last = starts[2]!
  const sectors = Math.ceil((starts[1]! - starts[0]!) / SECTOR) // all three are as long
  for (let pattern = 0; pattern < 2 ** sectors - 1; pattern++) {
    const torn = Buffer.from(before)
    for (let i = 0; i < sectors; i++)
      if (pattern & (1 << i)) whole.copy(torn, last + i * SECTOR, last + i * SECTOR, last + (i + 1) * SECTOR)
    assert.deepEqual(read(torn), ['demo/c1', 'demo/c2'], `sectors ${pattern.toString(2)}`)
  }
  for (let length = last; length < last + sectors * SECTOR - SECTOR; length += 100)
    assert.deepEqual(read(whole.subarray(0, length)), ['demo/c1', 'demo/c2'], `cut at ${length}`)
  remove()
})

test('[LOG3] a flipped bit in an acknowledged batch is noticed by the one behind it, unless LMDB has them both', async () => {
  const { whole, starts, read, remove } = await threeBatches()
  const ends = starts.map(start => start + 36 + whole.readUInt32BE(start + 32)) // behind them are zeros that nobody reads
  for (let at = 0; at < ends[1]!; at += 29) {
    if (at >= ends[0]! && at < starts[1]!) continue
    const flipped = Buffer.from(whole)
    flipped[at]! ^= 1 << (at % 8)
    assert.equal(await faultCodeOf(Promise.resolve().then(() => read(flipped))), 'STORE_DAMAGED', `byte ${at}`)
    assert.deepEqual(
      read(flipped, () => true),
      [],
      `byte ${at}, all of it stored`,
    )
  }
  remove()
})

test("[LOG4] a segment of another store's life holds nothing", async () => {
  const folder = temporaryFolder()
  const store = createStore()
  store.fill(true)
  const tail = await openIn(folder.path, store)
  await tail.add([createWriter()('c1', ['a'])])
  await tail.close()
  assert.equal(readTail(folder.path, EPOCH, store.isStored).table.size, 1)
  assert.equal(readTail(folder.path, 'fedcba9876543210' as Epoch, store.isStored).table.size, 0)
  folder.remove()
})

test('[LOG6] [LOG7] what comes to be stored while the segments are looked at leaves no gap in what is found', async () => {
  const folder = temporaryFolder()
  const store = createStore()
  store.hold()
  const add = createWriter()
  const tail = await openIn(folder.path, store)
  for (const body of ['a', 'b', 'c']) await tail.add([add('c1', [body])])
  const answers = [false, true, false] // LMDB took the first two when only the first had been looked for
  const { table } = readTail(folder.path, EPOCH, () => answers.shift() ?? false)
  assert.equal(table.get('demo/c1')?.first, 1)
  assert.equal(table.get('demo/c1')?.records.length, 3)
  store.goOn()
  await tail.close()
  folder.remove()
})
