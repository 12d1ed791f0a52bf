// How one kind of service is spoken to: what a turn looks like to it, and what its answer says.
import type { Quote } from '@parley/core/ports/voters.ts'
import type { Question, Signals, Vote } from '@parley/plugin-sdk/vocabulary.ts'

export interface AskedTurn {
  /** Names the turn to the service and in its answer; nobody can read from it which turn of whom it is. */
  readonly turn: string
  /** As the customer wrote it, but for numbers that must not be kept. */
  readonly text: string
  readonly question: Question
  /** What was found in the shop's articles. */
  readonly quotes: readonly Quote[]
}

export type Reading =
  | {
      readonly isWellFormed: true
      readonly votes: readonly Vote[]
      readonly dropped: number
      readonly signals?: Signals
      /** What the service calls its version. */
      readonly reported?: string
      readonly tokens?: number
    }
  /** `isOfText`: another text may well be answered better, so that it says nothing of the service's health. */
  | { readonly isWellFormed: false; readonly reason: string; readonly isOfText: boolean; readonly tokens?: number }

export interface Dialect {
  readonly url: URL
  /** What names this way of asking: a change of it is another version of the voter. */
  readonly version: string
  /** The body of the request. */
  write(turn: AskedTurn): string
  read(body: string, turn: AskedTurn): Reading
  /** Whether another try may go better after this status, since it is asked otherwise from now on. */
  adapt?(status: number): boolean
  /** Tokens that a request and its answer may have cost, where the service does not say. Absent where none are counted. */
  estimate?(bytes: number): number
}

export const malformed = (reason: string, isOfText = false, tokens?: number): Reading => ({
  isWellFormed: false,
  reason,
  isOfText,
  ...(tokens !== undefined && { tokens }),
})
