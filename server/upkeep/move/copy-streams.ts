// A replicated log as a folder: a node's copy, heard to the end that the streams have now, and then made a log of its own. It may be ended at any moment and
// run again; it goes on where it was.
import { join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Epoch, Seq } from '@parley/core/ids.ts'
import { openJetStreamLog } from '../../drivers/conversation-log.jetstream.ts'
import { naming, openStore, putTogether } from '../../drivers/lmdb-store.ts'
import { nameOf } from '../../drivers/log-ends.ts'
import { additionsIn, decodeMessage, prefixOf, shardOf } from '../../drivers/log-message.ts'
import { type LogReader, openLogReader } from '../../drivers/log-reader.lmdb.ts'
import { encodeHead } from '../../drivers/log-records.ts'
import { type Purpose, type StreamSettings, streamOf } from '../../drivers/log-streams.ts'
import { COPY, openLogTables } from '../../drivers/log-tables.ts'
import type { Nats } from '../../drivers/nats.ts'
import { messagesOf } from '../../drivers/stream-messages.ts'

/** Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED, STORAGE_FULL. What is damaged is copied as what is damaged. */
export async function copyStreams(
  folder: string,
  nats: Nats,
  settings: StreamSettings,
  purpose: Purpose,
  progress: (done: number, total: number) => void,
): Promise<Epoch> {
  const broken: unknown[] = []
  const log = await openJetStreamLog(folder, nats, settings, error => broken.push(error), { purpose, progress })
  await log.close()
  const worse = broken.find(error => !isFault(error, 'LOG_DAMAGED'))
  if (worse) throw worse
  return log.epoch
}

/**
 * Makes a log of its own of a node's copy, which nobody has open. What the copy knows to be damaged ends at an event that is not there, so that who reads
 * it is told so. Done again it changes nothing.
 */
export async function makeOwnLog(folder: string): Promise<void> {
  const root = openStore(folder)
  try {
    const tables = openLogTables(root)
    if (naming(join(folder, 'data.mdb'), () => tables.meta.get('kind')) !== COPY) return
    const positions = root.openDB({ name: 'positions', encoding: 'binary' })
    await positions.clearAsync()
    const rows = [...tables.meta.getRange()].map(({ key, value }) => [String(key), value] as const)
    await putTogether(root, 'the log', () => {
      for (const [row, value] of rows) {
        const [kind, shop, conversation] = row.split('/')
        if (kind === 'damaged' && shop !== undefined && conversation !== undefined) {
          const { seq } = JSON.parse(value) as { readonly seq: Seq } // as log-fold.ts wrote it
          tables.heads.put([shop, conversation], encodeHead({ seq, hash: Buffer.alloc(32) }))
        }
        if (row !== 'epoch') tables.meta.remove(row)
      }
    })
  } finally {
    await root.close()
  }
}

/**
 * Holds a copy against the streams: each is read once more from its beginning, and what it says last of a conversation has to be the end that the copy has.
 * Faults: STORE_DAMAGED.
 */
export async function compareWithStreams(
  copy: string,
  nats: Nats,
  { name, shards }: StreamSettings,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const log = openLogReader(copy)
  try {
    const inCopy = endsIn(log, shards)
    const total = log.countEvents()
    let events = 0
    for (let shard = 0; shard < shards; shard++) {
      const prefix = prefixOf(name, shard)
      const ends = new Map<string, { readonly seq: Seq; readonly told: string }>()
      for await (const { subject, data } of messagesOf(nats, streamOf(name, shard))) {
        const message = decodeMessage(subject.slice(prefix.length), data)
        for (const { key, first, end, records } of message ? additionsIn(message) : []) {
          if (first <= (ends.get(nameOf(key))?.seq ?? 0)) continue // another was faster: it does not stand
          ends.set(nameOf(key), { seq: end.seq, told: `${end.seq} ${Buffer.from(end.hash).toString('hex')}` })
          events += records.length
        }
        progress(events, total)
      }
      for (const [conversation, end] of inCopy[shard]!) {
        const there = ends.get(conversation)?.told
        if (end !== undefined && there !== end)
          throw new Fault('STORE_DAMAGED', {
            file: copy,
            reason: `${conversation} ends at ${end}, and in its stream at ${there ?? 'nothing'}`,
          })
        ends.delete(conversation)
      }
      const [more] = ends.keys()
      if (more) throw new Fault('STORE_DAMAGED', { file: copy, reason: `${more} is in its stream, and not in the copy` })
    }
  } finally {
    await log.close()
  }
}

/** By shard: each conversation's end; undefined where it is damaged. */
function endsIn(log: LogReader, shards: number): readonly Map<string, string | undefined>[] {
  const ends = Array.from({ length: shards }, () => new Map<string, string | undefined>())
  for (const key of log.conversations()) {
    let end: string | undefined
    try {
      const last = log.read(key).at(-1)
      end = last && `${last.seq} ${Buffer.from(last.hash).toString('hex')}`
    } catch (error) {
      if (!isFault(error, 'LOG_DAMAGED')) throw error
    }
    ends[shardOf(key, shards)]!.set(nameOf(key), end)
  }
  return ends
}
