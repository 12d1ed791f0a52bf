// What is kept of webhooks, for all nodes. How far a webhook has come in a conversation is a key of a bucket, asked of the server that leads it each time:
// any node may deliver next, and what it would know by hearsay could be old. It moves on only from what was read, so that nobody takes it back. Cursors are
// not removed: one that nobody moves for three days is dropped by the servers, and a delivery is given up after one. Deliveries and which webhooks are off
// are records (records.nats.ts); deliveries are written some at a time, so that they cost no message each.
import { setTimeout as delay } from 'node:timers/promises'
import { JetStreamApiError } from '@nats-io/jetstream'
import type { KV } from '@nats-io/kv'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey, Epoch, Seq } from '@parley/core/ids.ts'
import type { Delivery, WebhookStore } from '../webhooks/webhook-store.ts'
import { repeatWithin } from './nats.ts'
import type { NatsRecords } from './records.nats.ts'

/** `off` and webhook; `delivered`, webhook, node and place in the ring. */
export type WebhookKey = readonly [kind: 'off' | 'delivered', ...names: string[]]

export interface NatsWebhookParts {
  /** Key by webhook and conversation, value the seq. */
  readonly cursors: KV
  readonly records: NatsRecords<WebhookKey>
  /** This node's name. */
  readonly node: string
  /** Of the log: after a restore a seq may stand for another event. */
  readonly epoch: Epoch
  readonly broke: (error: unknown) => void
}

/** How long the servers keep a cursor that nobody moves. */
export const CURSOR_TTL_MS = 3 * 24 * 3_600_000

/** Deliveries that are told of, of each webhook. */
const MOST = 1_000
/** Deliveries in a record, and records of a webhook that a node writes one after the other. */
const IN_RECORD = 50
const RECORDS = MOST / IN_RECORD + 1
const WRITE_AFTER_MS = 500
/** How long it is tried. A new leader is elected within some ten seconds. */
const DECIDED_MS = 15_000
const PAUSE_MS = 100
const RETRY_AFTER_MS = 2_000
const WRONG_LAST_SEQUENCE = 10071

/** A record of the ring: the number of its first delivery, as this node has counted them. */
interface Kept {
  readonly first: number
  readonly list: readonly Delivery[]
}

