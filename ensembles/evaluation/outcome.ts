// What is judged: turns of which it is known what they are about, and what an ensemble made of each.
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'

export interface JudgedTurn {
  /** Turns with the same number were said in one conversation: they are right or wrong together, and drawn together. */
  readonly conversation: number
  /** Where it stands in the file, from 1. */
  readonly line: number
  readonly text: string
  readonly language: Language
  /** As the file calls it; empty where it says nothing. */
  readonly source: string
  readonly right: ActionId
}

/** `by rule`: a person always takes what the turn is about, or a risk of the pack's list gave it to one. `handed over`: out of doubt. */
export type Done = 'answered' | 'asked back' | 'handed over' | 'by rule'

export interface Outcome {
  /** What the turn was taken to be about; null where nobody who is heard voted. */
  readonly said: ActionId | null
  /** Probability of that, 0 to 1; 0 where nothing was said. */
  readonly confidence: number
  readonly done: Done
  /** Those that gave it to a person, whatever the votes say. */
  readonly rules: readonly { readonly kind: 'action' | 'risk'; readonly rule: string }[]
  /** Brier score of the probabilities of all actions: the sum of their squared distances from 1 for the right one and 0 for the others, 0 to 2. */
  readonly brier: number
  /** By the shop's costs, as it turned out. */
  readonly cost: number
}

/** One ensemble's outcomes, in the order of the turns. */
export interface System {
  readonly name: string
  readonly outcomes: readonly Outcome[]
}

export const OUT_OF_SCOPE = 'OUT_OF_SCOPE'

export const isRight = ({ right }: JudgedTurn, { said }: Outcome): boolean => said === right
