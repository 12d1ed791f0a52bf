// What a report that is sent to a colleague holds: the figures of `parley ensemble evaluate`, `compare` or `tune`, and what they are of. Plain values alone.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Comparison } from './comparison/comparison.ts'
import type { Objection } from './comparison/gate.ts'
import type { Report } from './evaluation/report.ts'
import type { Method } from './tune/fit-calibration.ts'
import type { Tuned } from './tune/tune.ts'

/** What the figures are of, and how they came to be. */
export interface About {
  /** ISO 8601, UTC. */
  readonly made: string
  readonly release: string
  readonly shop: string
  readonly pack: string
  /** A file of turns, or turns of a log of so many milliseconds back. */
  readonly data: { readonly file: string; readonly sha256: string } | { readonly logMs: number }
  /** By name, as the command line calls them. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether it holds what customers wrote; else every text is empty. */
  readonly hasTexts: boolean
}

export interface EvaluationFile {
  readonly kind: 'evaluate'
  readonly about: About
  readonly evaluation: Evaluation
}
export interface ComparisonFile {
  readonly kind: 'compare'
  readonly about: About
  readonly comparison: Comparison
  readonly gate: GateResult
}
export interface TuneFile {
  readonly kind: 'tune'
  readonly about: About
  readonly tune: TuneResult
}
export type ReportFile = EvaluationFile | ComparisonFile | TuneFile

export interface Evaluation extends Report {
  /** Turns of which a voter failed or was late. */
  readonly incomplete: number
}

export interface GateResult {
  /** Null: as many as do may break. */
  readonly maxBroken: number | null
  /** Empty: the gate is open. */
  readonly against: readonly Objection[]
}

export interface TuneResult extends Omit<Tuned, 'file' | 'files' | 'methods'> {
  /** It was tuned from. */
  readonly from: string
  /** What was tuned. */
  readonly version: string
  /** Where it was written, if it was. */
  readonly written: string | null
  readonly incomplete: number
  /** Turns that answer what the bot had asked: nothing is learned of them. */
  readonly answers: number
  readonly voters: readonly TunedVoter[]
}

export interface TunedVoter {
  readonly voter: string
  /** Null: it was not heard. */
  readonly before: Readonly<Record<Language, number>> | null
  readonly weight: Readonly<Record<Language, number>>
  readonly method: Readonly<Record<Language, Method>>
  /** Its factors by action that are not 1. */
  readonly actions: Readonly<Record<string, number>>
}
