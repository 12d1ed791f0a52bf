// What a model thread does: one job is a batch of turns, answered by both models. The features of a text are worked out here, off the engine's
// thread. Run by the pool in server/drivers/voters.models.ts, which starts another thread when one dies.
import type { Language, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { intentVotes } from './intent-votes.ts'
import { readModelFile } from './model-file.ts'
import { type MoodAnswer, moodAnswer } from './mood-answer.ts'
import { probabilitiesOf } from './probabilities.ts'
import { distanceOf, OUT_OF_SCOPE, withRejection } from './rejection.ts'
import { vectorise } from './rows.ts'
import { createSession } from './session.ts'

export interface VoterJob {
  /** Where the files of each model are. */
  readonly folders: { readonly intent: string; readonly sentiment: string }
  readonly turns: readonly { readonly text: string; readonly language: Language }[]
}

/** One entry a turn, in the same order. */
export type VoterJobAnswer = readonly { readonly intent: readonly Vote[]; readonly sentiment: MoodAnswer }[]

let loading: ReturnType<typeof loadModels> | undefined

/** A thread has the models of its first job for life. */
export default async function vote({ folders, turns }: VoterJob): Promise<VoterJobAnswer> {
  loading ??= loadModels(folders)
  const { intent, sentiment } = await loading
  const intents = await intent.probabilities(turns)
  const moods = await sentiment.probabilities(turns)
  return turns.map(({ text }, i) => ({
    intent: intentVotes(intent.classes, intents[i]!), // one row a turn
    sentiment: moodAnswer(sentiment.classes, moods[i]!, sentiment.actionsByMood, text),
  }))
}

async function loadModels({ intent, sentiment }: VoterJob['folders']) {
  return { intent: await loadModel(intent, 'intent'), sentiment: await loadModel(sentiment, 'sentiment') }
}

async function loadModel(folder: string, name: string) {
  const model = readModelFile(folder, name)
  const session = await createSession(model)
  const { classes, temperature, rejection, actionsByMood = {} } = model.metadata
  const outOfScope = classes.indexOf(OUT_OF_SCOPE)
  return {
    classes,
    actionsByMood,
    async probabilities(turns: VoterJob['turns']): Promise<readonly Float64Array[]> {
      const vectors = turns.map(({ text }) => vectorise(text, model.table))
      const logits = await session.run(vectors)
      return turns.map(({ language }, i) => {
        const probabilities = probabilitiesOf(logits, temperature[language], i * classes.length, classes.length)
        return withRejection(probabilities, outOfScope, distanceOf(vectors[i]!), rejection) // one vector a turn
      })
    },
  }
}
