import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { readExamples } from '@parley/models/train/examples.ts'
import { splitRows } from '@parley/models/train/split.ts'
import { PROJECT } from '@parley/server/project.ts'

const rows = readExamples(join(PROJECT.packs, 'retail', 'examples')).filter((_, i) => i % 5 === 0)

test('[TRAIN2] a locked part of about a seventh, no group on both sides of the lock or in two folds, classes spread evenly', () => {
  const split = splitRows(rows, 3)
  const { groups, train, folds, test: locked, aside } = split
  assert.deepEqual(split, splitRows(rows, 3))
  assert.notDeepEqual(locked, splitRows(rows, 4).test)
  assert.deepEqual(
    [...train, ...locked, ...aside].sort((a, b) => a - b),
    [...rows.keys()],
  )
  assert.ok(Math.abs((locked.length + aside.length) / rows.length - 0.15) < 0.03, `${locked.length} and ${aside.length} of ${rows.length}`)
  const learned = new Set(train.map(row => groups[row]))
  for (const row of locked) assert.ok(!learned.has(groups[row]!))
  for (const row of aside) assert.ok(learned.has(groups[row]!))
  const foldOf = new Map<number, number>()
  for (const [i, row] of train.entries()) {
    assert.equal(foldOf.get(groups[row]!) ?? folds[i], folds[i])
    foldOf.set(groups[row]!, folds[i]!)
  }
  for (const label of new Set(train.map(row => rows[row]!.label))) {
    const sizes = [0, 1, 2, 3, 4].map(fold => train.filter((row, i) => rows[row]!.label === label && folds[i] === fold).length)
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 5, `${label} ${sizes}`)
  }
})

test('[TRAIN2] data that is added moves nobody: what was tested on is never learned from, nor the other way round', () => {
  const before = splitRows(rows.slice(0, 900), 3)
  const after = splitRows(rows, 3)
  const learnedThen = new Set(before.train)
  const testedThen = new Set(before.test)
  assert.deepEqual(
    after.train.filter(row => testedThen.has(row)),
    [],
  )
  assert.deepEqual(
    after.test.filter(row => learnedThen.has(row)),
    [],
  )
  assert.deepEqual(
    after.train.filter(row => row < 900),
    before.train,
  )
})

test('[TRAIN2] a template with many fillings is learned from, whatever the lock draws of it', () => {
  const filled = Array.from({ length: 60 }, (_, i) => ({
    ...rows[0]!,
    text: `where is my parcel number ${1000 + i} please tell me`,
    language: 'en' as const,
  }))
  const { train, test: locked } = splitRows(filled, 1)
  assert.deepEqual(locked, [])
  assert.ok(train.length > 40)
})
