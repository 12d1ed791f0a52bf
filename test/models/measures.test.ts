import assert from 'node:assert/strict'
import { test } from 'node:test'
import { featuresOf } from '@parley/models/features.ts'
import { distanceOf, isRejected, surenessOf, withRejection } from '@parley/models/rejection.ts'
import { createRowTable, vectorise } from '@parley/models/rows.ts'
import { fitRejection, measureRejection } from '@parley/models/train/fit-rejection.ts'
import { bootstrap, meanDifference, shareOf } from '@parley/models/train/intervals.ts'
import { calibratedAcross, type Scored, scoresOf } from '@parley/models/train/scores.ts'
import { createRandom } from '../random.ts'

test('[TRAIN3] intervals hold the true value about as often as they say', () => {
  const random = createRandom(11)
  for (const truth of [0.02, 0.5, 0.97]) {
    let held = 0
    for (let sample = 0; sample < 400; sample++) {
      const hits = Array.from({ length: 150 }, () => random() < truth).filter(Boolean).length
      const { low, high } = shareOf(hits, 150)
      if (low <= truth && truth <= high) held++
    }
    assert.ok(held / 400 > 0.9, `${truth}: ${held}`)
  }
  assert.deepEqual(shareOf(0, 0), { value: 0, low: 0, high: 1 })
})

test('[TRAIN3] the bootstrap draws groups: a hundred copies of one sentence make nothing surer', () => {
  const values = Array.from({ length: 60 }, (_, i) => (i % 2 === 0 ? 1 : 0))
  const mean = (times: Uint16Array, of: readonly number[]): number => {
    let [sum, count] = [0, 0]
    for (const [i, value] of of.entries()) {
      sum += value * times[i]!
      count += times[i]!
    }
    return sum / Math.max(1, count)
  }
  const alone = bootstrap(
    Int32Array.from(values, (_, i) => i),
    times => mean(times, values),
    1,
  )
  const copied = values.flatMap(value => Array.from({ length: 10 }, () => value))
  const together = bootstrap(
    Int32Array.from(copied, (_, i) => Math.floor(i / 10)),
    times => mean(times, copied),
    1,
  )
  assert.equal(alone.value, 0.5)
  assert.ok(Math.abs(alone.high - alone.low - (together.high - together.low)) < 0.05, JSON.stringify([alone, together]))
  assert.ok(alone.low > 0.3 && alone.high < 0.7)
})

test('[TRAIN3] a paired difference comes with its error', () => {
  const { mean, error } = meanDifference([2, 3, 4, 5], [1, 2, 3, 4])
  assert.deepEqual([mean, error], [1, 0])
})

test('[TRAIN3] scores: accuracy, F1 over the classes that occur, and how far confidence is from being right', () => {
  const row = (label: number, ...p: readonly number[]): Scored => ({
    label,
    language: 'zh',
    group: label * 100 + p.length,
    probabilities: Float64Array.from(p),
    distance: 0,
  })
  const { all, en } = scoresOf([row(0, 0.9, 0.1, 0), row(0, 0.4, 0.6, 0), row(1, 0.2, 0.8, 0), row(-1, 1, 0, 0)], 3, 1)
  assert.equal(all.accuracy.value, 0.5)
  assert.equal(all.macroF1.value, 0.5833) // class 0: 2·1/(2+2), class 1: 2·1/(1+2); class 2 does not occur
  assert.ok(all.calibrationError > 0.2)
  assert.equal(en.rows, 0)
})

test('[TRAIN3] a fold is calibrated by the others alone', () => {
  // Fold 1 is far too sure, fold 0 is not: each must be treated as the other deserves.
  const rows = [0, 1].flatMap(fold =>
    Array.from({ length: 200 }, (_, i) => ({
      logits: Float64Array.of(fold === 0 ? 1 : 8, 0),
      label: i % 4 === 0 ? 1 : 0,
      language: 'zh' as const,
      fold,
    })),
  )
  const probabilities = calibratedAcross(rows, 2)
  assert.ok(probabilities[0]![0]! < 0.6 && probabilities[399]![0]! > 0.99, `${probabilities[0]} ${probabilities[399]}`)
})

