// What a message is about, from what a model says of the whole of it and of each clause by itself. Every part's log-probabilities count by what kind of clause
// it is: a question more, what is denied less than nothing. The weights are of the language and not of a model: they name no action but courtesies and
// OUT_OF_SCOPE, and are learned from messages that the model had not seen (train/fit-clauses.ts).
import type { Clause } from './clauses.ts'
import { probabilitiesOf } from './probabilities.ts'
import { OUT_OF_SCOPE } from './rejection.ts'

export const CLAUSE_KINDS = [
  'whole',
  'wholeCourtesy',
  'clause',
  'first',
  'asks',
  'turns',
  'denied',
  'deniedLast',
  'firstCourtesy',
  'outOfScope',
  'agrees',
] as const
export type ClauseKind = (typeof CLAUSE_KINDS)[number]
export type ClauseWeights = Readonly<Record<ClauseKind, number>>

/** What is said beside a wish, and is one only where it stands alone. */
export const COURTESIES: ReadonlySet<string> = new Set(['GREETING', 'THANKS', 'GOODBYE', 'PRAISE'])
/** Less is no evidence against a class. */
const FLOOR = 1e-4

export interface Reading {
  /** By class, as all probabilities here. */
  readonly whole: ArrayLike<number>
  /** Fewer than two: the whole is all there is. */
  readonly clauses: readonly { readonly clause: Clause; readonly probabilities: ArrayLike<number> }[]
}

export function poolClauses(reading: Reading, classes: readonly string[], weights: ClauseWeights): Float64Array {
  const sums = new Float64Array(classes.length)
  for (const { logs, kinds } of partsOf(reading, classes)) {
    let weight = 0
    for (const [kind, value] of kinds) weight += weights[kind] * value
    for (let c = 0; c < sums.length; c++) sums[c]! += weight * logs[c]! // one a class
  }
  return probabilitiesOf(sums, 1)
}

export interface Part {
  /** By class. */
  readonly logs: Float64Array
  /** How much the part is of each kind that it is of. */
  readonly kinds: readonly (readonly [ClauseKind, number])[]
}

/** The whole, then the clauses where there are several. */
export function partsOf({ whole, clauses }: Reading, classes: readonly string[]): readonly Part[] {
  const courteous = classes.flatMap((name, i) => (COURTESIES.has(name) ? [i] : []))
  const courtesyOf = (p: ArrayLike<number>): number => courteous.reduce((sum, i) => sum + p[i]!, 0) // one a class
  const outOfScope = classes.indexOf(OUT_OF_SCOPE)
  const isOne = clauses.length < 2
  const first: Part = {
    logs: logsOf(whole),
    kinds: isOne
      ? [['whole', 1]]
      : [
          ['whole', 1],
          ['wholeCourtesy', courtesyOf(whole)],
        ],
  }
  if (isOne) return [first]
  return [
    first,
    ...clauses.map(({ clause, probabilities }): Part => {
      const { isFirst, isLast, asks, turns, isDenied } = clause
      const kinds: [ClauseKind, number][] = [
        ['clause', 1],
        ['first', isFirst ? 1 : 0],
        ['asks', asks ? 1 : 0],
        ['turns', turns ? 1 : 0],
        ['denied', isDenied ? 1 : 0],
        ['deniedLast', isDenied && isLast ? 1 : 0],
        ['firstCourtesy', isFirst ? courtesyOf(probabilities) : 0],
        ['outOfScope', probabilities[outOfScope] ?? 0],
        ['agrees', agreement(probabilities, whole)],
      ]
      return { logs: logsOf(probabilities), kinds: kinds.filter(([, value]) => value !== 0) }
    }),
  ]
}

/** How likely two draws, one of each, are the same class. */
function agreement(p: ArrayLike<number>, q: ArrayLike<number>): number {
  let sum = 0
  for (let c = 0; c < p.length; c++) sum += p[c]! * q[c]! // of the same classes
  return sum
}

function logsOf(p: ArrayLike<number>): Float64Array {
  const raised = Float64Array.from(p, value => Math.max(FLOOR, value))
  const total = raised.reduce((sum, value) => sum + value, 0)
  return raised.map(value => Math.log(value / total))
}
