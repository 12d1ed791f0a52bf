// What bench:ensembles works its figures out with.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { areaUnder } from '../../bench/area.ts'
import { foldsOf } from '../../bench/ensembles/folds.ts'
import { fuseSignals, type SignalledTurn } from '../../bench/ensembles/fuse-signals.ts'
import { fitSoftmax, softmax } from '../../bench/ensembles/softmax-regression.ts'
import { likeness, ngramsOf } from '../../bench/ensembles/texts.ts'
import { createRandom } from '../random.ts'

test('the area under the curve counts pairs in the right order, ties as half, and rows as often as they are drawn', () => {
  const area = areaUnder([1, 2, 2, 3], [false, false, true, true])
  assert.equal(area([1, 1, 1, 1]), 3.5 / 4)
  assert.equal(area([0, 1, 1, 0]), 0.5)
  assert.equal(area([2, 0, 1, 1]), 1)
})

test('a softmax regression finds the class of rows that a line parts, and the shares of rows that it cannot part', () => {
  const row = (...values: number[]) => ({ places: values.map((_, i) => i), values })
  const rows = [row(1, 0, 0), row(0, 1, 0), row(0, 0, 1)]
  const scores = fitSoftmax(rows, [0, 1, 2], { width: 3, classes: 3, pull: 1e-4, rounds: 300 })
  for (const [right, each] of rows.entries()) assert.ok(softmax(scores(each))[right]! > 0.9)
  const alike = fitSoftmax([row(1), row(1), row(1), row(1)], [0, 0, 0, 1], { width: 1, classes: 2, pull: 1e-4, rounds: 300 })
  assert.ok(Math.abs(softmax(alike(row(1)))[0]! - 0.75) < 0.01)
})

test('n-grams of fewer than three texts are left out, and a row is as long as any other', () => {
  const ngrams = ngramsOf(
    [
      ['a', 'b'],
      ['a', 'b'],
      ['a', 'b', 'c'],
    ],
    2,
  )
  assert.equal(ngrams.width, 3) // a, b, a b
  const { places, values } = ngrams.rowOf(['a', 'b', 'c'])
  assert.equal(places.length, 3)
  assert.ok(Math.abs(Array.from(values).reduce((sum, value) => sum + value * value, 0) - 1) < 1e-12)
  assert.equal(likeness(['a', 'b', 'c'], ['a', 'b', 'd']), 1 / 3)
})

test('a conversation is in one fold, wherever it stands and whoever else is there', () => {
  const [first, second] = [foldsOf(['x', 'y', 'x'], 5), foldsOf(['z', 'x'], 5)]
  assert.equal(first[0], first[2])
  assert.equal(second[1], first[0])
})

test('fused signals are better than the best of them where two tell different things, and are not where one tells all', () => {
  const random = createRandom(7)
  const nothing = { places: [], values: [] }
  const turnsOf = (isSo: (a: number, b: number) => boolean): readonly SignalledTurn[] =>
    Array.from({ length: 600 }, (_, i) => {
      const [a, b] = [random() - 0.5, random() - 0.5]
      return { dialogue: `${i % 150}`, isSo: isSo(a, b), words: nothing, before: [], signals: { a, b } }
    })
  const both = fuseSignals({ width: 1, turns: turnsOf((a, b) => a + b > 0) }, 1)
  assert.ok(both.difference.isShown && both.difference.value! > 0.05, JSON.stringify(both.difference))
  const one = fuseSignals({ width: 1, turns: turnsOf(a => a > 0) }, 1)
  assert.deepEqual(one.best, ['a'])
  assert.ok(!one.difference.isShown || Math.abs(one.difference.value!) < 0.01, JSON.stringify(one.difference))
})
