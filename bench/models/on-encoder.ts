// Our own model on a sentence encoder, and at will on sub-words too: the same learning, file and session as those of `parley train --encoder`. Encoding is in all its figures.
import { mkdirSync } from 'node:fs'
import { basename, join } from 'node:path'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { openEncoder } from '@parley/models/encoder/encode.ts'
import type { EncoderWishes } from '@parley/models/encoder/export-folder.ts'
import { encoderIn, keepEncoder } from '@parley/models/encoder/kept-encoder.ts'
import { readModelFile, writeModelFile, writtenView } from '@parley/models/model-file.ts'
import { probabilitiesOf } from '@parley/models/probabilities.ts'
import { SOFTNESS, surenessOf } from '@parley/models/rejection.ts'
import { createSession } from '@parley/models/session.ts'
import { sightOf } from '@parley/models/sight.ts'
import { withoutContradicted } from '@parley/models/train/doubtful-labels.ts'
import { learn } from '@parley/models/train/learn.ts'
import { dataHash } from '@parley/models/train/lessons.ts'
import { answerAll, answerFrom, commandLine, cpuSeconds, readRows, writeTrained } from './contender.ts'
import { OOS } from './data-sets.ts'

const NAME = 'bench'
const { phase, folder, task } = commandLine()
const isBlended = process.argv.includes('blend')
const model = join(folder, 'model')
const encoders = join(folder, 'encoders')
if (phase === 'train') {
  const source = process.env.PARLEY_ENCODER ?? ''
  const wishes = JSON.parse(process.env.PARLEY_ENCODER_AS ?? '{}') as EncoderWishes // whoever runs the bench wrote it
  const kept = await keepEncoder(encoders, source, { name: basename(source) }, wishes)
  const { encode } = await openEncoder(kept)
  const given = readRows(folder, 'train').map(({ text, label }) => ({ text: normaliseText(text), label, weight: 1 }))
  const classes = [...new Set(given.map(({ label }) => label))].sort()
  const lessons = withoutContradicted(given, classes, task.seed)
  const { view, hashes, graph } = await learn(lessons, classes, task.seed, { encode, isBlended })
  const none = { zh: 0, en: 0 }
  mkdirSync(model, { recursive: true })
  writeModelFile(model, {
    name: NAME,
    classes,
    temperature: { zh: 1, en: 1 },
    encoder: { name: basename(source), hash: kept.hash, ...writtenView(view!) }, // with an encoder there is one
    training: {
      seed: task.seed,
      data: dataHash(lessons),
      examples: lessons.length,
      folds: 0,
      accuracy: none,
      macroF1: none,
      logLoss: none,
      f1: {},
    },
    hashes,
    onnx: graph(NAME),
  })
  writeTrained(folder, { trainSeconds: cpuSeconds(), chosen: `encoder ${basename(source)} ${kept.hash.slice(0, 12)}` })
} else {
  const started = performance.now()
  const file = readModelFile(model, NAME)
  const session = await createSession(file)
  const { classes, encoder } = file.metadata
  const { encode } = await openEncoder(encoderIn(encoders, encoder!.hash)) // as it was written above
  const see = sightOf(file.table, file.view, encode)
  const loadMs = performance.now() - started
  await answerAll(folder, loadMs, async texts => {
    const vectors = []
    for (const text of texts) vectors.push((await see(normaliseText(text))).vector)
    const logits = await session.run(vectors)
    return texts.map((_, i) => {
      const probabilities = probabilitiesOf(logits, 1, i * classes.length, classes.length)
      return { ...answerFrom(classes, probabilities, OOS), doubt: 1 - surenessOf(probabilities, classes.indexOf(OOS), SOFTNESS) }
    })
  })
}
