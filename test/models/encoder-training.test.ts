// A head over a sentence encoder: learned, broken off and gone on with, written, and run as the voters run it.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { openEncoder } from '@parley/models/encoder/encode.ts'
import { type KeptEncoder, keepEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { cacheVectors } from '@parley/models/encoder/vector-cache.ts'
import { distanceFrom, seenIn, viewOf } from '@parley/models/encoder/view.ts'
import { intentVotes } from '@parley/models/intent-votes.ts'
import { readModelFile, sha256, writeModelFile } from '@parley/models/model-file.ts'
import { probabilitiesOf } from '@parley/models/probabilities.ts'
import { OUT_OF_SCOPE, withRejection } from '@parley/models/rejection.ts'
import { sightOf } from '@parley/models/sight.ts'
import { cardPage } from '@parley/models/train/card.ts'
import { learn } from '@parley/models/train/learn.ts'
import { runTraining, type Trained } from '@parley/models/train/run.ts'
import { stagesOf } from '@parley/models/train/steps.ts'
import { nameOf, type Task } from '@parley/models/train/task.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'
import { fewRows, smallTask } from './labelled.ts'
import { writeSmallEncoder } from './small-encoder.ts'

const temp = temporaryFolder()
after(temp.remove)
const store = join(temp.path, 'models')

async function smallEncoder(): Promise<KeptEncoder> {
  const folder = join(temp.path, 'export')
  mkdirSync(folder, { recursive: true })
  writeSmallEncoder(folder)
  return keepEncoder(join(store, 'encoders'), folder, { name: 'small' }, { onnx: 'onnx/model_quantized.onnx' })
}

const taskOn = ({ hash }: KeptEncoder, isBlended: boolean): Task => ({
  ...smallTask(16),
  encoder: { name: 'small', hash, size: 32, isBlended },
})

const identityOf = ({ metadata, figures, model }: Trained): string => JSON.stringify([metadata, figures, sha256(model.onnx)])

test('[TRAIN5] [ENC2] a training on an encoder that is broken off gives the same model, bit for bit, with what was encoded before and without', async () => {
  const kept = await smallEncoder()
  const task = taskOn(kept, false)
  const run = (name: string, vectors: string, threads: number, stopAfter = Number.POSITIVE_INFINITY): Promise<Trained> => {
    const stop = new AbortController()
    let ended = 0
    return runTraining({
      task,
      folder: join(temp.path, name),
      encoder: { folder: kept.folder, vectors: join(temp.path, vectors) },
      threads,
      signal: stop.signal,
      onProgress: () => ++ended === stopAfter && stop.abort(new Error('enough')),
    })
  }
  for (const name of ['whole', 'broken']) mkdirSync(join(temp.path, name))
  const first = await run('whole', 'vectors', 1)
  await assert.rejects(run('broken', 'other-vectors', 2, 3), /enough/)
  await assert.rejects(run('broken', 'other-vectors', 2, 16), /enough/)
  const second = await run('broken', 'other-vectors', 2)
  assert.ok(second.resumed >= 19 && second.resumed < stagesOf(task).flat().length, `${second.resumed}`)
  assert.equal(identityOf(second), identityOf(first))
  const packs = readdirSync(join(temp.path, 'vectors')).length
  mkdirSync(join(temp.path, 'again'))
  assert.equal(identityOf(await run('again', 'vectors', 2)), identityOf(first))
  assert.equal(readdirSync(join(temp.path, 'vectors')).length, packs, 'nothing was encoded twice')

  // Random weights say little, but they are no coin: four classes, of which the largest has some 40 %.
  const { figures, metadata } = first
  assert.ok(figures.crossValidation.all.accuracy.value > 0.55, JSON.stringify(figures.crossValidation.all))
  assert.deepEqual([figures.method, figures.encoder?.hash, metadata.encoder?.hash], ['encoder', kept.hash, kept.hash])
  assert.equal(first.model.hashes.length, 0)
  const card = {
    ...figures,
    format: 1,
    version: sha256('x'),
    trainedAt: '2026-01-01T00:00:00.000Z',
    source: { file: 'data.jsonl', linesLeftOut: 0 },
    cost: { seconds: 1, stepsDoneBefore: 0, threads: 1, peakMemoryMb: 1, bytes: 1, node: '24', machine: 'a test' },
  } as const
  assert.match(cardPage(card), new RegExp(`Method encoder, encoder small \\(${kept.hash}\\)`))
  assert.doesNotMatch(cardPage(card), /undefined|NaN/)
})

test('[TRAIN5] the encoder and the blend are in the name of a training', async () => {
  const kept = await smallEncoder()
  const names = [smallTask(16), taskOn(kept, false), taskOn(kept, true), taskOn({ ...kept, hash: sha256('other') }, true)].map(nameOf)
  assert.equal(new Set(names).size, 4)
})

for (const isBlended of [false, true])
  test(`[MODEL4] [ENC2] what was learned is what the voters' thread says, ${isBlended ? 'blended' : 'of the encoder alone'}, one by one and together`, async () => {
    // A thread has the models of its first job for life: each of these is one of its own.
    const { default: vote }: typeof import('@parley/models/voter-worker.ts') = await import(`@parley/models/voter-worker.ts?${isBlended}`)
    const kept = await smallEncoder()
    const encoder = await openEncoder(kept)
    const rows = fewRows(12)
    const classes = [...new Set(rows.map(({ label }) => label))].sort()
    const learned = await learn(rows, classes, 1, { encode: encoder.encode, isBlended })
    assert.equal(learned.hashes.length > 0, isBlended)
    const folder = join(store, 'intent', sha256(`${isBlended}`))
    mkdirSync(folder, { recursive: true })
    const per = { zh: 1.3, en: 0.9 }
    const rejection = { confidence: 0.4, softness: 4, distance: 0.45, outOfScope: 0.8 }
    const { centre, stretch, classes: directions } = learned.view! // with an encoder there is one
    const base64 = (values: Float32Array): string => Buffer.from(values.buffer).toString('base64')
    writeModelFile(folder, {
      name: 'intent',
      classes: [...classes],
      temperature: per,
      rejection,
      encoder: { name: 'small', hash: kept.hash, centre: base64(centre), stretch: base64(stretch), classes: base64(directions) },
      training: { seed: 1, data: '', examples: 0, folds: 0, accuracy: per, macroF1: per, logLoss: per, f1: {} },
      hashes: learned.hashes,
      onnx: learned.graph('intent'),
    })
    const turns = ['螃蟹死了怎么赔', 'where is my parcel', '', 'zzz qqq', '谢谢啊'].map(text => ({
      text,
      language: /[a-z]/.test(text) ? ('en' as const) : ('zh' as const),
    }))
    const folders = { intent: folder, sentiment: PROJECT.models }
    const together = await vote({ folders, turns })
    for (const [i, turn] of turns.entries()) {
      const [alone] = await vote({ folders, turns: [turn] })
      const { logits, distance } = await learned.judge(turn.text)
      const expected = intentVotes(
        classes,
        withRejection(probabilitiesOf(logits, per[turn.language]), classes.indexOf(OUT_OF_SCOPE), distance, rejection),
      )
      assert.deepEqual(
        alone!.intent.map(({ action }) => action),
        expected.map(({ action }) => action),
      )
      for (const [at, { confidence }] of expected.entries()) {
        assert.ok(Math.abs(alone!.intent[at]!.confidence - confidence) < 1e-4)
        assert.ok(Math.abs(alone!.intent[at]!.confidence - together[i]!.intent[at]!.confidence) < 1e-6) // the head adds up single floats, in batches
      }
    }
    await encoder.close()
  })

test('[MODEL1] a model whose view does not fit together is refused', async () => {
  const folder = join(store, 'intent', sha256('true'))
  const file = join(folder, 'intent.json')
  const metadata = JSON.parse(readFileSync(file, 'utf8'))
  const views = [{ stretch: '' }, { classes: Buffer.alloc(4).toString('base64') }, { centre: '' }]
  for (const change of views) {
    writeFileSync(file, JSON.stringify({ ...metadata, encoder: { ...metadata.encoder, ...change } }))
    assert.throws(
      () => readModelFile(folder, 'intent'),
      error => isFault(error, 'MODEL_INVALID') && /do not fit together/.test(error.message),
    )
  }
})

test('[ENC2] a view levels what an encoder crowds together, and tells near from far', async () => {
  const random = createRandom(3)
  const near = (from: readonly number[]): Float32Array => Float32Array.from(from, value => value + 0.02 * (random() - 0.5))
  const [a, b] = [
    [0.7, 0.7, 0.1, 5],
    [0.7, 0.6, 0.2, 5],
  ]
  const vectors = Array.from({ length: 40 }, (_, i) => near(i % 2 === 0 ? a! : b!))
  for (const vector of vectors) vector[3] = 5 // never moves
  const view = viewOf(
    vectors,
    vectors.map((_, i) => i % 2),
    2,
  )
  const seen = vectors.map(vector => seenIn(vector, view))
  const mean = seen.reduce((sum, numbers) => sum + numbers.reduce((s, value) => s + value * value, 0), 0) / seen.length
  assert.ok(Math.abs(mean - 0.75) < 0.01, `${mean}`) // three of four numbers say something
  assert.ok(seen.every(numbers => numbers[3] === 0))
  const nearest = Math.max(...seen.map(numbers => distanceFrom(numbers, view)))
  const far = distanceFrom(Float32Array.of(0, 0.5, 0.5, 0), view)
  assert.ok(nearest < 0.25 && far > nearest, `${nearest} ${far}`)
  assert.equal(distanceFrom(new Float32Array(4), view), 0.5)
})

test('[ENC2] vectors that were kept are the same to the bit, shared between threads, and a damaged pack is none', async () => {
  const folder = join(temp.path, 'cache')
  let asked = 0
  const encode = async (text: string): Promise<Float32Array> => {
    asked++
    return Float32Array.of(text.length, Math.fround(1 / 3), -0)
  }
  const [one, other] = [cacheVectors(folder, 3, encode), cacheVectors(folder, 3, encode)]
  const texts = Array.from({ length: 300 }, (_, i) => `t${i}`)
  for (const text of texts) await one.encode(text)
  await one.encode('t0')
  assert.equal(asked, 300)
  one.flush()
  other.flush()
  const { encode: again } = cacheVectors(folder, 3, encode)
  for (const text of texts) assert.deepEqual(await other.encode(text), await again(text))
  assert.equal(asked, 300)
  const packs = readdirSync(folder)
  assert.equal(packs.length, 2)
  const file = join(folder, packs[0]!)
  const bytes = readFileSync(file)
  bytes[20]! ^= 1
  writeFileSync(file, bytes)
  const left = cacheVectors(folder, 3, encode)
  for (const text of texts) assert.equal((await left.encode(text))[0], text.length)
  assert.ok(asked > 300)
})

test('[ENC2] a model without an encoder sees its sub-words alone', async () => {
  const { table } = readModelFile(PROJECT.models, 'intent')
  const { vector, distance } = await sightOf(table)('螃蟹死了怎么赔')
  assert.ok(vector.ids.length > 5 && distance >= 0 && distance < 1)
})
