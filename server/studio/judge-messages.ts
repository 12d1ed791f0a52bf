// What the engine and the process that works out a report say to each other.
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { Config } from '../config.ts'
import type { Label } from '../label-store/label-store.ts'

/** A version by its text, so that nothing that happens to it meanwhile matters. */
export interface NamedText {
  readonly version: string
  readonly text: string
}

export type JudgeTask =
  | { readonly kind: 'evaluation'; readonly ensemble: NamedText; readonly rows: string }
  | { readonly kind: 'comparison'; readonly a: NamedText; readonly b: NamedText; readonly rows: string }
  /** The turns are asked for one batch after another. */
  | {
      readonly kind: 'log-comparison'
      readonly a: NamedText
      readonly b: NamedText
      readonly labels: readonly Label[]
      readonly days: number
    }

export interface StartJudging {
  readonly type: 'start'
  readonly config: Config
  readonly shop: string
  readonly task: JudgeTask
  /** What the set is called; of a log nothing. */
  readonly setName: string | null
  /** Where the result goes: with an ending for each of its files. */
  readonly into: string
}

export type ToJudge =
  | StartJudging
  /** The next turns of the log; none: that was all. */
  | { readonly type: 'turns'; readonly turns: readonly RecordedTurn[]; readonly share: number }
  | { readonly type: 'stop' }

export type FromJudge =
  | {
      readonly type: 'progress'
      readonly step: 'starting' | 'reading the log' | 'asking the voters' | 'judging' | 'comparing'
      readonly share: number
    }
  | { readonly type: 'more' }
  | { readonly type: 'done'; readonly turns: number }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** What is beside a report: the result, the file to send, and the conversations that either may quote, as a list of their names. */
export const ENDINGS = { result: '.result', html: '.html', conversations: '.conversations' } as const
