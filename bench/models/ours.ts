// Our own model on somebody else's sentences: the same features, training, file and session as the shipped ones.
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { readModelFile, writeModelFile } from '@parley/models/model-file.ts'
import { quantise } from '@parley/models/network.ts'
import { networkGraph } from '@parley/models/onnx/network-graph.ts'
import { probabilitiesOf } from '@parley/models/probabilities.ts'
import { SOFTNESS, surenessOf } from '@parley/models/rejection.ts'
import { vectorise } from '@parley/models/rows.ts'
import { createSession } from '@parley/models/session.ts'
import { withoutContradicted } from '@parley/models/train/doubtful-labels.ts'
import { fit } from '@parley/models/train/fit.ts'
import { dataHash } from '@parley/models/train/lessons.ts'
import { answerAll, answerFrom, commandLine, cpuSeconds, readRows, writeTrained } from './contender.ts'
import { OOS } from './data-sets.ts'

const NAME = 'bench'
const { phase, folder, task } = commandLine()
const model = join(folder, 'model')
if (phase === 'train') {
  const given = readRows(folder, 'train').map(({ text, label }) => ({ text: normaliseText(text), label, weight: 1 }))
  const classes = [...new Set(given.map(({ label }) => label))].sort()
  const lessons = withoutContradicted(given, classes, task.seed)
  const { table, network } = fit(lessons, classes, task.seed)
  const none = { zh: 0, en: 0 }
  mkdirSync(model, { recursive: true })
  writeModelFile(model, {
    name: NAME,
    classes,
    temperature: { zh: 1, en: 1 },
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
    hashes: table.hashes,
    onnx: networkGraph(NAME, quantise(network)),
  })
  writeTrained(folder, { trainSeconds: cpuSeconds(), chosen: `${given.length - lessons.length} contradicted labels left out` })
} else {
  const started = performance.now()
  const { metadata, table, ...rest } = readModelFile(model, NAME)
  const session = await createSession({ metadata, table, ...rest })
  const loadMs = performance.now() - started
  const { classes } = metadata
  await answerAll(folder, loadMs, async texts => {
    const logits = await session.run(texts.map(text => vectorise(normaliseText(text), table)))
    return texts.map((_, i) => {
      const probabilities = probabilitiesOf(logits, 1, i * classes.length, classes.length)
      return { ...answerFrom(classes, probabilities, OOS), doubt: 1 - surenessOf(probabilities, classes.indexOf(OOS), SOFTNESS) }
    })
  })
}
