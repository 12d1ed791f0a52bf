import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { sha256 } from '@parley/models/model-file.ts'
import { MOODS } from '@parley/models/mood-answer.ts'
import { cardPage } from '@parley/models/train/card.ts'
import { readCorpus } from '@parley/models/train/corpus.ts'
import { runTraining, type Trained } from '@parley/models/train/run.ts'
import { stagesOf } from '@parley/models/train/steps.ts'
import { hashOfRows, nameOf } from '@parley/models/train/task.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { smallTask } from './labelled.ts'

const task = smallTask(16)
/** Everything but the weights as text, and the weights by their hashes. */
const identityOf = ({ metadata, figures, model }: Trained): string =>
  JSON.stringify([
    metadata,
    figures,
    sha256(model.onnx),
    sha256(Buffer.from(model.hashes.buffer, model.hashes.byteOffset, model.hashes.byteLength)),
  ])

test('[TRAIN5] a training that is broken off goes on where it was and gives the same model, bit for bit, on any number of threads', async t => {
  const [whole, broken] = [temporaryFolder(), temporaryFolder()]
  t.after(whole.remove)
  t.after(broken.remove)
  const shares: number[] = []
  const first = await runTraining({ task, folder: whole.path, threads: 1, onProgress: share => shares.push(share) })
  assert.equal(first.resumed, 0)
  assert.equal(shares.length, stagesOf(task).flat().length)
  assert.ok(shares.every((share, i) => i === 0 || share > shares[i - 1]!) && shares.at(-1)! > 0.999, `${shares}`)

  for (const [steps, threads] of [
    [4, 2],
    [5, 1],
  ] as const) {
    const stop = new AbortController()
    let ended = 0
    const reason = new Error('enough')
    const run = runTraining({
      task,
      folder: broken.path,
      threads,
      signal: stop.signal,
      onProgress: () => {
        if (++ended === steps) stop.abort(reason)
      },
    })
    await assert.rejects(run, error => error === reason)
  }
  const kept = readdirSync(broken.path).filter(name => name.endsWith('.step')).length
  assert.ok(kept >= 9 && kept < stagesOf(task).flat().length, `${kept}`)
  const second = await runTraining({ task, folder: broken.path, threads: 2 })
  assert.equal(second.resumed, kept)
  assert.equal(identityOf(second), identityOf(first))

  const { figures, metadata, model } = first
  assert.ok(figures.crossValidation.all.accuracy.value > 0.7, JSON.stringify(figures.crossValidation.all))
  assert.deepEqual(metadata.classes, ['COMPENSATE', 'OUT_OF_SCOPE', 'THANKS', 'TRACK_ORDER'])
  assert.equal(figures.split.train + figures.split.test + figures.split.aside, task.rows.length)
  assert.equal(figures.crossValidation.all.rows, figures.split.train)
  assert.equal(figures.test.all.rows, figures.split.test)
  assert.deepEqual(
    figures.curve.map(({ sentences }) => sentences),
    figures.curve.map(({ sentences }) => sentences).toSorted((a, b) => a - b),
  )
  const card = {
    ...figures,
    format: 1,
    version: sha256('x'),
    trainedAt: '2026-01-01T00:00:00.000Z',
    source: { file: 'data.jsonl', linesLeftOut: 2 },
    cost: { seconds: 1, stepsDoneBefore: 0, threads: 1, peakMemoryMb: 1, bytes: model.onnx.length, node: '24', machine: 'a test' },
  } as const
  const page = cardPage(card)
  for (const said of [hashOfRows(task.rows), 'COMPENSATE', 'Learning curve', 'typos', 'Out of scope', '2 lines left out', 'locked'])
    assert.ok(page.includes(said), said)
  assert.doesNotMatch(page, /undefined|NaN/)
})

test('[TRAIN5] whatever changes the weights is in the name of a training', () => {
  const name = nameOf(task)
  assert.equal(nameOf(smallTask(16)), name)
  const [row, ...others] = task.rows
  for (const other of [
    { ...task, seed: 2 },
    { ...task, kind: 'sentiment' as const },
    { ...task, rows: others },
    { ...task, rows: [{ ...row!, weight: 2 }, ...others] },
    { ...task, phrases: [{ text: 'x', label: 'THANKS', weight: 1 }] },
    { ...task, urgency: [{ ...row!, label: 'now' }] },
  ])
    assert.notEqual(nameOf(other), name)
  assert.match(name, /^[0-9a-f]{16}$/)
})

test('[TRAIN5] a sentiment model comes with the table of what people in a mood ask for', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const { moods, intents, ...corpus } = readCorpus(join(PROJECT.packs, 'retail'))
  const requests = intents.filter((_, i) => i % 40 === 0).map(({ text, language, label }) => ({ text, language, label }))
  const urgency = corpus.urgency.filter((_, i) => i % 4 === 0)
  const rows = moods.filter((_, i) => i % 3 === 0).map(row => ({ ...row, weight: 1 }))
  const { metadata, figures } = await runTraining({
    task: { ...task, kind: 'sentiment', rows, requests, urgency },
    folder: folder.path,
    threads: 2,
  })
  assert.deepEqual(metadata.classes, [...MOODS].sort())
  assert.deepEqual(Object.keys(metadata.actionsByMood ?? {}), metadata.classes)
  assert.equal(metadata.urgency?.training.examples, urgency.length)
  for (const row of Object.values(metadata.actionsByMood ?? {})) assert.ok(Math.abs(Object.values(row).reduce((a, b) => a + b) - 1) < 1e-3)
  assert.equal(metadata.rejection, undefined)
  assert.equal(figures.outOfScope, undefined)
})
