// What a voter's confidences are worth, by voter and language: a temperature, or a line that only rises (isotonic), whichever tells more of turns that it was
// not fitted on; nothing where neither does, or where there are too few votes to tell.
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Knot } from '../calibrate.ts'
import { type Ground, readingOf } from '../ground.ts'
import { readBallot, surestVote } from '../read-ballot.ts'

/** One ballot of the voter, cast and of the domain at least in part, with what its turn was about. */
export interface Cast {
  readonly ballot: Ballot
  readonly right: ActionId
}

export interface Calibration {
  readonly temperature: number
  readonly knots: readonly Knot[]
}

export type Method = 'none' | 'temperature' | 'isotonic'

export const AS_IT_SAYS: Calibration = { temperature: 1, knots: [] }

/** Fewer ballots say too little of a temperature; fewer votes too little of a line. */
const LEAST = { temperature: 50, isotonic: 200 } as const
/** More add nothing to one number. */
const MOST = 1_500
const TEMPERATURES = { least: 0.2, most: 8 } as const
/** In nats a ballot: a calibration that gains less is left out. */
const WORTHWHILE = 0.002

/** What is learned of how to read a voter, from its ballots of a language. */
export interface Voices {
  readonly cast: readonly Cast[]
  readonly ground: Ground
  /** As `restOver` and `mistakesOver` give them. */
  readonly rest: Float64Array
  readonly mistakes: ReadonlyMap<ActionId, Float64Array>
}

/** Halves of the ballots are taken in turn, even and odd: what is fitted on one is tried on the other. */
export function chooseMethod(voices: Voices): Method {
  const some = thinned(voices.cast)
  if (some.length < LEAST.temperature) return 'none'
  const half = (n: number): Voices => ({ ...voices, cast: some.filter((_, i) => i % 2 === n) })
  const halves = [half(0), half(1)] as const
  const tried = (method: Method, [fitted, other]: readonly [Voices, Voices]): number =>
    lossOf(other, fitCalibration(method, fitted)) * other.cast.length
  const lossWith = (method: Method): number => tried(method, halves) + tried(method, [halves[1], halves[0]])
  let [best, least] = ['none' as Method, lossWith('none') - WORTHWHILE * some.length]
  for (const method of ['temperature', 'isotonic'] as const) {
    const loss = votesIn(some, voices.ground).length < LEAST[method] ? Number.POSITIVE_INFINITY : lossWith(method)
    if (loss < least) [best, least] = [method, loss]
  }
  return best
}

export function fitCalibration(method: Method, voices: Voices): Calibration {
  switch (method) {
    case 'none':
      return AS_IT_SAYS
    case 'temperature':
      return { temperature: fitTemperature({ ...voices, cast: thinned(voices.cast) }), knots: [] }
    case 'isotonic':
      return { temperature: 1, knots: risingLine(votesIn(voices.cast, voices.ground)) }
  }
}

/** Counted beside the ballots that have none of their votes right: so many that are right as by the prior. */
const HELD = 20
/** So near to the prior it is left to the prior. */
const LITTLE = 0.25

/** How often each action is right where none of the voter's votes is; those that never were, or as the prior has it, are not named. */
export function learnRest(cast: readonly Cast[], { domain, prior }: Ground): Record<ActionId, number> {
  const missed = cast.filter(({ ballot, right }) => ballot.votes.every(({ action }) => action !== right))
  const counts = Map.groupBy(missed, ({ right }) => right)
  return Object.fromEntries(
    domain.flatMap((action, i) => {
      const count = counts.get(action)?.length ?? 0
      const share = Math.floor((1e4 * (count + HELD * prior[i]!)) / (missed.length + HELD)) / 1e4 // a prior an action
      return count === 0 || Math.abs(share / prior[i]! - 1) < LITTLE ? [] : [[action, share] as const]
    }),
  )
}

/** Ballots with the same surest vote, none of them right, before anything is learned of it; and of those, with the same action right. */
const LEAST_MISTAKES = { all: 8, same: 2 } as const

/** The same by the action of the surest vote; pulled towards `rest` by as many as there. */
export function learnMistakes(
  cast: readonly Cast[],
  { domain, index }: Ground,
  rest: Float64Array,
): Record<ActionId, Record<ActionId, number>> {
  const missed = cast.filter(({ ballot, right }) => ballot.votes.every(({ action }) => action !== right))
  const bySaid = Map.groupBy(missed, ({ ballot }) => surestVote(ballot.votes, index)?.action)
  const learned = domain.flatMap(said => {
    const those = bySaid.get(said) ?? []
    if (those.length < LEAST_MISTAKES.all) return []
    const counts = Map.groupBy(those, ({ right }) => right)
    const shares = domain.flatMap((action, i) => {
      const count = counts.get(action)?.length ?? 0
      const share = Math.floor((1e4 * (count + HELD * rest[i]!)) / (those.length + HELD)) / 1e4 // a rest an action, here and below
      return count < LEAST_MISTAKES.same || Math.abs(share / rest[i]! - 1) < LITTLE ? [] : [[action, share] as const]
    })
    return shares.length === 0 ? [] : [[said, Object.fromEntries(shares)] as const]
  })
  return Object.fromEntries(learned)
}

