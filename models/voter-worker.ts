// What a model thread does: one job is a batch of turns, answered by both models. The features of a text are worked out here, off the engine's
// thread. Run by the pool in server/drivers/voters.models.ts, which starts another thread when one dies.
import type { Language, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { type Encoder, openEncoder } from './encoder/encode.ts'
import { encoderOf } from './encoder/kept-encoder.ts'
import { intentVotes } from './intent-votes.ts'
import { lastClause } from './last-clause.ts'
import { readModelFile } from './model-file.ts'
import { type MoodAnswer, moodAnswer } from './mood-answer.ts'
import { probabilitiesOf } from './probabilities.ts'
import { OUT_OF_SCOPE, withRejection } from './rejection.ts'
import { createSession } from './session.ts'
import { type Encode, type Seen, sightOf } from './sight.ts'
import { createUrgency } from './urgency.ts'

export interface VoterJob {
  /** Where the files of each model are. */
  readonly folders: { readonly intent: string; readonly sentiment: string }
  readonly turns: readonly { readonly text: string; readonly language: Language }[]
  /** Whether the intent model is asked about the last clause of each by itself as well. */
  readonly ends?: boolean
}

/** One entry a turn, in the same order. */
export type VoterJobAnswer = readonly {
  readonly intent: readonly Vote[]
  /** Of the last clause; absent where it is the whole, or is not asked about. */
  readonly end?: readonly Vote[]
  readonly sentiment: MoodAnswer
}[]

let loading: ReturnType<typeof loadModels> | undefined

/** A thread has the models of its first job for life. */
export default async function vote({ folders, turns, ends }: VoterJob): Promise<VoterJobAnswer> {
  loading ??= loadModels(folders)
  const { intent, sentiment, forget } = await loading
  const intents = await intent.probabilities(turns)
  const clauses = turns.map(({ text, language }) => (ends ? lastClause(text, language) : undefined))
  const asked = turns.flatMap(({ language }, i) => (clauses[i] === undefined ? [] : [{ text: clauses[i], language }]))
  const told = (asked.length > 0 ? await intent.probabilities(asked) : []).values()
  const moods = await sentiment.probabilities(turns)
  forget()
  return turns.map(({ text, language }, i) => ({
    intent: intentVotes(intent.classes, intents[i]!), // one row a turn
    ...(clauses[i] !== undefined && { end: intentVotes(intent.classes, told.next().value!) }), // one row a clause, in order
    sentiment: moodAnswer(sentiment.classes, moods[i]!, sentiment.actionsByMood, sentiment.urgency?.(text, language)),
  }))
}

async function loadModels({ intent, sentiment }: VoterJob['folders']) {
  const { encoderFor, forget } = sharedEncoders()
  return { intent: await loadModel(intent, 'intent', encoderFor), sentiment: await loadModel(sentiment, 'sentiment', encoderFor), forget }
}

/** Both models may stand on one encoder: it is loaded once, and a text of a job is encoded once. */
function sharedEncoders() {
  const encoders = new Map<string, Promise<Encoder>>()
  const vectors = new Map<string, Promise<Float32Array>>()
  const encoderFor = async (folder: string, hash: string): Promise<Encode> => {
    const opening = encoders.get(hash) ?? openEncoder(encoderOf(folder, hash))
    encoders.set(hash, opening)
    const { encode } = await opening
    return text => {
      const key = `${hash} ${text}`
      const vector = vectors.get(key) ?? encode(text)
      vectors.set(key, vector)
      return vector
    }
  }
  return { encoderFor, forget: () => vectors.clear() }
}

async function loadModel(folder: string, name: string, encoderFor: (folder: string, hash: string) => Promise<Encode>) {
  const model = readModelFile(folder, name)
  const session = await createSession(model)
  const { classes, temperature, rejection, encoder, actionsByMood = {}, urgency } = model.metadata
  const see = sightOf(model.table, model.view, encoder && (await encoderFor(folder, encoder.hash)))
  const outOfScope = classes.indexOf(OUT_OF_SCOPE)
  return {
    classes,
    actionsByMood,
    urgency: urgency && createUrgency(urgency),
    async probabilities(turns: VoterJob['turns']): Promise<readonly Float64Array[]> {
      const seen: Seen[] = []
      for (const { text } of turns) seen.push(await see(text))
      const logits = await session.run(seen.map(({ vector }) => vector))
      return turns.map(({ language }, i) => {
        const probabilities = probabilitiesOf(logits, temperature[language], i * classes.length, classes.length)
        return withRejection(probabilities, outOfScope, seen[i]!.distance, rejection) // one a turn
      })
    },
  }
}
