// Who is typing in each conversation now. In memory alone, and everyone with an end, so that whoever resumes in the midst of it is told what those
// know who have listened all the time, and nobody types for ever.
import type { Logged } from '../conversation/event.ts'

export type Typist = { readonly who: 'bot' | 'customer' } | { readonly who: 'agent'; readonly name: string }

/** `forMs`: what is left of it. */
export type Typing = Typist & { readonly forMs: number }

export interface Typists {
  /** For the usual time, or for what is left of it. */
  types(conversation: string, typist: Typist, now: number, forMs?: number): void
  /** Whoever has spoken types no longer, nor does who had the conversation and has it no more. */
  heard(conversation: string, events: readonly Logged[]): void
  of(conversation: string, now: number): readonly Typing[]
}

/** A sign of typing holds for so long. */
export const TYPING_MS = 5_000

const ENDS: Partial<Record<Logged['type'], Typist['who']>> = {
  message: 'customer',
  reply: 'bot',
  superseded: 'bot',
  agent_message: 'agent',
  released: 'agent',
}

interface Kept {
  readonly typist: Typist
  readonly until: number
}

export function createTypists(): Typists {
  /** The youngest sign stands last, so that what is over stands first. */
  const kept = new Map<string, readonly Kept[]>()

  function keep(conversation: string, now: readonly Kept[]): void {
    kept.delete(conversation)
    if (now.length > 0) kept.set(conversation, now)
  }

  function forget(now: number): void {
    for (const [conversation, all] of kept) {
      if (all.some(({ until }) => until > now)) return
      kept.delete(conversation)
    }
  }

  return {
    types(conversation, typist, now, forMs = TYPING_MS) {
      forget(now)
      const others = (kept.get(conversation) ?? []).filter(({ typist: { who } }) => who !== typist.who)
      keep(conversation, [...others, { typist, until: now + Math.min(forMs, TYPING_MS) }])
    },
    heard(conversation, events) {
      const all = kept.get(conversation)
      if (!all) return
      const ended = new Set(events.map(({ type }) => ENDS[type]))
      const rest = all.filter(({ typist: { who } }) => !ended.has(who))
      if (rest.length > 0) kept.set(conversation, rest)
      else kept.delete(conversation)
    },
    of: (conversation, now) =>
      (kept.get(conversation) ?? []).flatMap(({ typist, until }) => (until > now ? [{ ...typist, forMs: Math.ceil(until - now) }] : [])),
  }
}