function thinned(cast: readonly Cast[]): readonly Cast[] {
  const step = Math.max(1, cast.length / MOST)
  return Array.from({ length: Math.min(cast.length, MOST) }, (_, i) => cast[Math.floor(i * step)]!) // an index below the length
}

/** Least loss by golden section over the logarithm: the loss has one valley. To two places. */
function fitTemperature(voices: Voices): number {
  const lossAt = (log: number): number => lossOf(voices, { temperature: Math.exp(log), knots: [] })
  const golden = (Math.sqrt(5) - 1) / 2
  let [from, to] = [Math.log(TEMPERATURES.least), Math.log(TEMPERATURES.most)]
  let [left, right] = [to - golden * (to - from), from + golden * (to - from)]
  let [lossLeft, lossRight] = [lossAt(left), lossAt(right)]
  while (to - from > 0.02) {
    if (lossLeft < lossRight) {
      ;[to, right, lossRight] = [right, left, lossLeft]
      left = to - golden * (to - from)
      lossLeft = lossAt(left)
    } else {
      ;[from, left, lossLeft] = [left, right, lossRight]
      right = from + golden * (to - from)
      lossRight = lossAt(right)
    }
  }
  return Math.round(Math.exp((from + to) / 2) * 100) / 100
}

/** Mean loss of what the voter says by itself, in nats. */
export function lossOf({ cast, ground, rest, mistakes }: Voices, { temperature, knots }: Calibration): number {
  const reading = readingOf(knots, temperature, rest, mistakes, ground.prior)
  const added = new Float64Array(ground.domain.length)
  let loss = 0
  for (const { ballot, right } of cast) {
    const at = ground.index.get(right)! // of the domain, as is what is said of it
    loss -= ground.scores[at]! + (readBallot(ballot, ground, reading, added) ? added[at]! : 0)
  }
  return cast.length === 0 ? 0 : loss / cast.length
}

interface Told {
  readonly confidence: number
  readonly isRight: boolean
}

const votesIn = (cast: readonly Cast[], { index }: Ground): readonly Told[] =>
  cast.flatMap(({ ballot, right }) =>
    ballot.votes.filter(({ action }) => index.has(action)).map(({ action, confidence }) => ({ confidence, isRight: action === right })),
  )

/** Knots at most, and votes behind each at least. */
const LINE = { knots: 20, votes: 15 } as const
/** No vote is worth nothing or everything: a few more that were right or wrong would have shown it. */
const EDGE = 0.002

/** Pools neighbours that fall (PAVA) or are few; a knot stands at the mean confidence of a pool. */
function risingLine(told: readonly Told[]): readonly Knot[] {
  interface Pool {
    votes: number
    confidence: number
    right: number
  }
  const least = Math.max(LINE.votes, Math.ceil(told.length / LINE.knots))
  const worth = ({ right, votes }: Pool): number => (right + 0.5) / (votes + 1)
  const pools: Pool[] = []
  const join = (): void => {
    const [last, before] = [pools.pop()!, pools.at(-1)!] // there are two
    before.votes += last.votes
    before.confidence += last.confidence
    before.right += last.right
  }
  const sorted = told.toSorted((a, b) => a.confidence - b.confidence)
  for (const [i, { confidence, isRight }] of sorted.entries()) {
    const open = pools.at(-1)
    // Those of one confidence stay together.
    if (open && (open.votes < least || sorted[i - 1]!.confidence === confidence)) {
      open.votes++
      open.confidence += confidence
      if (isRight) open.right++
    } else pools.push({ votes: 1, confidence, right: isRight ? 1 : 0 })
  }
  if (pools.length > 1 && pools.at(-1)!.votes < least) join()
  const rising: Pool[] = []
  for (const pool of pools) {
    rising.push({ ...pool })
    for (;;) {
      const [before, last] = [rising.at(-2), rising.at(-1)!] // one was pushed
      if (!before || worth(before) < worth(last)) break
      rising.pop()
      before.votes += last.votes
      before.confidence += last.confidence
      before.right += last.right
    }
  }
  const knots: Knot[] = []
  for (const pool of rising) {
    const knot = [places(pool.confidence / pool.votes), places(Math.min(1 - EDGE, Math.max(EDGE, worth(pool))))] as const
    const before = knots.at(-1)
    if (!before || (knot[0] > before[0] && knot[1] >= before[1])) knots.push(knot)
  }
  return knots
}

const places = (value: number): number => Math.round(value * 1e4) / 1e4
