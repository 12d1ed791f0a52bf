import assert from 'node:assert/strict'
import { test } from 'node:test'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { AUGMENTATIONS, rewrite } from '@parley/models/train/augmentations.ts'
import { lessonsOf } from '@parley/models/train/data-lessons.ts'
import { HOMOPHONES } from '@parley/models/train/homophones.ts'
import { reportOf, type Trial } from '@parley/models/train/trials.ts'
import { createRandom } from '../random.ts'
import { fewRows } from './labelled.ts'

const random = createRandom(8)

test('[TRAIN6] what augmentation makes is text that a voter could be asked about, in either language', () => {
  for (let i = 0; i < 50; i++)
    for (const augmentation of AUGMENTATIONS)
      for (const [text, language] of [
        ['我的螃蟹死了怎么赔', 'zh'],
        ['where is my order please', 'en'],
        ['好', 'zh'],
        ['ok', 'en'],
      ] as const) {
        const made = rewrite(augmentation, text, language, random)
        assert.equal(made, normaliseText(made), `${augmentation} of ${text}`)
        assert.ok(made.length > 0)
      }
})

test('[TRAIN6] a pinyin slip puts a character that sounds alike, and is none in English', () => {
  const made = Array.from({ length: 40 }, () => rewrite('pinyin', '我要退货', 'zh', random))
  for (const text of made) {
    assert.equal(text.length, 4)
    for (const [i, character] of [...text].entries())
      assert.ok(character === '我要退货'[i] || HOMOPHONES.get('我要退货'[i]!)!.includes(character), text)
  }
  assert.ok(new Set(made).size > 3)
  assert.equal(rewrite('pinyin', 'where is my order', 'en', random), 'where is my order')
})

test('[TRAIN6] a word is dropped where enough are left, emoji and numbers are added, the words stay', () => {
  const words = 'where is my order please'.split(' ')
  const dropped = rewrite('word-drop', words.join(' '), 'en', random).split(' ')
  assert.equal(dropped.length, 4)
  assert.ok(dropped.every(word => words.includes(word)))
  assert.equal(rewrite('word-drop', 'my order', 'en', random), 'my order')
  assert.ok(rewrite('emoji', 'my order', 'en', random).includes('my order'))
  assert.match(rewrite('order-numbers', '我的快递', 'zh', random), /\d{6}/)
})

test('[TRAIN6] each sentence is rewritten once, in a way that fits its language, whatever the number of ways', () => {
  const rows = fewRows(20)
  const task = { kind: 'sentiment', seed: 1 } as const
  const plain = lessonsOf(task, rows, [], [])
  assert.equal(plain.length, rows.length)
  const all = lessonsOf(task, rows, [], AUGMENTATIONS)
  assert.ok(all.length > 1.6 * rows.length && all.length <= 2 * rows.length, `${all.length}`)
  assert.deepEqual(all.slice(0, rows.length), plain)
  assert.ok(all.slice(rows.length).every(({ weight }) => weight === 0.5))
  assert.equal(
    lessonsOf(
      task,
      rows.filter(({ language }) => language === 'en'),
      [],
      ['pinyin'],
    ).length,
    rows.filter(({ language }) => language === 'en').length,
  )
})

test('[TRAIN6] what pays wins on sentences with its slips beyond chance and loses nothing on the others', () => {
  const part = (clean: number, rewritten: number): Trial => {
    const jitter = createRandom(4)
    const losses = (mean: number) => ({ losses: Array.from({ length: 200 }, () => mean + 0.01 * jitter()), hits: 150 })
    return { clean: losses(clean), rewritten: { typos: losses(rewritten) } }
  }
  const pays = (without: Trial, taught: Trial): boolean => reportOf('typos', without, taught).pays
  assert.equal(pays(part(0.5, 0.9), part(0.5, 0.7)), true)
  assert.equal(pays(part(0.5, 0.9), part(0.5, 0.9)), false)
  assert.equal(pays(part(0.5, 0.9), part(0.6, 0.7)), false)
})
