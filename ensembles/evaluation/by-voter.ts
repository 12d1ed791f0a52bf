// What each voter does by itself, and beside the others: how often it votes, with whom, against whom, and how often rightly.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { JudgedTurn } from './outcome.ts'
import { rounded } from './resample.ts'

/** What one voter said of one turn. */
export interface FirstVote {
  readonly voter: string
  /** Its surest vote for an action of the shop; undefined where it abstained or named none. */
  readonly action: ActionId | undefined
}

export interface VoterFigures {
  readonly voter: string
  /** Share of turns that it votes on. */
  readonly coverage: number
  /** Share of turns that it and another voter vote on. */
  readonly overlap: number
  /** Share of turns that it votes on and another voter votes otherwise. */
  readonly conflict: number
  readonly right: number
  readonly wrong: number
  /** Share of its votes that are right; null where it never votes. */
  readonly precision: number | null
}

/** `votes`: by turn, of every voter. Voters by name. */
export function figuresByVoter(turns: readonly JudgedTurn[], votes: readonly (readonly FirstVote[])[]): readonly VoterFigures[] {
  const sums = new Map<string, { cast: number; beside: number; against: number; right: number }>()
  for (const [i, { right }] of turns.entries()) {
    const ofTurn = votes[i]! // one list a turn
    for (const { voter, action } of ofTurn) {
      const sum = sums.get(voter) ?? { cast: 0, beside: 0, against: 0, right: 0 }
      sums.set(voter, sum)
      if (action === undefined) continue
      const others = ofTurn.filter(other => other.voter !== voter && other.action !== undefined)
      sum.cast++
      if (others.length > 0) sum.beside++
      if (others.some(other => other.action !== action)) sum.against++
      if (action === right) sum.right++
    }
  }
  const share = (count: number): number => rounded(count / turns.length)
  return [...sums]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([voter, { cast, beside, against, right }]) => ({
      voter,
      coverage: share(cast),
      overlap: share(beside),
      conflict: share(against),
      right,
      wrong: cast - right,
      precision: cast === 0 ? null : rounded(right / cast),
    }))
}
