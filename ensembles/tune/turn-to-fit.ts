// What an ensemble is fitted on: turns with their votes, of which it is known what they are about. Where the votes come from is no matter of this folder's.
import type { Past } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'

export interface TurnToFit {
  /** Turns with the same one are never on both sides of a split, and are drawn together. */
  readonly conversation: string | number
  readonly language: Language
  /** Signals are those of the ballots, joined. */
  readonly ballots: readonly Ballot[]
  readonly past?: Past
  /** Of the domain. */
  readonly right: ActionId
}

/** Of each turn, 0 to `count` - 1: conversations in an order by chance, dealt out one after the other. `random` gives numbers in [0, 1). */
export function foldsOf(turns: readonly TurnToFit[], count: number, random: () => number): readonly number[] {
  const conversations = [...new Set(turns.map(({ conversation }) => conversation))]
  for (let i = conversations.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1))
    ;[conversations[i], conversations[j]] = [conversations[j]!, conversations[i]!] // both are below the length
  }
  const foldOf = new Map(conversations.map((conversation, i) => [conversation, i % count]))
  return turns.map(({ conversation }) => foldOf.get(conversation)!) // every conversation has one
}
