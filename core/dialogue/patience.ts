// When a person is offered without being asked for: the customer does not get on, or grows angry.
import type { Understood } from './understand.ts'

/** Turns in a row that did not get the customer on. */
const MISSES = 2
/** A mood at or below this is anger. Moods run from -1 to 1. */
const ANGRY = -0.45
/** A mood at or below this is no good one. Nearer to nought is how plain questions sound. */
const UNEASY = -0.2

export const isOutOfPatience = (misses: number, moods: readonly number[]): boolean => misses >= MISSES || isGrowingAngry(moods)

/** Who answers what was asked gets on, however short the answer: «不是» says no, and no more. */
export const moodOf = (how: Understood['how'], mood: number): number => (how === 'slot' || how === 'yes' || how === 'no' ? 0 : mood)

export const isAngry = (mood: number | undefined): boolean => mood !== undefined && mood <= ANGRY

/** Angry now and no better than the turn before, which was no good one either. */
export function isGrowingAngry(moods: readonly number[]): boolean {
  const [before, now] = moods.slice(-2)
  return before !== undefined && now !== undefined && isAngry(now) && before <= UNEASY && now <= before + 0.1
}
