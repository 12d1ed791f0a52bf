// A decision as the log keeps it. What was weighed is numbers over the shop's actions, hundreds a turn, most of them the same for every action or every
// turn; named one by one they are nine tenths of what a turn writes, seals, hashes and flushes. Packed, each voter's shares are one row of doubles
// in the order of the domain; the scores are their sums and the ranking is their order, so neither is kept. What would not come back to the letter
// is left as it is: unpacking gives exactly what was packed.
import type { Ranked, Share, Situation } from '../ports/ensemble.ts'
import type { RecordedDecision } from './decision.ts'

type Weighed = Pick<RecordedDecision, 'ranking' | 'breakdown' | 'situation'>

interface PackedSituation {
  /** Actions with a blank between. */
  readonly domain: string
  readonly alwaysPerson: string
  /** Of a wrong answer, of asking back, of a handover. */
  readonly costs: readonly [number, number, number]
  /** In the order of the domain; null where none is given. */
  readonly severity: readonly (number | null)[]
  /** Hour and how many waited, where the cost of a handover went by them. */
  readonly handover?: readonly [number | null, number]
}

export type PackedDecision = Omit<RecordedDecision, keyof Weighed> & {
  readonly packed: PackedSituation & {
    /** Voter and its shares over the domain: little-endian doubles in base64. */
    readonly shares: readonly (readonly [voter: string, row: string])[]
  }
}

type KnownSituation = { readonly packed: PackedSituation; readonly indexOf: ReadonlyMap<string, number> } | 'unpackable'

const BYTES = 8

/** Of decisions made in one situation, which is one object for the life of a shop, or for as long as a handover costs the same there. */
const situations = new WeakMap<
  Situation,
  { readonly packed: PackedSituation; readonly indexOf: ReadonlyMap<string, number> } | 'unpackable'
>()

/** The decision itself where it does not have the form that packs. */
export function packDecision(decision: RecordedDecision): PackedDecision | RecordedDecision {
  const { ranking, breakdown, situation, ...rest } = decision
  const known = situations.get(situation) ?? packSituation(situation)
  situations.set(situation, known)
  if (known === 'unpackable') return decision
  const { domain } = situation
  const rows = breakdown.length / domain.length
  if (!Number.isInteger(rows) || rows === 0) return decision
  const shares: [string, string][] = []
  const scores = new Float64Array(domain.length)
  for (let row = 0; row < rows; row++) {
    const { voter } = breakdown[row * domain.length]! // rows · domain.length is its length, here and below
    const bytes = Buffer.allocUnsafe(domain.length * BYTES)
    for (let i = 0; i < domain.length; i++) {
      const entry = breakdown[row * domain.length + i]!
      if (entry.voter !== voter || entry.action !== domain[i]) return decision
      bytes.writeDoubleLE(entry.share, i * BYTES)
      scores[i] = row === 0 ? entry.share : scores[i]! + entry.share
    }
    shares.push([voter, bytes.toString('base64')])
  }
  return isRankingOf(ranking, scores, known.indexOf) ? { ...rest, packed: { ...known.packed, shares } } : decision
}

/** What a log has as a decision: packed, or as releases before packed ones wrote it. */
export function unpackDecision(kept: PackedDecision | RecordedDecision): RecordedDecision {
  if (!('packed' in kept)) return kept
  const { packed, ...rest } = kept
  const domain = packed.domain.split(' ')
  const breakdown: Share[] = []
  const scores: number[] = []
  for (const [voter, row] of packed.shares) {
    const bytes = Buffer.from(row, 'base64')
    for (const [i, action] of domain.entries()) {
      const share = bytes.readDoubleLE(i * BYTES)
      breakdown.push({ voter, action, share })
      scores[i] = scores[i] === undefined ? share : scores[i] + share
    }
  }
  const ranking = domain.map((action, i): Ranked => ({ action, score: scores[i]! })).sort(inOrder) // a row has every action
  return { ...rest, ranking, breakdown, situation: unpackSituation(packed, domain) }
}

/** As the port ranks: by score, and by id between equals. */
const inOrder = (a: Ranked, b: Ranked): number => b.score - a.score || (a.action < b.action ? -1 : 1)

function isRankingOf(ranking: readonly Ranked[], scores: Float64Array, indexOf: ReadonlyMap<string, number>): boolean {
  return (
    ranking.length === scores.length &&
    ranking.every((entry, i) => {
      const at = indexOf.get(entry.action)
      const before = ranking[i - 1]
      return at !== undefined && Object.is(entry.score, scores[at]) && (!before || inOrder(before, entry) < 0)
    })
  )
}

function packSituation(situation: Situation): KnownSituation {
  const { domain, alwaysPerson, costs, handover } = situation
  const packed: PackedSituation = {
    domain: domain.join(' '),
    alwaysPerson: alwaysPerson.join(' '),
    costs: [costs.wrongAnswer, costs.clarify, costs.handoff],
    severity: domain.map(action => costs.severity[action] ?? null),
    ...(handover && { handover: [handover.hour, handover.waiting] }),
  }
  const isWhole = JSON.stringify(unpackSituation(packed, packed.domain.split(' '))) === JSON.stringify(situation)
  return isWhole ? { packed, indexOf: new Map(domain.map((action, i) => [action, i])) } : 'unpackable'
}

function unpackSituation({ alwaysPerson, costs, severity, handover }: PackedSituation, domain: readonly string[]): Situation {
  const [wrongAnswer, clarify, handoff] = costs
  const given = domain.flatMap((action, i) => (severity[i] == null ? [] : [[action, severity[i]] as const]))
  return {
    domain,
    alwaysPerson: alwaysPerson === '' ? [] : alwaysPerson.split(' '),
    costs: { wrongAnswer, clarify, handoff, severity: Object.fromEntries(given) },
    ...(handover && { handover: { hour: handover[0], waiting: handover[1] } }),
  }
}