export function createNatsWebhookStore({ cursors, records, node, epoch, broke }: NatsWebhookParts): WebhookStore {
  const keyOf = (hook: string, { shop, conversation }: ConversationKey): string => `${epoch}.${hook}.${shop}.${conversation}`
  /** Of each webhook the deliveries of the record that this node fills, and from where on they are not written yet. */
  const filling = new Map<string, { first: number; list: Delivery[]; isWritten: boolean }>()
  let timer: NodeJS.Timeout | undefined
  let writing: Promise<void> = Promise.resolve()

  const persist = <T>(work: () => Promise<T>): Promise<T> => repeatWithin(DECIDED_MS, work, RETRY_AFTER_MS)

  async function entryOf(key: string): Promise<{ readonly seq: Seq; readonly revision: number }> {
    const entry = await persist(() => cursors.get(key))
    return entry?.operation === 'PUT'
      ? { seq: Number(entry.string()), revision: entry.revision }
      : { seq: 0, revision: entry?.revision ?? 0 }
  }

  /** Never back: a replay of an early event repeats none of the later ones, nor does a node that was halted. */
  async function moveTo(hook: string, key: ConversationKey, seq: Seq): Promise<void> {
    const name = keyOf(hook, key)
    const until = performance.now() + DECIDED_MS
    for (;;) {
      const { seq: before, revision } = await entryOf(name)
      if (before >= seq) return
      try {
        await cursors.put(name, String(seq), { previousSeq: revision })
        return
      } catch (error) {
        if (error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE) continue // somebody has moved it, or this has
        if (performance.now() > until) {
          const reason = error instanceof Error ? error.message : String(error)
          throw new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
        }
        await delay(PAUSE_MS)
      }
    }
  }

  function fillingOf(hook: string) {
    const found = filling.get(hook)
    if (found) return found
    const mine = records.list(['delivered', hook, node]).map(([, value]) => value as Kept) // as `write` wrote it
    const first = Math.max(0, ...mine.map(kept => kept.first + IN_RECORD))
    const made = { first, list: [] as Delivery[], isWritten: true }
    filling.set(hook, made)
    return made
  }

  function note(delivery: Delivery): void {
    const into = fillingOf(delivery.hook)
    into.list.push(delivery)
    into.isWritten = false
    timer ??= setTimeout(() => write().catch(broke), WRITE_AFTER_MS)
  }

  /** What was noted until now, in one change. */
  function write(): Promise<void> {
    clearTimeout(timer)
    timer = undefined
    const change = async (): Promise<void> => {
      const fresh = [...filling].filter(([, { isWritten }]) => !isWritten)
      if (fresh.length === 0) return
      for (const [, into] of fresh) into.isWritten = true
      try {
        await records.change(within => {
          for (const [hook, { first, list }] of fresh)
            for (let from = 0; from < list.length; from += IN_RECORD) {
              const kept: Kept = { first: first + from, list: list.slice(from, from + IN_RECORD) }
              within.put(['delivered', hook, node, String((kept.first / IN_RECORD) % RECORDS)], kept)
            }
        })
      } catch (error) {
        for (const [, into] of fresh) into.isWritten = false // it goes with the next
        throw error
      }
      for (const [, into] of fresh)
        while (into.list.length >= IN_RECORD && into.isWritten) {
          into.list.splice(0, IN_RECORD)
          into.first += IN_RECORD
        }
    }
    writing = writing.catch(() => {}).then(change)
    return writing
  }

  /** Newest first, of all nodes. */
  function deliveries(hook: string, limit: number): readonly Delivery[] {
    const mine = filling.get(hook)
    const all = records
      .list(['delivered', hook])
      .filter(([[of], value]) => !(mine && of === node && (value as Kept).first >= mine.first)) // newer here
      .flatMap(([, value]) => (value as Kept).list) // as `write` wrote it
    return [...all, ...(mine?.list ?? [])].sort((a, b) => b.at - a.at || b.attempt - a.attempt).slice(0, Math.min(limit, MOST))
  }

  return {
    async cursor(hook, key) {
      const { seq } = await entryOf(keyOf(hook, key))
      return seq === 0 ? undefined : seq
    },
    async keep(delivery, cursor) {
      note(delivery)
      if (delivery.outcome === 'given-up') await write() // it is asked for again by what is kept of it
      if (cursor !== undefined) await moveTo(delivery.hook, delivery as unknown as ConversationKey, cursor) // it names one
    },
    pass: moveTo,
    forget: async () => {},
    deliveries,
    offSince: hook => (records.get(['off', hook]) as { readonly at: number } | undefined)?.at,
    switchOff: (hook, at) =>
      records.change(within => {
        if (at === null) within.remove(['off', hook])
        else within.put(['off', hook], { at })
      }),
    async all() {
      const kept: { hook: string; key: ConversationKey; seq: Seq }[] = []
      for await (const name of await cursors.keys(`${epoch}.>`)) {
        const [, hook = '', shop = '', conversation = ''] = name.split('.')
        const { seq } = await entryOf(name)
        if (seq > 0) kept.push({ hook, key: { shop, conversation } as unknown as ConversationKey, seq }) // as `keyOf` made it
      }
      const hooks = new Set([...records.list(['delivered']).map(([[hook = '']]) => hook), ...filling.keys()])
      return {
        cursors: kept,
        deliveries: [...hooks].flatMap(hook => deliveries(hook, MOST).toReversed()),
        off: records.list(['off']).map(([[hook = ''], value]) => ({ hook, at: (value as { readonly at: number }).at })), // as `switchOff` put it
      }
    },
    async take(kept) {
      for (const { hook, key, seq } of kept.cursors) await moveTo(hook, key, seq)
      if (records.list(['delivered']).length === 0) for (const delivery of kept.deliveries) note(delivery)
      await write()
      await records.change(within => {
        for (const { hook, at } of kept.off) within.put(['off', hook], { at })
      })
    },
    async close() {
      await write().catch(broke)
      await records.close()
    },
  }
}
