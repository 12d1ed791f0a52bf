// What the pipeline needs of a shop: its catalogue, who votes in it, what errors cost it, what its templates may say of it. Made at the start.
import type { ActionId, Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { AgentCosts } from '../handoff/handover-cost.ts'
import type { ShopId } from '../ids.ts'
import type { EffectEntry, SlotEntry } from '../pack/pack.ts'
import type { Ensemble, Situation } from '../ports/ensemble.ts'
import type { Risks } from '../ports/risks.ts'
import type { Templates } from '../ports/templates.ts'
import type { VoterPool } from '../ports/voters.ts'

export interface ShopAction {
  /** The action's template where no vote names another. */
  readonly template: string
  /** Facts that its templates use. */
  readonly facts: readonly string[]
  /** What it asks the customer for, in this order. */
  readonly slots: readonly string[]
  readonly effect?: EffectEntry | undefined
  /** Which of two requests goes first: 0 (whenever) to 1 (now). */
  readonly urgency: number
  /** What `clarify` calls it. */
  readonly label: Readonly<Record<Locale, string>>
}

export interface Shop {
  readonly id: ShopId
  readonly actions: Readonly<Record<ActionId, ShopAction>>
  /** What actions ask for, by name. */
  readonly slots: Readonly<Record<string, SlotEntry>>
  /** With what a handover costs at no special hour, while nobody waits. */
  readonly situation: Situation
  /** Where a handover does not cost the same at all times. */
  readonly handover?: {
    readonly costs: AgentCosts
    /** Of the shop's day, 0 to 23; `at` in milliseconds since 1970. */
    readonly hourOf: (at: number) => number
  }
  readonly risks: Risks
  readonly templates: Templates
  /** Who votes now; a turn asks once, at its beginning, and ends with those. */
  readonly pools: () => readonly VoterPool[]
  /** What decides the next turn of a conversation, by its id; a turn asks once, at its beginning, and ends with that. */
  readonly ensemble: (conversation: string) => Ensemble
  /** Name, phone, hours and the like, for templates. */
  readonly about: Readonly<Record<string, string>>
  readonly defaultLocale: Locale
  /** Milliseconds that a customer waits for a person at most, as the shop promises. */
  readonly slaMs: number
  /** The pack's name and content hash. */
  readonly packVersion: string
}
