// What is kept of webhooks, in an LMDB store of its own. Lost, it costs repetitions: the outbox in the log says what is to be delivered.
import { dirname } from 'node:path'
import { asConversationId, asShopId, type ConversationKey, type Seq } from '@parley/core/ids.ts'
import type { Database } from 'lmdb'
import type { Delivery, WebhookStore } from '../webhooks/webhook-store.ts'
import { flushFolder } from './flush-folder.ts'
import { lockFolder } from './folder-lock.ts'
import { commit, openStore } from './lmdb-store.ts'

/** Deliveries that are kept of each webhook. */
const MOST = 1_000

type CursorKey = [hook: string, shop: string, conversation: string]
type DeliveryKey = [hook: string, n: number]

/** Opens the store in `folder`, making it where there is none. Faults: DATA_IN_USE. */
export async function openLmdbWebhookStore(folder: string): Promise<WebhookStore> {
  const unlock = await lockFolder(folder)
  const root = openStore(folder)
  const cursors: Database<string, CursorKey> = root.openDB({ name: 'cursors', encoding: 'string' })
  const deliveries: Database<string, DeliveryKey> = root.openDB({ name: 'deliveries', encoding: 'string' })
  const off: Database<string, string> = root.openDB({ name: 'off', encoding: 'string' })
  for (const made of [folder, dirname(folder)]) flushFolder(made)
  const change = (work: () => void): Promise<void> => commit(root, "the webhooks' store", work)
  const keyOf = (hook: string, { shop, conversation }: ConversationKey): CursorKey => [hook, shop, conversation]
  const read = (hook: string, key: ConversationKey): Seq | undefined => {
    const text = cursors.get(keyOf(hook, key))
    return text === undefined ? undefined : Number(text)
  }
  /** Never back: a replay of an early event repeats none of the later ones. */
  const moveTo = (hook: string, key: ConversationKey, seq: Seq): void => {
    if (seq > (read(hook, key) ?? 0)) cursors.put(keyOf(hook, key), String(seq))
  }
  const range = (hook: string) => ({ start: [hook, 0] as DeliveryKey, end: [hook, Number.MAX_SAFE_INTEGER] as DeliveryKey })
  const newest = (hook: string) => ({ start: [hook, Number.MAX_SAFE_INTEGER] as DeliveryKey, end: [hook, 0] as DeliveryKey, reverse: true })
  const fresh = (): void => root.resetReadTxn() // reads see one moment until the turn of the loop ends

  function put(delivery: Delivery): void {
    const { hook } = delivery
    const [last] = deliveries.getKeys({ ...newest(hook), limit: 1 })
    const n = (last?.[1] ?? 0) + 1
    deliveries.put([hook, n], JSON.stringify(delivery))
    const [oldest] = deliveries.getKeys({ ...range(hook), limit: 1 })
    if (oldest && oldest[1] <= n - MOST) deliveries.remove(oldest)
  }

  return {
    async cursor(hook, key) {
      fresh()
      return read(hook, key)
    },
    keep: (delivery, cursor) =>
      change(() => {
        put(delivery)
        const key = { shop: asShopId(delivery.shop), conversation: asConversationId(delivery.conversation) }
        if (cursor !== undefined) moveTo(delivery.hook, key, cursor)
      }),
    pass: (hook, key, cursor) => change(() => moveTo(hook, key, cursor)),
    forget: (hooks, key) =>
      change(() => {
        for (const hook of hooks) cursors.remove(keyOf(hook, key))
      }),
    deliveries(hook, limit) {
      fresh()
      return [...deliveries.getRange({ ...newest(hook), limit })].map(({ value }) => JSON.parse(value) as Delivery) // as `keep` wrote it
    },
    offSince(hook) {
      fresh()
      const text = off.get(hook)
      return text === undefined ? undefined : Number(text)
    },
    switchOff: (hook, at) =>
      change(() => {
        if (at === null) off.remove(hook)
        else off.put(hook, String(at))
      }),
    async all() {
      fresh()
      return {
        cursors: [...cursors.getRange()].map(({ key: [hook, shop, conversation], value }) => ({
          hook,
          key: { shop: asShopId(shop), conversation: asConversationId(conversation) },
          seq: Number(value),
        })),
        deliveries: [...deliveries.getRange()].map(({ value }) => JSON.parse(value) as Delivery), // as `put` wrote it
        off: [...off.getRange()].map(({ key, value }) => ({ hook: key, at: Number(value) })),
      }
    },
    take: kept =>
      change(() => {
        for (const { hook, key, seq } of kept.cursors) moveTo(hook, key, seq)
        const isThere = deliveries.getKeysCount() > 0
        if (!isThere) for (const delivery of kept.deliveries) put(delivery)
        for (const { hook, at } of kept.off) off.put(hook, String(at))
      }),
    async close() {
      await root.close()
      unlock()
    },
  }
}
