// When a person is offered without being asked for: the customer does not get on, or grows angry.

/** Turns in a row that did not get the customer on. */
const MISSES = 2
/** A mood at or below this is anger. Moods run from -1 to 1. */
const ANGRY = -0.45

export const isOutOfPatience = (misses: number, moods: readonly number[]): boolean => misses >= MISSES || isGrowingAngry(moods)

/** Angry now and no better than the turn before, which was no good one either. */
export function isGrowingAngry(moods: readonly number[]): boolean {
  const [before, now] = moods.slice(-2)
  return before !== undefined && now !== undefined && now <= ANGRY && before < 0 && now <= before + 0.1
}
