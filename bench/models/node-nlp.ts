// The peer node-nlp, as its README trains it. It is 120 MB with what it needs, so the bench brings it into .cache/ and the project does not depend on it.
import { mkdirSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { z } from 'zod'
import { answerAll, commandLine, cpuSeconds, readRows, writeTrained } from './contender.ts'
import { OOS } from './data-sets.ts'
import { NODE_NLP_FOLDER } from './peers.ts'

/** What node-nlp calls out of scope. */
const NONE = 'None'

interface Manager {
  addDocument(language: string, text: string, intent: string): void
  train(): Promise<void>
  save(file: string): void
  load(file: string): void
  process(language: string, text: string): Promise<unknown>
}

const Said = z.object({ classifications: z.array(z.object({ intent: z.string(), score: z.number() })).min(1) })

const started = performance.now()
// It has no types of its own; `Manager` is as much of it as is called here.
const { NlpManager } = createRequire(join(NODE_NLP_FOLDER, 'package.json'))('node-nlp') as { NlpManager: new (options: object) => Manager }
const { phase, folder, task } = commandLine()
const model = join(folder, 'model')
const file = join(model, 'model.nlp')
const manager = new NlpManager({ languages: [task.language], forceNER: false, autoSave: false, nlu: { log: false } })
if (phase === 'train') {
  for (const { text, label } of readRows(folder, 'train')) manager.addDocument(task.language, text, label === OOS ? NONE : label)
  await manager.train()
  mkdirSync(model, { recursive: true })
  manager.save(file)
  writeTrained(folder, { trainSeconds: cpuSeconds() })
} else {
  manager.load(file)
  await answerAll(folder, performance.now() - started, async texts => {
    const answers = []
    for (const text of texts) {
      const { classifications } = Said.parse(await manager.process(task.language, text))
      const best = classifications.reduce((a, b) => (b.score > a.score ? b : a))
      const inScope = classifications
        .filter(({ intent }) => intent !== NONE)
        .reduce((a, b) => (b.score > a.score ? b : a), { intent: '', score: 0 })
      answers.push({ label: best.intent === NONE ? OOS : best.intent, inScope: inScope.intent, doubt: 1 - inScope.score })
    }
    return answers
  })
}
