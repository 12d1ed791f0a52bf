// What the intent and sentiment voters would have said of every example, had they been trained without it: what an ensemble's weights are
// fitted on.
import type { Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { intentVotes } from '../intent-votes.ts'
import { type MoodAnswer, moodAnswer } from '../mood-answer.ts'
import { probabilitiesOf } from '../probabilities.ts'
import type { Corpus } from './corpus.ts'
import type { Example } from './examples.ts'
import { type Figures, figuresOf } from './figures.ts'
import { estimateActionsByMood } from './mood-table.ts'
import { judgeOutOfFold, type OutOfFold } from './out-of-fold.ts'

export interface OutOfFoldAnswer {
  readonly example: Example
  /** The fold whose models have not learned from it. */
  readonly fold: number
  readonly intent: {
    readonly votes: readonly Vote[]
    /** Calibrated, by action. */
    readonly probabilities: Readonly<Record<string, number>>
  }
  readonly sentiment: MoodAnswer & { readonly probabilities: Readonly<Record<string, number>> }
}

/** One entry a request of the corpus, in its order. Trains both models once a fold: about twenty seconds for the retail pack. */
export function outOfFold(corpus: Corpus, seed: number, fitted?: () => void): readonly OutOfFoldAnswer[] {
  const judged = judgeOutOfFold(corpus, seed, fitted)
  return answersOf(judged, figuresOf(judged.intents, judged.intentClasses), figuresOf(judged.moods, judged.moodClasses))
}

/** The same from what a training has judged already. */
export function answersOf(
  { intents, intentClasses, moodClasses }: OutOfFold,
  intent: Pick<Figures, 'temperature'>,
  sentiment: Pick<Figures, 'temperature'>,
): readonly OutOfFoldAnswer[] {
  const moods = intents.map(({ example, mood }) => probabilitiesOf(mood, sentiment.temperature[example.language]))
  const table = estimateActionsByMood(
    intents.map(({ example }, i) => ({ action: example.label, moods: moods[i]! })), // one row a request
    moodClasses,
    intentClasses,
  )
  return intents.map(({ example, logits, fold }, i) => {
    const probabilities = probabilitiesOf(logits, intent.temperature[example.language])
    return {
      example,
      fold,
      intent: { votes: intentVotes(intentClasses, probabilities), probabilities: named(intentClasses, probabilities) },
      sentiment: { ...moodAnswer(moodClasses, moods[i]!, table, undefined), probabilities: named(moodClasses, moods[i]!) },
    }
  })
}

const named = (names: readonly string[], values: ArrayLike<number>): Readonly<Record<string, number>> =>
  Object.fromEntries(names.map((name, i) => [name, values[i]!])) // one value a name
