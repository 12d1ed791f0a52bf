// Where conversations end, kept in memory for those that were written to lately: the next append is decided without asking the store.
import type { ConversationKey } from '@parley/core/ids.ts'
import type { AppendOptions } from '@parley/core/ports/conversation-log.ts'
import type { HeadRecord } from './log-records.ts'

/** The end of a conversation and what its last append said of it. */
export type End = HeadRecord & Readonly<AppendOptions>

/** Ids hold no stroke, so that no two conversations have one name. */
export const nameOf = ({ shop, conversation }: ConversationKey): string => `${shop}/${conversation}`

export interface RecentEnds<T> {
  get(name: string): T | undefined
  set(name: string, end: T): void
}

/** Holds at least the last `least` that were set or asked for, and at most twice as many: the older half goes at once. */
export function createRecentEnds<T extends HeadRecord>(least: number): RecentEnds<T> {
  let young = new Map<string, T>()
  let old = new Map<string, T>()
  function set(name: string, end: T): void {
    if (young.size >= least && !young.has(name)) [old, young] = [young, new Map()]
    young.set(name, end)
  }
  return {
    get(name) {
      const end = young.get(name)
      if (end) return end
      const kept = old.get(name)
      if (kept) set(name, kept)
      return kept
    },
    set,
  }
}
