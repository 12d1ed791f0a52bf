// When a person is offered without being asked for: the customer does not get on, or grows angry.
import type { Understood } from './understand.ts'

/** Turns in a row that did not get the customer on. */
const MISSES = 2
/** A mood at or below this is anger. Moods run from -1 to 1. */
const ANGRY = -0.45
/** A mood at or below this is no good one. Nearer to nought is how plain questions sound. */
const UNEASY = -0.2
/** A fall of less is no fall. */
const STEP = 0.15

export const isOutOfPatience = (misses: number, moods: readonly number[]): boolean => misses >= MISSES || isGrowingAngry(moods)

/** Who answers what was asked gets on, however short the answer: «不是» says no, and no more. */
export const moodOf = (how: Understood['how'], mood: number): number => (how === 'slot' || how === 'yes' || how === 'no' ? 0 : mood)

export const isAngry = (mood: number | undefined): boolean => mood !== undefined && mood <= ANGRY

/**
 * Out of humour twice in a row and angry in one of the two: anger that grows, or that the answer has not soothed. Or angry after a mood that has fallen
 * twice in a row.
 */
export function isGrowingAngry(moods: readonly number[]): boolean {
  const [earlier, before, now] = [moods.at(-3), moods.at(-2), moods.at(-1)]
  if (before === undefined || now === undefined) return false
  if (before <= UNEASY && now <= UNEASY) return isAngry(before) || isAngry(now)
  return isAngry(now) && earlier !== undefined && before <= earlier - STEP && now <= before - STEP
}

/** How the mood has moved: the last one against the mean of those before, -1 (growing angry) to 1. Undefined where there is none before. */
export function trendOf(moods: readonly number[]): number | undefined {
  const before = moods.slice(0, -1)
  const now = moods.at(-1)
  if (now === undefined || before.length === 0) return undefined
  return Math.min(1, Math.max(-1, now - before.reduce((sum, mood) => sum + mood, 0) / before.length))
}
