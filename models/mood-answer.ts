// What the sentiment voter says: how the customer feels, as signals, and through a learned table which actions people in that mood ask for.
import type { Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'

export const MOODS = ['angry', 'happy', 'neutral', 'unhappy'] as const
export type Mood = (typeof MOODS)[number]

/** P(action | mood); each mood's row sums to 1. */
export type ActionsByMood = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface MoodAnswer {
  readonly votes: readonly Vote[]
  readonly signals: Signals
}

const VALUE: Readonly<Record<Mood, number>> = { angry: -1, unhappy: -0.5, neutral: 0, happy: 1 }

const HASTE = /急|赶紧|赶快|马上|立刻|立即|快点|尽快|\b(?:urgent(?:ly)?|asap|right now|right away|immediately|hurry|quickly)\b/
/** A mood speaks for an action that it makes this much likelier than it is over all moods. */
const LIFTED_FROM = 1.25
const MOST_VOTES = 5

/**
 * `probabilities` are calibrated, in the order of `moods`. Votes may be empty: a calm customer may want anything. A turn needs a person as far
 * as anger is likelier than not.
 */
export function moodAnswer(moods: readonly string[], probabilities: ArrayLike<number>, table: ActionsByMood, text: string): MoodAnswer {
  const p = Object.fromEntries(moods.map((mood, i) => [mood, probabilities[i] ?? 0]))
  const angry = p.angry ?? 0
  const mood = MOODS.reduce((sum, name) => sum + VALUE[name] * (p[name] ?? 0), 0)
  const signals = {
    mood: Math.min(1, Math.max(-1, mood)),
    urgency: Math.min(1, 0.5 * angry + (HASTE.test(text) ? 0.5 : 0)),
    handoff: Math.min(1, Math.max(0, 2 * angry - 1)),
  }
  return { votes: votesOf(moods, p, table), signals }
}

function votesOf(moods: readonly string[], p: Readonly<Record<string, number>>, table: ActionsByMood): readonly Vote[] {
  const chance = new Map<string, { sum: number; overall: number }>()
  for (const mood of moods)
    for (const [action, share] of Object.entries(table[mood] ?? {})) {
      const entry = chance.get(action) ?? { sum: 0, overall: 0 }
      chance.set(action, { sum: entry.sum + (p[mood] ?? 0) * share, overall: entry.overall + share / moods.length })
    }
  return [...chance]
    .filter(([, { sum, overall }]) => sum >= LIFTED_FROM * overall)
    .sort(([a, x], [b, y]) => y.sum - x.sum || (a < b ? -1 : 1))
    .slice(0, MOST_VOTES)
    .map(([action, { sum }]) => ({ action, confidence: sum }))
}
