// How a shop's turns change from week to week: counts of each week that add up, and how far its mix of actions has moved. Pure.
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { firstVote } from './evaluation/variants.ts'

/** Of the turns that were decided in one week. Names nobody and quotes nobody. */
export interface WeekTally {
  turns: number
  askedBack: number
  /** Out of doubt. */
  handedOver: number
  /** An action that a person always takes, or a risk. */
  byRule: number
  /** The dialogue went back to before it: since an agent or the operator wanted so, and since the customer did. */
  takenBack: number
  recalled: number
  /** Of turns that votes decided. */
  confidence: { turns: number; sum: number }
  readonly voters: Record<string, { turns: number; agreed: number }>
  readonly actions: Record<ActionId, number>
}

export const emptyWeek = (): WeekTally => ({
  turns: 0,
  askedBack: 0,
  handedOver: 0,
  byRule: 0,
  takenBack: 0,
  recalled: 0,
  confidence: { turns: 0, sum: 0 },
  voters: {},
  actions: {},
})

/** Adds one turn. `by`: who has taken the dialogue back to before it. */
export function tally(week: WeekTally, decision: RecordedDecision, by: 'customer' | 'other' | null): void {
  const { action, disposition, situation, wait, votes, confidence } = decision
  week.turns++
  week.actions[action] = (week.actions[action] ?? 0) + 1
  if (disposition === 'clarify') week.askedBack++
  if (disposition === 'handoff') week[situation.alwaysPerson.includes(action) || wait?.reason === 'risk' ? 'byRule' : 'handedOver']++
  if (by === 'other') week.takenBack++
  if (by === 'customer') week.recalled++
  if (votes.length === 0) return
  week.confidence.turns++
  week.confidence.sum += confidence
  for (const ballot of votes) {
    const first = firstVote(ballot, situation.domain)
    if (!first) continue
    const voter = week.voters[ballot.voter] ?? { turns: 0, agreed: 0 }
    week.voters[ballot.voter] = voter
    voter.turns++
    if (first.action === action) voter.agreed++
  }
}

/** Fewer turns than these make a mix that moves by chance alone. */
const LEAST_BEFORE = 100
const LEAST_NOW = 50
/** What every action has beside its turns, so that one that is new, or gone, counts and does not outweigh all others. */
const EVEN = 0.5

/**
 * Population stability index of two mixes of actions, counts by action: the sum over actions of (q - p) ln(q / p). 0 where they are alike; 0.1 is
 * commonly taken for little, 0.25 for much. Null where one of them has too few turns.
 */
export function stabilityOf(before: Readonly<Record<ActionId, number>>, now: Readonly<Record<ActionId, number>>): number | null {
  const actions = [...new Set([...Object.keys(before), ...Object.keys(now)])]
  const total = (mix: Readonly<Record<ActionId, number>>): number => Object.values(mix).reduce((sum, count) => sum + count, 0)
  if (total(before) < LEAST_BEFORE || total(now) < LEAST_NOW) return null
  const share = (mix: Readonly<Record<ActionId, number>>, action: ActionId): number =>
    ((mix[action] ?? 0) + EVEN) / (total(mix) + EVEN * actions.length)
  return actions.reduce((sum, action) => {
    const [p, q] = [share(before, action), share(now, action)]
    return sum + (q - p) * Math.log(q / p)
  }, 0)
}

/** All of them together. */
export function mixOf(weeks: readonly Pick<WeekTally, 'actions'>[]): Readonly<Record<ActionId, number>> {
  const mix: Record<ActionId, number> = {}
  for (const { actions } of weeks) for (const [action, count] of Object.entries(actions)) mix[action] = (mix[action] ?? 0) + count
  return mix
}

const DAY_MS = 86_400_000
/** 1970 began on a Thursday. */
const FIRST_MONDAY = 4

/** The Monday of the week of a date, both as midnight UTC of the calendar's day, in milliseconds since 1970. */
export const mondayOf = (day: number): number => {
  const days = Math.floor(day / DAY_MS)
  return (days - ((((days - FIRST_MONDAY) % 7) + 7) % 7)) * DAY_MS
}
