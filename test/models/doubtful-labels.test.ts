import assert from 'node:assert/strict'
import { test } from 'node:test'
import { withoutContradicted } from '@parley/models/train/doubtful-labels.ts'
import { createRandom } from '../random.ts'

const CLASSES = ['REFUND', 'TRACK', 'SIZE', 'HELLO']
const WORDS: Readonly<Record<string, readonly string[]>> = {
  REFUND: ['money', 'refund', 'back', 'return'],
  TRACK: ['parcel', 'where', 'courier', 'late'],
  SIZE: ['large', 'size', 'fit', 'small'],
  HELLO: ['hello', 'morning', 'hey', 'evening'],
}

/** Sentences of a class's own words and others; a part of the labels is another class's. */
function lessons(count: number, wrong: number) {
  const random = createRandom(7)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  return Array.from({ length: count }, () => {
    const truth = pick(CLASSES)
    const text = Array.from({ length: 5 }, (_, i) => (i < 3 ? pick(WORDS[truth]!) : pick(Object.values(WORDS).flat()))).join(' ')
    return { text, label: random() < wrong ? pick(CLASSES) : truth, weight: 1, truth }
  })
}

const wrongShare = (list: ReturnType<typeof lessons>): number => list.filter(({ label, truth }) => label !== truth).length / list.length

test('doubtful labels: of labels that are half wrong, the contradicted ones go, and always the same', () => {
  const given = lessons(800, 0.6)
  const kept = withoutContradicted(given, CLASSES, 1) as typeof given // it gives of what it was given
  assert.ok(wrongShare(given) > 0.4)
  assert.ok(wrongShare(kept) < wrongShare(given) / 2, `${wrongShare(kept)}`)
  assert.ok(kept.length > given.length / 2)
  assert.deepEqual(withoutContradicted(given, CLASSES, 1), kept)
})

test('doubtful labels: labels that are mostly agreed with all stay, and so do few ones', () => {
  const good = lessons(800, 0.05)
  assert.equal(withoutContradicted(good, CLASSES, 1), good)
  const few = lessons(100, 0.6)
  assert.equal(withoutContradicted(few, CLASSES, 1), few)
})
