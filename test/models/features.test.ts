import assert from 'node:assert/strict'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { FEATURES_ID, featuresOf } from '@parley/models/features.ts'
import { readModelFile } from '@parley/models/model-file.ts'
import { createRowTable, vectorise } from '@parley/models/rows.ts'
import { fit } from '@parley/models/train/fit.ts'

const SHIPPED = fileURLToPath(new URL('../../models/shipped', import.meta.url))

const same = (a: string, b: string): boolean => {
  const [x, y] = [featuresOf(a), featuresOf(b)]
  return x.size === y.size && [...x].every(([hash, count]) => y.get(hash) === count)
}
const shared = (a: string, b: string): number => [...featuresOf(a).keys()].filter(hash => featuresOf(b).has(hash)).length

test('features: two order numbers look alike, an order number and a count do not', () => {
  assert.ok(same('order 20251103887', 'order 99887766'))
  assert.ok(!same('order 20251103887', 'order 3'))
})

test('features: a word with a typing error shares parts with the right one', () => {
  assert.ok(shared('delivery', 'delivry') >= 4)
  assert.ok(shared('delivery', 'mango') <= 1) // the length
})

test('features: Chinese needs no blanks', () => {
  assert.ok(shared('我的螃蟹死了', '螃蟹死了怎么赔') >= 9)
})

test('features: a character and a word, a mark and a run of it are told apart', () => {
  assert.ok(!same('a', 'b'))
  assert.ok(!same('!', '!!!'))
  assert.ok(same('!!!', '!!!!!!'))
  assert.ok(!same('😡', '😀'))
})

test('features: the order of words counts', () => {
  assert.ok(!same('dead crab', 'crab dead'))
})

test('features: a text of any length takes bounded work', () => {
  assert.ok(featuresOf('螃蟹死了怎么赔'.repeat(10_000)).size < 5_000)
  assert.ok(same('ab '.repeat(500), 'ab '.repeat(50_000)))
})

test('features: the empty text has its length alone', () => {
  assert.equal(featuresOf('').size, 1)
})

test('features: what they are called changes with what they do', () => {
  // Whoever changes featuresOf trains the models again and puts the new name here.
  assert.equal(FEATURES_ID, readModelFile(SHIPPED, 'intent').metadata.features)
  assert.equal(FEATURES_ID, readModelFile(SHIPPED, 'sentiment').metadata.features)
})

const TEXTS = ['螃蟹死了怎么赔', 'where is my order 20251103887??', 'i want 退款 😡', 'zzqx', '']

test('[PIPE] training and the live path make the same bytes of a text', () => {
  const lessons = TEXTS.flatMap(text => [text, `${text} 请 please`]).map((text, i) => ({ text, label: i % 2 ? 'A' : 'B', weight: 1 }))
  const { table } = fit(lessons, ['A', 'B'], 1)
  // The live path knows the table from the model's file alone, where it stands as base64.
  const stored = Buffer.from(Buffer.from(table.hashes.buffer).toString('base64'), 'base64')
  const live = createRowTable(new Uint32Array(stored.buffer.slice(stored.byteOffset, stored.byteOffset + stored.byteLength)))
  assert.ok(live.hashes.length > 0)
  for (const { text } of lessons) {
    const [trained, served] = [vectorise(text, table), vectorise(text, live)]
    assert.deepEqual(Buffer.from(served.ids.buffer), Buffer.from(trained.ids.buffer))
    assert.deepEqual(Buffer.from(served.values.buffer), Buffer.from(trained.values.buffer))
  }
})

test('rows: known and unknown features together have the length 1', () => {
  const all = createRowTable(Uint32Array.from(featuresOf('where is my order').keys()).sort())
  const length = ({ values }: { values: Float32Array }): number => Math.hypot(...values)
  assert.ok(Math.abs(length(vectorise('where is my order', all)) - 1) < 1e-6)
  assert.ok(length(vectorise('where is my order zzqx blorp', all)) < 0.95)
  assert.equal(vectorise('蟹', createRowTable(new Uint32Array())).ids.length, 0)
})
