// What a model thread does: one job is a batch of turns, answered by both models. The features of a text are worked out here, off the engine's
// thread. Run by the pool in server/drivers/voters.models.ts, which starts another thread when one dies.

import { fileURLToPath } from 'node:url'
import type { Language, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { readClauseWeights } from './clause-weights.ts'
import { clausesOf } from './clauses.ts'
import { type Encoder, openEncoder } from './encoder/encode.ts'
import { encoderOf } from './encoder/kept-encoder.ts'
import { intentVotes } from './intent-votes.ts'
import { readModelFile } from './model-file.ts'
import { type MoodAnswer, moodAnswer } from './mood-answer.ts'
import { type ClauseWeights, poolClauses } from './pool-clauses.ts'
import { probabilitiesOf } from './probabilities.ts'
import { OUT_OF_SCOPE, withRejection } from './rejection.ts'
import { createSession } from './session.ts'
import { type Encode, type Seen, sightOf } from './sight.ts'
import { createUrgency } from './urgency.ts'

export interface VoterJob {
  /** Where the files of each model are. */
  readonly folders: { readonly intent: string; readonly sentiment: string }
  readonly turns: readonly { readonly text: string; readonly language: Language }[]
  /** Whether the intent model is asked about the clauses of each as well. */
  readonly clauses?: boolean
}

/** One entry a turn, in the same order. */
export type VoterJobAnswer = readonly {
  readonly intent: readonly Vote[]
  /** Of the whole and its clauses together; absent where they are not asked about. */
  readonly clauses?: readonly Vote[]
  /** Of the last clause by itself; absent where it is the whole as well. */
  readonly end?: readonly Vote[]
  readonly sentiment: MoodAnswer
}[]

let loading: ReturnType<typeof loadModels> | undefined

/** A thread has the models of its first job for life. */
export default async function vote({ folders, turns, clauses }: VoterJob): Promise<VoterJobAnswer> {
  loading ??= loadModels(folders)
  const { intent, sentiment, forget } = await loading
  const intents = await intent.probabilities(turns)
  const apart = clauses ? await inClauses(intent, turns, intents) : []
  const moods = await sentiment.probabilities(turns)
  forget()
  const votes = (probabilities: Float64Array): readonly Vote[] => intentVotes(intent.classes, probabilities)
  return turns.map(({ text, language }, i) => ({
    intent: votes(intents[i]!), // one row a turn, here and below
    ...(apart[i] && { clauses: votes(apart[i].pooled), ...(apart[i].end && { end: votes(apart[i].end) }) }),
    sentiment: moodAnswer(sentiment.classes, moods[i]!, sentiment.actionsByMood, sentiment.urgency?.(text, language)),
  }))
}

/** They are of the languages, not of a model: one that a shop has trained is pooled by them as well. */
const SHIPPED = fileURLToPath(new URL('./shipped', import.meta.url))
let weights: ClauseWeights | undefined

/** `wholes`: what the model says of the turns. All clauses of a job are asked about together. */
async function inClauses(
  { classes, probabilities }: Awaited<ReturnType<typeof loadModel>>,
  turns: VoterJob['turns'],
  wholes: readonly Float64Array[],
): Promise<readonly { readonly pooled: Float64Array; readonly end?: Float64Array | undefined }[]> {
  weights ??= readClauseWeights(SHIPPED).weights
  const known = weights
  const parts = turns.map(({ text, language }) => clausesOf(text, language)).map(found => (found.length > 1 ? found : []))
  const asked = turns.flatMap(({ language }, i) => parts[i]!.map(({ text }) => ({ text, language }))) // one list a turn, here and below
  const told = (asked.length > 0 ? await probabilities(asked) : []).values()
  return wholes.map((whole, i) => {
    const clauses = parts[i]!.map(clause => ({ clause, probabilities: told.next().value! })) // one row a clause, in order
    return { pooled: poolClauses({ whole, clauses }, classes, known), end: clauses.at(-1)?.probabilities }
  })
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
