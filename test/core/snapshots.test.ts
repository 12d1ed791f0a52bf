// Snapshots of the folds: fold(snapshot + tail) = fold(whole log), for dialogue and custody, and for every point that can be gone back to.
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import type { ConversationEvent, Logged } from '@parley/core/conversation/event.ts'
import { recallFrom } from '@parley/core/conversation/past.ts'
import { lengthen, packStretch, SNAPSHOT_VERSION, type Stretch, stretchSince, unpackStretch } from '@parley/core/conversation/stretch.ts'
import { createRandom } from '../random.ts'
import { askedOf } from './asked-of.ts'
import { ANNA, refOf } from './house.ts'
import { hashOf, nextAppend, nowhere } from './random-history.ts'

const HISTORIES = process.env.PARLEY_TEST_FULL ? 20_000 : 500
/** PARLEY_SEED tries one more. */
const SEEDS = [...Array.from({ length: HISTORIES }, (_, i) => i + 1), ...(process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : [])]

/** The server's own is tried with its keeper. */
const AS_IT_IS = { compress: (text: Uint8Array) => text, expand: (text: Uint8Array) => text }
/** As a driver gives it back. */
const stored = (stretch: Stretch): Stretch => unpackStretch(packStretch(stretch, AS_IT_IS), stretch, AS_IT_IS)

test(`[SNAP1] fold(snapshot + tail) = fold(whole log), with every version and every rollback, in ${SEEDS.length} random histories`, () => {
  let recalls = 0
  let rollbacksBeyond = 0
  for (const seed of SEEDS) {
    const next = createRandom(seed)
    const log: Logged[] = []
    let stretches: readonly Stretch[] = []
    let now: Conversation = { ...unwritten, position: nowhere }
    /** The last event that the conversation in hand has from a snapshot. */
    let recalledAt = 0
    const append = (events: readonly ConversationEvent[]): void => {
      for (const event of events) {
        if (event.type === 'rolled_back' && event.toSeq < recalledAt) rollbacksBeyond++
        const logged = { ...event, seq: now.seq + 1 }
        log.push(logged)
        now = fold(now, [logged], nowhere)
      }
    }
    append([{ type: 'opened', at: 0, customer: ANNA, locale: null }])
    const length = 10 + Math.floor(next() * 60)
    const refs = Array.from({ length: length + 1 }, (_, said) => [`m${said}`, `a${said}`]).flat()
    for (let said = 1; said <= length; said++) {
      append(nextAppend(now, next, said))
      const roll = next()
      if (roll < 0.15) {
        const last = stretches.at(-1)
        const added = stretchSince(last?.seq ?? 0, now)
        assert.ok(added, `seed ${seed}: what came after the last snapshot is in hand`)
        if (added.seq === last?.seq) continue
        stretches = last && next() < 0.6 ? [...stretches.slice(0, -1), stored(lengthen(last, added))] : [...stretches, stored(added)]
      } else if (roll < 0.25 && stretches.length > 0) {
        // Whoever comes now has nothing in memory, and goes on from there.
        const recalled = recallFrom(stretches)
        const cold = fold(recalled, log.slice(recalled.seq), nowhere)
        assert.equal(hashOf(recalled), hashOf(fold(unwritten, log.slice(0, recalled.seq), nowhere)), `seed ${seed}: the snapshot itself`)
        now = cold
        recalledAt = recalled.seq
        recalls++
      }
    }
    assert.deepEqual(askedOf(now, refs), askedOf(fold(unwritten, log, nowhere), refs), `seed ${seed}`)
  }
  assert.ok(recalls > HISTORIES && rollbacksBeyond > HISTORIES / 4, `${recalls} recalls, ${rollbacksBeyond} rollbacks to before one`)
})

test('[SNAP1] a conversation that was recalled from a later snapshot does not pass for one that has what came before it', () => {
  const log = [1, 2, 3, 4].map(
    (seq): Logged => ({ type: 'message', at: 1, ref: refOf(`m${seq}`), parts: [{ kind: 'text', text: 'x' }], seq }),
  )
  const whole = stretchSince(0, fold(unwritten, log.slice(0, 3), nowhere))
  assert.ok(whole)
  const recalled = fold(recallFrom([whole]), log.slice(3), nowhere)
  assert.equal(stretchSince(2, recalled), null)
  assert.equal(stretchSince(3, recalled)?.from, 3)
})

/** What each version of the folds makes of one history. Raise the version of what has changed, in core/conversation, and add its line. */
const FOLDED: Readonly<Record<string, string>> = {
  '2.4.6': '2878b0ebd6aa9b13229747bdf354e43f7b76064055f47689a20f177e1a62f78d',
  '2.4.7': 'cbd3213fe221c13bf6e0390a92fcea6e277583adb71f5a24b2646c7ec29dd711',
  '2.5.7': 'd0812d1e7b0f917b455ef1331395ba5ab87e0dc952b6fd7ed265c219a918ca71',
  '3.5.7': '7fed766d64ba645e0a69e8d684211d0ed94b486a8d32a79bf97961f80dbff7fe',
  '3.5.8': 'c12e7ac02b851a3df6e4e106c0eb51977dec799c557d7ae565d574b1a22093c5',
}

test('[SNAP2] a fold of another shape has another version, so that no snapshot of before is taken for one of now', () => {
  const next = createRandom(7)
  let now = fold(unwritten, [{ type: 'opened', at: 0, customer: ANNA, locale: null, seq: 1 }], nowhere)
  for (let said = 1; said <= 200; said++)
    for (const event of nextAppend(now, next, said)) now = fold(now, [{ ...event, seq: now.seq + 1 }], nowhere)
  const whole = stretchSince(0, now)
  assert.ok(whole)
  assert.equal(createHash('sha256').update(packStretch(whole, AS_IT_IS)).digest('hex'), FOLDED[SNAPSHOT_VERSION], SNAPSHOT_VERSION)
})
