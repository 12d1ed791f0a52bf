// What a turn and its conversation say beside the votes, as numbers that the file can give a weight for each action. SPEC.md has the same list.
import type { Past } from '@parley/core/ports/ensemble.ts'
import type { Signals } from '@parley/plugin-sdk/vocabulary.ts'

export const SIGNALS = ['always', 'mood', 'urgency', 'handoff', 'turns', 'repeats', 'misses', 'fall'] as const
export type SignalName = (typeof SIGNALS)[number]

/** The name under which the breakdown lists it. */
export const shareName = (signal: SignalName): string => `signal:${signal}`

/** From here on more of it says nothing more. */
const MOST = { turns: 10, repeats: 3, misses: 3 } as const

/** Each 0 to 1, `mood` alone -1 to 1. `always` is 1: what the votes leave out of what there is. What was not told is 0 and adds nothing. `signals` are those of the ballots, joined. */
export function signalsOf({ mood, urgency, handoff }: Signals, past: Past): Readonly<Record<SignalName, number>> {
  return {
    always: 1,
    mood: mood ?? 0,
    urgency: urgency ?? 0,
    handoff: handoff ?? 0,
    turns: Math.min(past.turns, MOST.turns) / MOST.turns,
    repeats: Math.min(past.repeats, MOST.repeats) / MOST.repeats,
    misses: Math.min(past.misses, MOST.misses) / MOST.misses,
    // Moods lie 2 apart at most.
    fall: mood === undefined || past.mood === undefined ? 0 : Math.max(0, past.mood - mood) / 2,
  }
}
