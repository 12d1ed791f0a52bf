// `npm run train`: trains the shipped models from the retail pack and prints what they are worth. Some four minutes of processor time.
//   --out FOLDER   writes there instead of models/shipped
import { mkdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { readCorpus } from './train/corpus.ts'
import type { Figures } from './train/figures.ts'
import { STEPS, trainAndWrite } from './train/ship.ts'

const SEED = 20_251_103
const CONFUSIONS = 12

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))
const { values } = parseArgs({ options: { out: { type: 'string', default: here('shipped') } } })

const started = performance.now()
const seconds = (ms: number): string => `${(ms / 1000).toFixed(0)} s`
let steps = 0
const progress = (): void => {
  steps++
  const spent = performance.now() - started
  process.stderr.write(`trained ${steps} of ${STEPS}, ${seconds((spent / steps) * (STEPS - steps))} left\n`)
}

const corpus = readCorpus(here('../packs/retail'))
mkdirSync(values.out, { recursive: true })
console.log(`${corpus.intents.length} requests, ${corpus.moods.length} moods, ${corpus.phrases.length} phrases; seed ${SEED}`)
const { intent, sentiment, urgency } = trainAndWrite(corpus, values.out, SEED, progress)
print('intent', intent)
print('sentiment', sentiment)
if (urgency) console.log(`\nurgency: ${JSON.stringify(urgency)}`)
console.log(`\nwritten to ${values.out} in ${seconds(performance.now() - started)}`)

function print(name: string, figures: Figures): void {
  console.log(`\n${name}: five-fold cross-validation, near-duplicates on one side`)
  for (const language of ['zh', 'en'] as const) {
    const { accuracy, macroF1, logLoss, temperature, confusions } = figures
    console.log(
      `  ${language}  accuracy ${accuracy[language]}  macro-F1 ${macroF1[language]}  log-loss ${logLoss[language]}  temperature ${temperature[language]}`,
    )
    const worst = confusions[language].slice(0, CONFUSIONS).map(({ truth, said, count }) => `${truth} as ${said} ${count}`)
    console.log(`      ${worst.join(', ')}`)
  }
  for (const [label, f1] of Object.entries(figures.f1))
    console.log(`  F1 ${label.padEnd(16)} zh ${f1.zh.toFixed(3)}  en ${f1.en.toFixed(3)}`)
}
