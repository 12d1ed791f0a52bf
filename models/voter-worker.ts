// What a model thread does: one job is a batch of turns, answered by both models. The features of a text are worked out here, off the engine's
// thread. Run by the pool in server/drivers/voters.models.ts, which starts another thread when one dies.
import type { Language, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { intentVotes } from './intent-votes.ts'
import { readModelFile } from './model-file.ts'
import { type MoodAnswer, moodAnswer } from './mood-answer.ts'
import { probabilitiesOf } from './probabilities.ts'
import { vectorise } from './rows.ts'
import { createSession } from './session.ts'

export interface VoterJob {
  /** Where the model files are. */
  readonly folder: string
  readonly turns: readonly { readonly text: string; readonly language: Language }[]
}

/** One entry a turn, in the same order. */
export type VoterJobAnswer = readonly { readonly intent: readonly Vote[]; readonly sentiment: MoodAnswer }[]

const loaded = new Map<string, ReturnType<typeof loadModels>>()

export default async function vote({ folder, turns }: VoterJob): Promise<VoterJobAnswer> {
  let models = loaded.get(folder)
  if (!models) {
    models = loadModels(folder)
    loaded.set(folder, models)
  }
  const { intent, sentiment } = await models
  const intents = await intent.probabilities(turns)
  const moods = await sentiment.probabilities(turns)
  return turns.map(({ text }, i) => ({
    intent: intentVotes(intent.classes, intents[i]!), // one row a turn
    sentiment: moodAnswer(sentiment.classes, moods[i]!, sentiment.actionsByMood, text),
  }))
}

async function loadModels(folder: string) {
  return { intent: await loadModel(folder, 'intent'), sentiment: await loadModel(folder, 'sentiment') }
}

async function loadModel(folder: string, name: string) {
  const model = readModelFile(folder, name)
  const session = await createSession(model)
  const { classes, temperature, actionsByMood = {} } = model.metadata
  return {
    classes,
    actionsByMood,
    async probabilities(turns: VoterJob['turns']): Promise<readonly Float64Array[]> {
      const logits = await session.run(turns.map(({ text }) => vectorise(text, model.table)))
      return turns.map(({ language }, i) => probabilitiesOf(logits, temperature[language], i * classes.length, classes.length))
    },
  }
}