test('[TRAIN4] the distance of a text is the share of it that was never learned', () => {
  const table = createRowTable(Uint32Array.from(featuresOf('螃蟹死了怎么赔').keys()).sort())
  const distance = (text: string): number => distanceOf(vectorise(text, table))
  assert.ok(distance('螃蟹死了怎么赔') < 1e-6)
  assert.ok(distance('螃蟹死了怎么赔啊') > 0 && distance('螃蟹死了怎么赔啊') < 0.5)
  assert.ok(distance('purple monkey dishwasher') > 0.9)
})

test('[TRAIN4] what is turned down counts as out of scope as surely as such texts have been, and everything still sums to one', () => {
  const limits = { confidence: 0.4, softness: 1, distance: 0.7, outOfScope: 0.8 }
  const sure = Float64Array.of(0.6, 0.3, 0.1)
  assert.equal(withRejection(sure, 2, 0.1, limits), sure)
  const far = withRejection(sure, 2, 0.9, limits)
  assert.ok(Math.abs(far[2]! - 0.8) < 1e-12 && Math.abs(far[0]! / far[1]! - 2) < 1e-9)
  assert.ok(Math.abs(far.reduce((a, b) => a + b) - 1) < 1e-12)
  assert.ok(isRejected(Float64Array.of(0.39, 0.31, 0.3), 2, 0, limits))
  // It is surer than that already; a model without such a class, or without limits, turns nothing down.
  const out = Float64Array.of(0.05, 0.05, 0.9)
  assert.equal(withRejection(out, 2, 0, limits), out)
  assert.equal(withRejection(sure, -1, 1, limits), sure)
  assert.equal(withRejection(sure, 2, 1, undefined), sure)
})

test('[TRAIN4] two close classes are no reason to turn a text down once probabilities are evened out; no class that stands out is one', () => {
  const close = Float64Array.from({ length: 100 }, (_, c) => (c < 2 ? 0.49 : 0.02 / 98))
  const flat = Float64Array.from({ length: 100 }, (_, c) => (c === 0 ? 0.5 : 0.5 / 99))
  assert.ok(surenessOf(close, -1, 1) < surenessOf(flat, -1, 1))
  assert.ok(surenessOf(close, -1, 4) > surenessOf(flat, -1, 4))
  assert.equal(surenessOf(Float64Array.of(0.25, 0.75), 1, 1), 0.25)
})

test('[TRAIN4] recall out of scope at a fixed loss of accuracy in scope, by confidence and by distance', () => {
  const random = createRandom(3)
  const scored = (isOut: boolean): Scored => {
    // Half of what is out of scope is told by its distance alone, the other half by its low confidence alone.
    const isFar = isOut && random() < 0.5
    const top = isOut && !isFar ? 0.3 + 0.2 * random() : 0.6 + 0.4 * random()
    return {
      label: isOut ? 2 : 0,
      language: 'zh',
      group: 0,
      probabilities: Float64Array.of(top, (1 - top) * 0.6, (1 - top) * 0.4),
      distance: isFar ? 0.8 + 0.2 * random() : 0.6 * random(),
    }
  }
  const rows = Array.from({ length: 1_000 }, (_, i) => scored(i % 5 === 0))
  const report = fitRejection(rows, 2)
  assert.equal(report.byClass.outOfScopeRecall.value, 0)
  assert.deepEqual(report.rows, { inScope: 800, outOfScope: 200 })
  for (const { loss, inScopeAccuracy } of report.points) assert.ok(inScopeAccuracy.value >= 1 - loss - 1e-9, `${loss}`)
  const [strict, , chosen] = report.points
  assert.ok(chosen!.outOfScopeRecall.value > 0.9 && chosen!.outOfScopeRecall.value >= strict!.outOfScopeRecall.value)
  assert.ok(report.chosen!.outOfScope > 0.9)
  const others = measureRejection(
    Array.from({ length: 500 }, (_, i) => scored(i % 5 === 0)),
    2,
    report.chosen!,
  )
  assert.ok(others.outOfScopeRecall.value > 0.85 && others.inScopeAccuracy.value > 0.97)
  const without = fitRejection(
    rows.filter(({ label }) => label !== 2),
    2,
  )
  assert.equal(without.chosen, undefined)
})
