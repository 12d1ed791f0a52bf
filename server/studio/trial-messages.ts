// What the engine and the process that tries ensembles say to each other.
import type { Config } from '../config.ts'
import type { NamedText } from './judge-messages.ts'
import type { TrialResult, Tried } from './trial.ts'

export type ToTrials =
  | { readonly type: 'start'; readonly config: Config; readonly shop: string }
  /** A set by its name, with its turns. */
  | { readonly type: 'open'; readonly set: string; readonly rows: string }
  | ({ readonly type: 'try'; readonly number: number; readonly set: string; readonly ensemble: NamedText } & Omit<Tried, 'ensemble'>)

export type FromTrials =
  /** Its voters are there: it can be told of sets. */
  | { readonly type: 'ready' }
  | { readonly type: 'progress'; readonly set: string; readonly step: 'asking the voters' | 'judging'; readonly share: number }
  | { readonly type: 'opened'; readonly set: string }
  /** A set that cannot be judged by, or the process as a whole where it names none. */
  | { readonly type: 'failed'; readonly set: string | null; readonly message: string }
  | { readonly type: 'tried'; readonly number: number; readonly result: TrialResult; readonly ms: number }
  | { readonly type: 'not-tried'; readonly number: number; readonly message: string }
