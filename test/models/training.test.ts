import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { probabilitiesOf } from '@parley/models/probabilities.ts'
import { gibberish, withSlips } from '@parley/models/train/augment.ts'
import { fitTemperature, logLoss } from '@parley/models/train/calibrate.ts'
import { type Corpus, readCorpus } from '@parley/models/train/corpus.ts'
import { readExamples } from '@parley/models/train/examples.ts'
import { assignFolds, nearDuplicateGroups } from '@parley/models/train/folds.ts'
import { estimateActionsByMood } from '@parley/models/train/mood-table.ts'
import { answersOf } from '@parley/models/train/out-of-fold-answers.ts'
import { trainAndWrite } from '@parley/models/train/ship.ts'
import { createRandom } from '../random.ts'

const PACK = fileURLToPath(new URL('../../packs/retail', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'parley-training-'))
after(() => rmSync(temp, { recursive: true, force: true }))
const folder = (name: string): string => {
  mkdirSync(join(temp, name), { recursive: true })
  return join(temp, name)
}

/** Four actions and every twelfth sentence: enough to learn something, little enough to train twice. */
function smallCorpus(): Corpus {
  const { intents, moods, urgency, phrases } = readCorpus(PACK)
  const actions = ['COMPENSATE', 'TRACK_ORDER', 'THANKS', 'OUT_OF_SCOPE']
  const wanted = intents.filter(({ label }) => actions.includes(label))
  return {
    intents: wanted.filter((_, i) => i % 12 === 0),
    moods: moods.filter((_, i) => i % 12 === 0),
    urgency: urgency.filter((_, i) => i % 12 === 0),
    phrases: phrases.filter(({ label }) => actions.includes(label)),
  }
}

test('training: the same pack and seed give the same files, byte for byte; another seed others', () => {
  const corpus = smallCorpus()
  const files = ['intent.onnx', 'intent.json', 'sentiment.onnx', 'sentiment.json']
  const [a, b, c] = ['a', 'b', 'c'].map(folder)
  const { intent, outOfFold, sentiment } = trainAndWrite(corpus, a!, 1)
  trainAndWrite(corpus, b!, 1)
  trainAndWrite(corpus, c!, 2)
  for (const file of files) {
    assert.ok(readFileSync(join(a!, file)).equals(readFileSync(join(b!, file))), file)
    assert.ok(!readFileSync(join(a!, file)).equals(readFileSync(join(c!, file))), file)
  }
  // It has learned: four classes, far better than the largest one.
  assert.ok(intent.accuracy.zh > 0.7 && intent.accuracy.en > 0.7, JSON.stringify(intent.accuracy))

  const answers = answersOf(outOfFold, intent, sentiment)
  assert.deepEqual(
    answers.map(({ example }) => example),
    corpus.intents,
  )
  for (const { intent: said, sentiment: mood } of answers) {
    const sum = (values: Iterable<number>): number => [...values].reduce((x, y) => x + y, 0)
    assert.ok(Math.abs(sum(Object.values(said.probabilities)) - 1) < 1e-9)
    assert.ok(sum(said.votes.map(v => v.confidence)) <= 1 + 1e-9)
    assert.ok(sum(mood.votes.map(v => v.confidence)) <= 1 + 1e-9)
    assert.ok(mood.signals.mood! >= -1 && mood.signals.mood! <= 1)
  }
  // Out of fold: what was seen in training would be right nearly always.
  const right = answers.filter(({ example, intent: said }) => said.votes[0]?.action === example.label).length / answers.length
  assert.ok(right < 0.99, `${right}`)
})

test('folds: near-duplicates stand on one side, classes are spread evenly, the same seed gives the same folds', () => {
  const texts = ['螃蟹死了怎么赔', '螃蟹死了怎么赔啊', 'where is my order', 'where is my order?!', 'thank you', '退货']
  const groups = nearDuplicateGroups(texts)
  assert.equal(groups[0], groups[1])
  assert.equal(groups[2], groups[3])
  assert.equal(new Set(groups).size, 4)

  const { intents } = readCorpus(PACK)
  const many = intents.slice(0, 1_500)
  const manyGroups = nearDuplicateGroups(many.map(e => e.text))
  const labels = many.map(e => e.label)
  const folds = assignFolds(manyGroups, labels, 5, 3)
  assert.deepEqual(folds, assignFolds(manyGroups, labels, 5, 3))
  assert.notDeepEqual(folds, assignFolds(manyGroups, labels, 5, 4))
  const sideOf = new Map<number, number>()
  for (const [i, group] of manyGroups.entries()) {
    assert.equal(sideOf.get(group) ?? folds[i], folds[i])
    sideOf.set(group, folds[i]!)
  }
  for (const label of new Set(labels)) {
    const sizes = [0, 1, 2, 3, 4].map(fold => labels.filter((l, i) => l === label && folds[i] === fold).length)
    assert.ok(Math.max(...sizes) - Math.min(...sizes) <= 5, `${label} ${sizes}`)
  }
})

