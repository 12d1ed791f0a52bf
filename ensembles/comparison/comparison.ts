// Everything that is said of two ensembles on the same turns, as one plain value.
import type { Compared } from '../evaluation/report.ts'
import type { Difference, Estimate } from '../evaluation/resample.ts'
import type { Changes } from './compare.ts'

/** A figure of both, and B's less A's. */
export interface Beside {
  readonly a: Estimate
  readonly b: Estimate
  readonly difference: Difference
}

export interface Comparison extends Changes {
  /** Versions. */
  readonly a: string
  readonly b: string
  /** Of the turns of which it is known what is right; null where these are of fewer than two conversations. */
  readonly figures: Readonly<Record<Compared, Beside>> | null
  /** Turns of which a voter failed or was late. */
  readonly incomplete: number
  /** Of a log: turns that no votes decided, such as an apology. They are in no figure. */
  readonly undecided: number
}
