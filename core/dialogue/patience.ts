// When a person is offered without being asked for: the customer does not get on, or grows angry.

/** Turns in a row that did not get the customer on. */
const MISSES = 2
/** Anger: the last turn is at or below the first, and the last two together below the second. Moods run from -1 to 1; one turn alone says little. */
const ANGRY = { now: -0.5, mean: -0.6 } as const

export const isOutOfPatience = (misses: number, moods: readonly number[]): boolean => misses >= MISSES || isGrowingAngry(moods)

export function isGrowingAngry(moods: readonly number[]): boolean {
  const [before, now] = moods.slice(-2)
  return before !== undefined && now !== undefined && now <= ANGRY.now && (before + now) / 2 <= ANGRY.mean
}