test('folds: near-duplicates are found as by comparing every two', () => {
  const { intents } = readCorpus(PACK)
  const texts = intents.filter((_, i) => i % 12 === 0).map(e => e.text)
  const pairsOf = (text: string): Set<string> => {
    const letters = `^${text.replace(/[^\p{L}\p{N}]+/gu, '') || text}$`
    return new Set(Array.from({ length: letters.length - 1 }, (_, i) => letters.slice(i, i + 2)))
  }
  const sets = texts.map(pairsOf)
  const slow = texts.map((_, i) => i)
  for (let i = 0; i < texts.length; i++)
    for (let j = 0; j < i; j++) {
      const common = [...sets[i]!].filter(pair => sets[j]!.has(pair)).length
      const [from, to] = [slow[i]!, slow[j]!]
      if (common >= 0.6 * (sets[i]!.size + sets[j]!.size - common) && from !== to)
        for (const [k, group] of slow.entries()) if (group === from) slow[k] = to
    }
  const first = (groups: ArrayLike<number>): readonly number[] => Array.from(groups, group => Array.prototype.indexOf.call(groups, group))
  assert.deepEqual(first(nearDuplicateGroups(texts)), first(slow))
  assert.ok(new Set(slow).size < texts.length)
})

test('calibration: finds the temperature that the logits were made with', () => {
  const random = createRandom(5)
  const rows = Array.from({ length: 4_000 }, () => {
    const logits = Float64Array.from({ length: 4 }, () => 6 * random() - 3)
    const p = probabilitiesOf(logits, 1)
    let [label, left] = [0, random()]
    while (label < 3 && left > p[label]!) left -= p[label++]!
    return { logits: logits.map(z => z * 2.5), label }
  })
  const temperature = fitTemperature(rows)
  assert.ok(Math.abs(temperature - 2.5) < 0.2, `${temperature}`)
  assert.ok(logLoss(rows, temperature) < logLoss(rows, 1))
  assert.equal(fitTemperature([]), 1)
})

test('mood table: rows sum to 1, what angry people ask for is lifted by anger, large classes are not', () => {
  const angry = { action: 'COMPLAINT', moods: [0.9, 0.1] }
  const calm = { action: 'TRACK_ORDER', moods: [0.1, 0.9] }
  const rows = [...Array.from({ length: 50 }, () => angry), ...Array.from({ length: 500 }, () => calm)]
  const table = estimateActionsByMood(rows, ['angry', 'neutral'], ['COMPLAINT', 'TRACK_ORDER'])
  for (const row of Object.values(table)) assert.ok(Math.abs(Object.values(row).reduce((a, b) => a + b) - 1) < 1e-4)
  assert.ok(table.angry!.COMPLAINT! > 0.7)
  assert.ok(table.neutral!.TRACK_ORDER! > 0.5 && table.neutral!.TRACK_ORDER! < 0.9)
})

test('augmentation: slips leave the text nearly the same; noise is normal text', () => {
  const random = createRandom(9)
  for (let i = 0; i < 200; i++) {
    assert.ok(Math.abs([...withSlips('where is my order', random)].length - 17) <= 2)
    for (const language of ['zh', 'en'] as const) {
      const noise = gibberish(language, random)
      assert.ok(noise.length >= 2 && normaliseText(noise).length > 0 && noise.isWellFormed())
    }
  }
  assert.equal(withSlips('好', random), '好')
})

function write(name: string, files: Readonly<Record<string, string>>): string {
  for (const locale of ['zh-CN', 'en']) mkdirSync(join(temp, name, locale), { recursive: true })
  for (const [file, text] of Object.entries(files)) writeFileSync(join(temp, name, file), text)
  return join(temp, name)
}

test('examples: comments and blank lines are skipped, repeats taken once, every sentence knows its line', () => {
  const examples = readExamples(write('good', { 'en/THANKS.txt': '# warm\n\nThank you\nthank  YOU\n', 'zh-CN/THANKS.txt': '謝謝\n' }))
  assert.deepEqual(
    examples.map(({ text, label, language, at }) => [text, label, language, at]),
    [
      ['谢谢', 'THANKS', 'zh', 'zh-CN/THANKS.txt:1'],
      ['thank you', 'THANKS', 'en', 'en/THANKS.txt:3'],
    ],
  )
})

test('examples: one sentence with two labels is refused, naming both places', () => {
  const both = write('bad', { 'en/THANKS.txt': 'cheers\n', 'en/GOODBYE.txt': 'Cheers\n' })
  assert.throws(
    () => readExamples(both),
    error => isFault(error, 'PACK_INVALID') && /en\/GOODBYE\.txt:1.*en\/THANKS\.txt:1/s.test(error.message),
  )
  assert.throws(
    () => readExamples(write('none', {})),
    error => isFault(error, 'PACK_INVALID'),
  )
})
