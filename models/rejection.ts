// Turns down what a model cannot know: a text that no class in scope is likely for, or that lies far from everything it was taught. Such a text counts
// as out of scope as surely as rejected texts have been, measured on sentences that the model had not seen.
import type { Vector } from './rows.ts'

/** The class of what the shop has no answer to. */
export const OUT_OF_SCOPE = 'OUT_OF_SCOPE'

export interface Rejection {
  /** A text is turned down where no class in scope is as likely as this. */
  readonly confidence: number
  /** A text is turned down that lies farther from what was learned than this. */
  readonly distance: number
  /** How often a text that is turned down was out of scope. */
  readonly outOfScope: number
}

/** 0 where all of a text's features were learned, 1 where none was: the squared length that the unknown ones have in its vector. */
export function distanceOf({ values }: Pick<Vector, 'values'>): number {
  let known = 0
  for (const value of values) known += value * value
  return Math.max(0, 1 - known)
}

/** `outOfScope` is the place of that class; the probabilities are calibrated. */
export function isRejected(
  probabilities: ArrayLike<number>,
  outOfScope: number,
  distance: number,
  { confidence, distance: farthest }: Pick<Rejection, 'confidence' | 'distance'>,
): boolean {
  if (distance > farthest) return true
  for (let c = 0; c < probabilities.length; c++) if (c !== outOfScope && probabilities[c]! >= confidence) return false // within the list
  return true
}

/** The probabilities, with those of a rejected text moved to out of scope as far as it deserves. They sum to 1 as before. */
export function withRejection(
  probabilities: Float64Array,
  outOfScope: number,
  distance: number,
  rejection: Rejection | undefined,
): Float64Array {
  if (!rejection || outOfScope < 0 || !isRejected(probabilities, outOfScope, distance, rejection)) return probabilities
  const before = probabilities[outOfScope]! // the class's place
  const now = Math.max(before, rejection.outOfScope)
  if (now === before) return probabilities
  const rest = (1 - now) / (1 - before)
  return probabilities.map((p, c) => (c === outOfScope ? now : p * rest))
}
