// What the sentiment voter says: how the customer feels, as signals, and through a learned table which actions people in that mood ask for.
import type { Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'

/** Worst first. */
export const MOODS = ['furious', 'unhappy', 'neutral', 'pleased', 'delighted'] as const
export type Mood = (typeof MOODS)[number]

/** P(action | mood); each mood's row sums to 1. */
export type ActionsByMood = Readonly<Record<string, Readonly<Record<string, number>>>>

export interface MoodAnswer {
  readonly votes: readonly Vote[]
  readonly signals: Signals
}

const VALUE: Readonly<Record<Mood, number>> = { furious: -1, unhappy: -0.5, neutral: 0, pleased: 0.5, delighted: 1 }
/** The words of models that releases before five steps have trained. */
const OLDER_WORDS: Readonly<Record<string, Mood>> = { angry: 'furious', happy: 'delighted' }

/** A mood speaks for an action that it makes this much likelier than it is over all moods. */
const LIFTED_FROM = 1.25
const MOST_VOTES = 5

/**
 * `probabilities` are calibrated, in the order of `moods`. Votes may be empty: a calm customer may want anything. A turn needs a person as far
 * as fury is likelier than not. `urgency`, 0 to 1, is absent where the model knows nothing of it.
 */
export function moodAnswer(
  moods: readonly string[],
  probabilities: ArrayLike<number>,
  table: ActionsByMood,
  urgency: number | undefined,
): MoodAnswer {
  const p = Object.fromEntries(moods.map((mood, i) => [mood, probabilities[i] ?? 0]))
  let mood = 0
  let furious = 0
  for (const [name, share] of Object.entries(p)) {
    const step = OLDER_WORDS[name] ?? (name as Mood) // a model knows no others
    mood += VALUE[step] * share
    if (step === 'furious') furious = share
  }
  const signals = {
    mood: Math.min(1, Math.max(-1, mood)),
    ...(urgency !== undefined && { urgency }),
    handoff: Math.min(1, Math.max(0, 2 * furious - 1)),
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
