// Who has a conversation: the bot, the queue, or one person. Part of custody: no rollback takes it back. A claim is one conditional append, so
// of any number of people who want it one has it, and the others are told who.
import type { ActionId, Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Logged } from '../conversation/event.ts'
import type { AgentId, Seq } from '../ids.ts'
import type { HandoffReason } from '../protocol/desk-message.ts'

export interface Agent {
  readonly id: AgentId
  /** What customers and colleagues see. */
  readonly name: string
}

/** Why a conversation waits, as it was when it entered the queue. */
export interface Wait {
  readonly reason: HandoffReason
  readonly action: ActionId
  /** 0 (whenever) to 1 (now): orders the queue. */
  readonly urgency: number
  readonly mood?: number
  /** How the mood has moved, -1 (growing angry) to 1. */
  readonly trend?: number
  readonly locale: Locale
}

/** `since`: milliseconds since 1970, the writing engine's clock. */
export type Owner =
  | { readonly with: 'bot' }
  /** `isOverdue`: it has waited longer than the shop promises. */
  | { readonly with: 'queue'; readonly since: number; readonly seq: Seq; readonly wait: Wait; readonly isOverdue?: true }
  | { readonly with: 'agent'; readonly since: number; readonly seq: Seq; readonly agent: Agent; readonly wait: Wait | null }

export const ownedByBot: Owner = { with: 'bot' }

export function foldOwner(owner: Owner, event: Logged): Owner {
  switch (event.type) {
    case 'queued':
      // Asked again while waiting: the place in line stays.
      return owner.with === 'queue' ? owner : { with: 'queue', since: event.at, seq: event.seq, wait: event.wait }
    case 'overdue':
      return owner.with === 'queue' ? { ...owner, isOverdue: true } : owner
    case 'claimed':
      return { with: 'agent', since: event.at, seq: event.seq, agent: event.agent, wait: owner.with === 'queue' ? owner.wait : null }
    case 'released':
      return ownedByBot
    default:
      return owner
  }
}
