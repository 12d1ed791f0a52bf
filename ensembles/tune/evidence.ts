// What each voter would add to each score at a weight of 1, and what was right: all that a fit of weights looks at.
import { NO_PAST } from '@parley/core/ports/ensemble.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from '../ensemble-file.ts'
import { joinSignals } from '../fuse.ts'
import { groundOf, type Reading } from '../ground.ts'
import { readBallot } from '../read-ballot.ts'
import { SIGNALS, signalsOf } from '../signals.ts'
import type { TurnToFit } from './turn-to-fit.ts'

export interface Evidence {
  readonly rows: number
  readonly voters: number
  readonly actions: number
  /** By action: the score before any vote. */
  readonly base: Float64Array
  /** By row, voter and action. Single precision: there are millions. */
  readonly shares: Float32Array
  /** By row: the voters that add something. */
  readonly cast: readonly (readonly number[])[]
  /** By row and signal, in the order of SIGNALS. */
  readonly signals: Float32Array
  /** By row: the place of the right action. */
  readonly right: Int32Array
}

/** `file`: of the prior and floor. `readingOf`: of a voter on a turn. */
export function evidenceOf(
  turns: readonly TurnToFit[],
  file: EnsembleFile,
  voters: readonly string[],
  domain: readonly ActionId[],
  readingOf: (voter: string, turn: number) => Reading,
): Evidence {
  const ground = groundOf(file, domain)
  const places = new Map(voters.map((voter, i) => [voter, i]))
  const actions = domain.length
  const shares = new Float32Array(turns.length * voters.length * actions)
  const signals = new Float32Array(turns.length * SIGNALS.length)
  const added = new Float64Array(actions)
  const cast = turns.map(({ ballots, past }, row) => {
    const said = signalsOf(joinSignals(ballots), past ?? NO_PAST)
    for (const [i, name] of SIGNALS.entries()) signals[row * SIGNALS.length + i] = said[name]
    const those = new Set<number>()
    for (const ballot of ballots) {
      const place = places.get(ballot.voter)
      if (place === undefined || !readBallot(ballot, ground, readingOf(ballot.voter, row), added)) continue
      const from = (row * voters.length + place) * actions
      // Of several under one name, the sum.
      for (let a = 0; a < actions; a++) shares[from + a]! += added[a]! // an entry an action
      those.add(place)
    }
    return [...those]
  })
  const right = Int32Array.from(turns, turn => ground.index.get(turn.right)!) // of the domain
  return { rows: turns.length, voters: voters.length, actions, base: ground.scores, shares, cast, signals, right }
}

/** Of some rows, the shares of all voters as those of one: what counts alike. */
export function summed({ rows, voters, actions, shares, cast, ...rest }: Evidence): Evidence {
  const sums = new Float32Array(rows * actions)
  for (let row = 0; row < rows; row++)
    for (const voter of cast[row]!) {
      const from = (row * voters + voter) * actions
      for (let a = 0; a < actions; a++) sums[row * actions + a]! += shares[from + a]! // of the same length
    }
  return { ...rest, rows, voters: 1, actions, shares: sums, cast: cast.map(those => (those.length > 0 ? [0] : [])) }
}
