// Appends as one message of a replicated log.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import type { Addition } from '@parley/server/drivers/log-additions.ts'
import { decodeGroup, encodeGroup, sizeInGroup } from '@parley/server/drivers/log-group.ts'
import { draftRecord, placeRecord } from '@parley/server/drivers/log-records.ts'
import { createRandom } from '../random.ts'

function additionsOf(seed: number): Addition[] {
  const random = createRandom(seed)
  const below = (n: number): number => Math.floor(random() * n)
  return Array.from({ length: 1 + below(4) }, (_, i) => {
    let end = { seq: below(1e6), hash: new Uint8Array(32).fill(below(256)) as Uint8Array }
    const first = end.seq + 1
    const records = Array.from({ length: 1 + below(3) }, () => {
      const draft = draftRecord({ v: 1, type: 'message', at: below(1e12), body: Buffer.alloc(below(40), 'x') })
      end = placeRecord(draft, end)
      return draft.bytes
    })
    const key = { shop: asShopId('s'.repeat(1 + below(9))), conversation: asConversationId(`c${i}`) }
    const marks = { isUnsettled: random() < 0.5, isWithPeople: random() < 0.5, isOutgoing: random() < 0.5 }
    return { key, first, records, end: { ...end, ...marks } }
  })
}
const plain = (additions: readonly Addition[] | undefined) =>
  additions?.map(({ key, first, records, end }) => ({
    key,
    first,
    records: records.map(r => r.toString('hex')),
    end: { ...end, hash: Buffer.from(end.hash) },
  }))

test('[LOG15] a group is read as it was written', () => {
  for (let seed = 1; seed <= 50; seed++) {
    const additions = additionsOf(seed)
    const bytes = encodeGroup({ after: seed, additions })
    assert.equal(
      bytes.length,
      additions.reduce((sum, each) => sum + sizeInGroup(each), 16),
      `seed ${seed}`,
    )
    assert.equal(decodeGroup(bytes)?.after, seed)
    assert.deepEqual(plain(decodeGroup(bytes)?.additions), plain(additions), `seed ${seed}`)
  }
})

test('[LOG15] a damaged group says whose its additions are, or nothing', () => {
  for (let seed = 1; seed <= 5; seed++) {
    const additions = additionsOf(seed)
    const bytes = encodeGroup({ after: seed, additions })
    const heads = (given: readonly Addition[]) =>
      given.map(({ key, first, records }) => ({ key, first, lengths: records.map(({ length }) => length) }))
    const whole = bytes.length - additions.flatMap(({ records }) => records).reduce((sum, { length }) => sum + length, 0)
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const changed = Buffer.from(bytes)
      changed[bit >> 3]! ^= 1 << (bit & 7)
      const read = decodeGroup(changed)?.additions
      const where = `seed ${seed}, bit ${bit}`
      if (bit >> 3 < whole) assert.equal(read, undefined, where)
      else assert.deepEqual(read && heads(read), heads(additions), where)
    }
    for (let length = 0; length < bytes.length; length++)
      assert.equal(decodeGroup(bytes.subarray(0, length)), undefined, `seed ${seed}, ${length} bytes`)
  }
})
