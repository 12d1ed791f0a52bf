import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { featuresOf } from '@parley/models/features.ts'
import { readModelFile, sha256, writeModelFile } from '@parley/models/model-file.ts'
import { MOODS } from '@parley/models/mood-answer.ts'
import { logitsOf, quantise } from '@parley/models/network.ts'
import { networkGraph } from '@parley/models/onnx/network-graph.ts'
import { integer } from '@parley/models/onnx/protobuf.ts'
import { createRowTable, vectorise } from '@parley/models/rows.ts'
import { createSession } from '@parley/models/session.ts'
import { createRandom } from '../random.ts'

const SHIPPED = fileURLToPath(new URL('../../models/shipped', import.meta.url))
const temp = mkdtempSync(join(tmpdir(), 'parley-onnx-'))
after(() => rmSync(temp, { recursive: true, force: true }))

const TEXTS = ['螃蟹死了怎么赔', 'half the eggs arrived smashed', '', 'asdf', '我要退款 refund please 20251103887 !!!'.repeat(5)]

/** A model of random weights over the features of the texts, written and read back. */
function randomModel(seed: number, classes: readonly string[]) {
  const random = createRandom(seed)
  const hashes = Uint32Array.from(new Set(TEXTS.slice(0, 3).flatMap(text => [...featuresOf(text).keys()]))).sort()
  const hidden = 5
  const numbers = (length: number, most: number) => Float32Array.from({ length }, () => most * (2 * random() - 1))
  const columns = classes.length + hidden
  const weights = numbers(hashes.length * columns, 4)
  const model = quantise({ classes, hidden, weights, bias: numbers(columns, 0.5), output: numbers(hidden * classes.length, 1) })
  const per = { zh: 1, en: 1 }
  writeModelFile(temp, {
    name: 'random',
    classes: [...classes],
    temperature: per,
    training: { seed, data: '', examples: 0, folds: 0, accuracy: per, macroF1: per, logLoss: per, f1: {} },
    hashes,
    onnx: networkGraph('random', model),
  })
  return { model, weights, hashes, file: readModelFile(temp, 'random') }
}

for (const count of [2, 4, 16]) {
  test(`onnx: the graph of ${count} classes says what the plain sum says, alone and in a batch`, async () => {
    const { model, file, hashes } = randomModel(
      count,
      Array.from({ length: count }, (_, i) => `C${i}`),
    )
    assert.deepEqual(file.table.hashes, hashes)
    const session = await createSession(file)
    const vectors = TEXTS.map(text => vectorise(text, createRowTable(hashes)))
    const together = await session.run(vectors)
    assert.equal(together.length, TEXTS.length * count)
    for (const [i, vector] of vectors.entries()) {
      const expected = logitsOf(model, vector)
      const alone = await session.run([vector])
      for (const [c, logit] of expected.entries()) {
        assert.ok(Math.abs(alone[c]! - logit) < 1e-4, `${TEXTS[i]} ${c}: ${alone[c]} ${logit}`)
        assert.ok(Math.abs(together[i * count + c]! - logit) < 1e-4, `${TEXTS[i]} ${c} in the batch`)
      }
    }
  })
}

test('onnx: eight bits stay within half a step of the weights', () => {
  const { model, weights } = randomModel(3, ['A', 'B', 'C'])
  for (const [i, weight] of weights.entries()) {
    const scale = model.scales[i % model.scales.length]!
    assert.ok(Math.abs(model.weights[i]! * scale - weight) <= scale / 2 + 1e-6)
  }
})

test('protobuf: whole numbers are written in groups of seven bits', () => {
  assert.deepEqual([...integer(1, 0)], [8, 0])
  assert.deepEqual([...integer(1, 300)], [8, 0xac, 0x02])
  assert.deepEqual([...integer(14, 1)], [112, 1])
  assert.throws(() => integer(1, -1))
})

test('models: the shipped ones load, know the actions of the pack and are small', async () => {
  const intent = readModelFile(SHIPPED, 'intent')
  const sentiment = readModelFile(SHIPPED, 'sentiment')
  assert.ok(intent.metadata.classes.includes('COMPENSATE') && intent.metadata.classes.includes('OUT_OF_SCOPE'))
  assert.deepEqual(sentiment.metadata.classes, [...MOODS].sort())
  assert.deepEqual(Object.keys(sentiment.metadata.actionsByMood ?? {}), sentiment.metadata.classes)
  assert.ok(sentiment.metadata.urgency)
  // All of it is committed and grows with what was learned from: a byte a learned feature and class, ten a feature to look it up.
  const bytes = readdirSync(SHIPPED).reduce((sum, name) => sum + statSync(join(SHIPPED, name)).size, 0)
  assert.ok(bytes < 10_000_000, `${bytes} bytes`)
  const session = await createSession(intent)
  const logits = [...(await session.run([vectorise('螃蟹死了怎么赔', intent.table)]))]
  assert.equal(intent.metadata.classes[logits.indexOf(Math.max(...logits))], 'COMPENSATE')
})

function damaged(change: (metadata: Record<string, unknown>) => unknown): () => void {
  const { file } = randomModel(1, ['A', 'B'])
  writeFileSync(join(temp, 'random.json'), JSON.stringify(change({ ...file.metadata })))
  return () => void readModelFile(temp, 'random')
}

const refused = (reason: RegExp) => (error: unknown) => isFault(error, 'MODEL_INVALID') && reason.test(error.message)

test('models: one trained with other features is refused', () => {
  assert.throws(
    damaged(m => ({ ...m, features: 'subword-0-deadbeef' })),
    refused(/random\.json.*subword-0-deadbeef.*train it again/s),
  )
})

test('models: weights that are not those of the metadata are refused', () => {
  const { file } = randomModel(1, ['A', 'B'])
  const other = readFileSync(file.onnxFile)
  other[other.length - 1]! ^= 1
  writeFileSync(join(temp, 'random.onnx'), other)
  assert.throws(() => readModelFile(temp, 'random'), refused(/random\.onnx/))
})

test('models: a missing file, broken JSON and a wrong field are refused with what is wrong', () => {
  assert.throws(() => readModelFile(temp, 'nothing'), refused(/nothing\.json.*cannot be read/))
  assert.throws(
    damaged(({ classes: _, ...m }) => m),
    refused(/classes/),
  )
  randomModel(1, ['A', 'B'])
  writeFileSync(join(temp, 'random.json'), '{')
  assert.throws(() => readModelFile(temp, 'random'), refused(/not JSON/))
})

test('models: a graph that onnxruntime cannot read is refused', async () => {
  const { file } = randomModel(1, ['A', 'B'])
  writeFileSync(file.onnxFile, Uint8Array.of(1, 2, 3))
  await assert.rejects(createSession(file), refused(/onnxruntime refuses it/))
})

test('models: the version names both files', () => {
  const { file } = randomModel(1, ['A', 'B'])
  assert.equal(file.version, sha256(readFileSync(join(temp, 'random.json'))).slice(0, 12))
  assert.notEqual(file.version, randomModel(2, ['A', 'B']).file.version)
})
