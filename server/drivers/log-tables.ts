// The tables of the embedded log and how a conversation is read out of them: every hash is followed, and what does not follow is a fault that
// names the conversation and the seq. The driver reads so while it serves, and the doctor so in a store that it may not write to.
import { chainHash, genesisHash } from '@parley/core/conversation/chain.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { Database, RootDatabase } from 'lmdb'
import { decodeHead, decodeRecord, type HeadRecord } from './log-records.ts'

export type EventKey = [shop: string, conversation: string, seq: number]
export type HeadKey = [shop: string, conversation: string]

export interface LogTables {
  readonly events: Database<Buffer, EventKey>
  readonly heads: Database<Buffer, HeadKey>
  readonly meta: Database<string, string>
}

/** In a store that is open for reading alone a table that was never made is undefined, whatever lmdb-js's types say. */
export const openLogTables = (root: RootDatabase): LogTables => ({
  events: root.openDB({ name: 'events', encoding: 'binary' }),
  heads: root.openDB({ name: 'heads', encoding: 'binary' }),
  meta: root.openDB({ name: 'meta', encoding: 'string' }),
})

const damaged = (key: ConversationKey, seq: Seq, reason: string, options?: { readonly cause: unknown }): Fault =>
  new Fault('LOG_DAMAGED', { conversation: key.conversation, seq, reason }, options)

/** Where the conversation ends; seq 0 and its genesis if nothing is stored of it. An end that was wound back is damage, not a shorter log. */
export function endOf({ heads, events }: LogTables, key: ConversationKey): HeadRecord {
  const stored = heads.get([key.shop, key.conversation])
  const end = stored === undefined ? { seq: 0, hash: genesisHash(key) } : headIn(stored, key)
  if (events.doesExist([key.shop, key.conversation, end.seq + 1])) throw damaged(key, end.seq + 1, 'it stands behind the recorded end')
  return end
}

function headIn(stored: Buffer, key: ConversationKey): HeadRecord {
  try {
    return decodeHead(stored)
  } catch (cause) {
    throw damaged(key, 1, 'the record of its end cannot be read', { cause })
  }
}

/** The events with seq > after, each hash followed to the recorded end. Faults: LOG_DAMAGED. */
export function readChain(tables: LogTables, key: ConversationKey, after: Seq): StoredEnvelope[] {
  const end = endOf(tables, key)
  if (end.seq <= after) return []
  let hash = after === 0 ? genesisHash(key) : recordAt(tables, key, after).hash
  const found: StoredEnvelope[] = []
  for (let seq = after + 1; seq <= end.seq; seq++) {
    const stored = recordAt(tables, key, seq)
    hash = chainHash(hash, seq, stored)
    if (!equal(hash, stored.hash)) throw damaged(key, seq, 'its hash does not follow from the event before it')
    found.push(stored)
  }
  if (!equal(hash, end.hash)) throw damaged(key, end.seq, 'the end is not the one that was written')
  return found
}

function recordAt({ events }: LogTables, key: ConversationKey, seq: Seq): StoredEnvelope {
  const bytes = events.get([key.shop, key.conversation, seq])
  if (!bytes) throw damaged(key, seq, 'the event is missing')
  const record = decodeRecord(bytes, seq)
  if (!record) throw damaged(key, seq, 'its record cannot be read')
  return record
}

const equal = (a: Uint8Array, b: Uint8Array): boolean => Buffer.compare(a, b) === 0
