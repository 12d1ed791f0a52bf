// What every driver of core/ports/snapshots.ts must do. A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { Snapshots, StoredStretch } from '@parley/core/ports/snapshots.ts'

const keyOf = (conversation: string, shop = 'demo'): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})
const stretch = (from: number, seq: number, text: string): StoredStretch => ({
  from,
  seq,
  fromHash: new Uint8Array(32).fill(from % 251),
  hash: new Uint8Array(32).fill(seq % 251),
  sealed: new TextEncoder().encode(text),
})
const plain = (found: readonly (StoredStretch | undefined)[]): unknown =>
  found.map(each => each && { ...each, fromHash: [...each.fromHash], hash: [...each.hash], sealed: [...each.sealed] })

export function snapshotsContract(name: string, open: () => Promise<{ readonly snapshots: Snapshots; readonly remove: () => void }>): void {
  const on = (title: string, run: (snapshots: Snapshots) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const { snapshots, remove } = await open()
      try {
        await run(snapshots)
      } finally {
        remove()
      }
    })
  }

  on('what is kept is given back as it was, in order of `from`, whatever order it came in', async snapshots => {
    const [first, second, third] = [stretch(0, 900, 'a'), stretch(900, 10_000, ''), stretch(10_000, 10_032, 'c'.repeat(1e6))]
    for (const each of [second, third, first]) await snapshots.put(keyOf('c1'), each)
    assert.deepEqual(plain(await snapshots.read(keyOf('c1'))), plain([first, second, third]))
    assert.deepEqual(plain([await snapshots.last(keyOf('c1'))]), plain([third]))
  })

  on('of a conversation that is not known there is nothing', async snapshots => {
    assert.deepEqual(await snapshots.read(keyOf('new')), [])
    assert.equal(await snapshots.last(keyOf('new')), undefined)
    await snapshots.forget(keyOf('new'))
  })

  on('one with the same `from` takes the place of the one before', async snapshots => {
    await snapshots.put(keyOf('c1'), stretch(0, 32, 'a longer one'))
    await snapshots.put(keyOf('c1'), stretch(0, 64, 'b'))
    assert.deepEqual(plain(await snapshots.read(keyOf('c1'))), plain([stretch(0, 64, 'b')]))
  })

  on('[SNAP4] what is forgotten is gone, and nothing else is', async snapshots => {
    const others = [keyOf('c'), keyOf('c1', 'other'), keyOf('c11')]
    for (const key of [keyOf('c1'), ...others]) for (const from of [0, 32]) await snapshots.put(key, stretch(from, from + 32, 'x'))
    await snapshots.forget(keyOf('c1'))
    assert.deepEqual(await snapshots.read(keyOf('c1')), [])
    for (const key of others) assert.equal((await snapshots.read(key)).length, 2)
    await snapshots.put(keyOf('c1'), stretch(0, 32, 'again'))
    assert.equal((await snapshots.read(keyOf('c1'))).length, 1)
  })
}
