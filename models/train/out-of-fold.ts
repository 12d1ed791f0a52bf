// What both models say of every example when they were trained without it and without what nearly repeats it. Figures, temperatures, the mood
// table and an ensemble's weights are all fitted on this: on what the models learned from, they would look far surer than they are.
import { logitsOf, type Network, quantise } from '../network.ts'
import { type RowTable, vectorise } from '../rows.ts'
import type { Corpus } from './corpus.ts'
import type { Example } from './examples.ts'
import { fit } from './fit.ts'
import { type ReadMessage, readMessages } from './fit-clauses.ts'
import { assignFolds, nearDuplicateGroups } from './folds.ts'
import { intentLessons, moodLessons } from './lessons.ts'
import { createRandom } from './random.ts'

export const FOLDS = 5

/** An example with the logits that the models of its fold gave it, in the order of the classes. */
export interface Judged {
  readonly example: Example
  readonly logits: Float64Array
}

export interface OutOfFold {
  readonly intentClasses: readonly string[]
  readonly moodClasses: readonly string[]
  /** By row of the corpus. */
  readonly intents: readonly (Judged & { readonly mood: Float64Array; readonly fold: number })[]
  readonly moods: readonly Judged[]
  /** Requests of several clauses. */
  readonly messages: readonly ReadMessage[]
}

/** Trains both models once a fold; `fitted` is called after each. The same for the same corpus and seed. */
export function judgeOutOfFold(corpus: Corpus, seed: number, fitted: () => void = () => {}): OutOfFold {
  const { intents, moods, phrases } = corpus
  const intentClasses = classesOf(intents)
  const moodClasses = classesOf(moods)
  const examples = [...intents, ...moods]
  const groups = nearDuplicateGroups([...examples, ...phrases].map(({ text }) => text))
  const labels = [...intents.map(({ label }) => label), ...moods.map(({ label }) => `mood ${label}`)]
  const folds = assignFolds(groups.subarray(0, examples.length), labels, FOLDS, seed)
  const foldOfGroup = new Map(examples.map((_, row) => [groups[row]!, folds[row]!]))
  const judged = examples.map(() => ({ intent: NONE, mood: NONE }))
  const messages: ReadMessage[] = []
  for (let fold = 0; fold < FOLDS; fold++) {
    const without = (offset: number) => (_: unknown, i: number) => folds[offset + i] !== fold
    // A phrase that nearly repeats an example is left out together with it.
    const others = phrases.filter((_, i) => foldOfGroup.get(groups[examples.length + i]!) !== fold)
    const intent = trained(intentLessons(intents.filter(without(0)), others, seed), intentClasses, seed)
    fitted()
    const mood = trained(moodLessons(moods.filter(without(intents.length)), seed), moodClasses, seed)
    fitted()
    messages.push(
      ...readMessages(
        intents.filter((_, i) => folds[i] === fold),
        intent,
        createRandom(seed + fold),
      ),
    )
    for (const [row, { text }] of examples.entries())
      if (folds[row] === fold) judged[row] = { intent: row < intents.length ? intent(text) : NONE, mood: mood(text) }
  }
  return {
    intentClasses,
    moodClasses,
    intents: intents.map((example, row) => ({ example, logits: judged[row]!.intent, mood: judged[row]!.mood, fold: folds[row]! })),
    moods: moods.map((example, i) => ({ example, logits: judged[intents.length + i]!.mood })),
    messages,
  }
}

const NONE: Float64Array = new Float64Array()

/** Fits and rounds, as what is shipped is rounded. */
export function train(lessons: Parameters<typeof fit>[0], classes: readonly string[], seed: number): { model: Network; table: RowTable } {
  const { table, network } = fit(lessons, classes, seed)
  return { model: quantise(network), table }
}

function trained(...args: Parameters<typeof train>): (text: string) => Float64Array {
  const { model, table } = train(...args)
  return text => logitsOf(model, vectorise(text, table))
}

export const classesOf = (examples: readonly Example[]): readonly string[] => [...new Set(examples.map(({ label }) => label))].sort()
