// Estimates which actions people in a mood ask for, from the mood model's opinion of the intent examples.
import type { ActionsByMood } from '../mood-answer.ts'

/** An action with few examples leans on the average of all, as if it had this many average ones more. */
const SMOOTHING = 10

export interface MoodOfExample {
  readonly action: string
  /** Calibrated, in the order of the moods. */
  readonly moods: ArrayLike<number>
}

/** P(action | mood), as if every action were asked for equally often: how often it really is, is the ensemble's prior to say. */
export function estimateActionsByMood(rows: readonly MoodOfExample[], moods: readonly string[], actions: readonly string[]): ActionsByMood {
  const average = moods.map((_, m) => rows.reduce((sum, row) => sum + row.moods[m]!, 0) / rows.length)
  const moodOf = actions.map(action => {
    const mine = rows.filter(row => row.action === action)
    return moods.map((_, m) => (mine.reduce((sum, row) => sum + row.moods[m]!, 0) + SMOOTHING * average[m]!) / (mine.length + SMOOTHING))
  })
  return Object.fromEntries(
    moods.map((mood, m) => {
      const total = moodOf.reduce((sum, row) => sum + row[m]!, 0)
      return [mood, Object.fromEntries(actions.map((action, a) => [action, Math.round((moodOf[a]![m]! / total) * 1e5) / 1e5]))]
    }),
  )
}
