// The types of a turn on its way. Each stage takes one and returns the next: two stages in the wrong order do not compile.
import type { Locale, Question } from '@parley/plugin-sdk/vocabulary.ts'
import type { CustomerId, Seq, ShopId } from '../ids.ts'
import type { Choice, Fusion } from '../ports/ensemble.ts'
import type { Fact } from '../ports/mesh.ts'
import type { Ballot } from '../ports/voters.ts'

/** The open turn as the log has it. */
export interface Received {
  readonly shop: ShopId
  readonly customer: CustomerId
  readonly turn: Seq
  readonly upTo: Seq
  /** One or more messages in a row, as the customer wrote them. */
  readonly texts: readonly string[]
  /** The locale of the conversation so far, or of the page; null when nothing is known. */
  readonly locale: Locale | null
}

export type Normalised = Received & { readonly question: Question }
/** One ballot for each voter that was asked, in the voters' order, whether it answered or not. */
export type Polled = Normalised & { readonly ballots: readonly Ballot[] }
export type Fused = Polled & { readonly fusion: Fusion }
export type Decided = Fused & { readonly choice: Choice; readonly template: string }
export type Enriched = Decided & { readonly facts: Readonly<Record<string, Fact>> }
export type Rendered = Enriched & { readonly reply: string }
