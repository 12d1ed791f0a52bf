// Goes over every conversation of a log: the hash chain, the end, the owner, its key, and with the key the seal of every event. Serves
// nothing and mends nothing: it says of each conversation whether it is as it was written, and if not, where not.
import { isFault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import { openEnvelope } from '../conversations.ts'
import type { LogReader } from '../drivers/log-reader.lmdb.ts'
import type { VaultReader } from '../drivers/vault-reader.lmdb.ts'

export type Outcome =
  /** `isErased`: its key is destroyed, so that the chain alone could be followed. */
  | { readonly is: 'sound'; readonly seq: Seq; readonly hash: string; readonly isErased: boolean }
  | { readonly is: 'damaged'; readonly seq: Seq; readonly reason: string }

export interface Damage {
  readonly shop: string
  readonly conversation: string
  readonly seq: Seq
  readonly reason: string
}

export interface Findings {
  readonly conversations: number
  readonly events: number
  /** Sound conversations of which only the chain could be followed, since their key is destroyed. */
  readonly erased: number
  /** False where there were no keys to open the seals with. */
  readonly sealsOpened: boolean
  readonly damaged: readonly Damage[]
  /** Why conversations may be missing from all of this: the store has a hole. Null when none can be. */
  readonly lost: string | null
}

export interface ExamineOptions {
  /** Called for each conversation, in the order of the log. */
  readonly each?: (key: ConversationKey, outcome: Outcome) => void
  /** Called after each conversation with the events gone over so far. */
  readonly progress?: (events: number) => void
}

/** Without a vault the seals are not opened. Faults: EVENT_TOO_NEW: a later release wrote it, and this one cannot judge; STORE_DAMAGED. */
export function examine(log: LogReader, vault: VaultReader | undefined, { each, progress }: ExamineOptions = {}): Findings {
  let [conversations, events, erased] = [0, 0, 0]
  const damaged: Damage[] = []
  for (const key of log.conversations()) {
    const outcome = outcomeOf(log, vault, key)
    conversations++
    if (outcome.is === 'damaged') damaged.push({ ...key, seq: outcome.seq, reason: outcome.reason })
    else {
      events += outcome.seq
      if (outcome.isErased) erased++
    }
    each?.(key, outcome)
    progress?.(events)
  }
  return { conversations, events, erased, sealsOpened: vault !== undefined, damaged, lost: log.lost() ?? null }
}

function outcomeOf(log: LogReader, vault: VaultReader | undefined, key: ConversationKey): Outcome {
  try {
    const stored = log.read(key)
    const end = stored.at(-1)
    if (!end) return { is: 'damaged', seq: 1, reason: 'nothing is left of it but its name' }
    const isErased = vault !== undefined && openSeals(vault, key, stored) === 'erased'
    return { is: 'sound', seq: end.seq, hash: Buffer.from(end.hash).toString('hex'), isErased }
  } catch (error) {
    if (isFault(error, 'LOG_DAMAGED')) return { is: 'damaged', seq: error.details.seq, reason: error.details.reason }
    if (error instanceof UnknownKey) return { is: 'damaged', seq: 1, reason: error.message }
    throw error
  }
}

class UnknownKey extends Error {}

/** Faults: LOG_DAMAGED, EVENT_TOO_NEW. */
function openSeals(vault: VaultReader, key: ConversationKey, stored: readonly StoredEnvelope[]): 'opened' | 'erased' {
  const found = vault.keyOf(key)
  if (found.is === 'destroyed') return 'erased'
  if (found.is === 'nobodys') throw new UnknownKey('nobody is known to own it')
  if (found.is !== 'kept') throw new UnknownKey(`the key of customer ${found.customer} is ${found.is}`)
  for (const envelope of stored) openEnvelope(envelope, key, found.cipher)
  return 'opened'
}
