// Has everything in the outbox delivered: at least once, each webhook's events of one conversation in order. The log's mark says that there is something,
// and from where; a webhook's cursor how far it has come; a job delivers one event, and its end asks for the next. So whatever is killed when, the start
// finds the mark and goes on where the cursor stands. Text is read from the log at the moment of delivery and lies nowhere else.
import { Fault, isFault } from '@parley/core/faults.ts'
import { nameOf } from '@parley/core/holder.ts'
import type { ConversationKey, Epoch, Seq } from '@parley/core/ids.ts'
import { keyIn, WEBHOOK_KIND, webhookKind } from '@parley/core/jobs/kinds.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { JobRun, Jobs } from '@parley/core/ports/jobs.ts'
import { erasedEvent, typeOf, type WebhookEvent, webhookEvent } from '@parley/core/webhooks/webhook-event.ts'
import type { Sent } from './send.ts'
import { type Webhook, wants } from './webhook.ts'
import type { Delivery, WebhookStore } from './webhook-store.ts'

export interface OutboxParts {
  readonly log: Pick<ConversationLog, 'outgoing' | 'delivered' | 'head'>
  readonly conversations: Pick<Conversations, 'read' | 'epoch'>
  readonly jobs: Jobs
  readonly store: WebhookStore
  readonly clock: Clock
  readonly webhooks: readonly Webhook[]
  readonly send: (hook: Webhook, id: string, body: string, signal: AbortSignal) => Promise<Sent>
  readonly told: (delivery: Delivery) => void
  readonly broke: (error: unknown) => void
}

export interface Outbox {
  /** Webhooks of the shop want to hear of what is appended. */
  isWanted(shop: string): boolean
  /** An append that went into the outbox is durable; `first` is its first event. */
  appended(key: ConversationKey, first: Seq): void
  /** The conversation was erased: that is told, and nothing that lay in the outbox. */
  erased(key: ConversationKey): Promise<void>
  /** Takes up what the outbox holds since before the start. */
  start(): Promise<void>
  /** Events of a conversation from `from` on are delivered again, in no order, as its log has them. Gives how many. Faults: UNKNOWN_WEBHOOK. */
  replay(hook: string, key: ConversationKey, from: Seq): Promise<number>
  /** All that was given up, as far as the deliveries are kept. Gives how many. Faults: UNKNOWN_WEBHOOK. */
  replayGivenUp(hook: string): Promise<number>
  /** Asks for nothing more; what is left is found again at the next start. */
  close(): Promise<void>
}

/** Status of a receiver that is gone for good. */
const GONE = 410
/** Ends the id of a replay: it moves no cursor. */
const AGAIN = '/again'

export function createOutbox(parts: OutboxParts): Outbox {
  const { log, conversations, jobs, store, clock, webhooks, broke } = parts
  const kinds = new Map(webhooks.map(({ id }) => [id, webhookKind(id)]))
  const kindOf = ({ id }: Webhook) => kinds.get(id)! // each has one
  const byShop = Map.groupBy(webhooks, hook => hook.shop)
  const hooksOf = (shop: string): readonly Webhook[] => byShop.get(shop) ?? []
  const hookOf = (id: string): Webhook => {
    const hook = webhooks.find(each => each.id === id)
    if (!hook) throw new Fault('UNKNOWN_WEBHOOK', { webhook: id })
    return hook
  }
  /** What the log's outbox holds: each conversation with the first event that is to go, and the first of the last append. */
  const boxed = new Map<string, { from: Seq; lastFrom: Seq }>()
  const lanes = createLanes()
  const moving = new Set<Promise<void>>()
  let isClosing = false
  function moveOn(key: ConversationKey): Promise<void> {
    if (isClosing) return Promise.resolve()
    const mine = lanes.run(nameOf(key), () => move(key))
    moving.add(mine)
    return mine.finally(() => moving.delete(mine))
  }

  const idOf = (hook: Webhook, key: ConversationKey, what: Seq | 'erased'): string => `webhook/${hook.id}/${nameOf(key)}/${what}`
  const ask = (hook: Webhook, key: ConversationKey, id: string, seq: Seq): Promise<void> =>
    jobs.add({ id, kind: kindOf(hook), payload: { ...key, seq } })

  async function read(key: ConversationKey, after: Seq) {
    try {
      return await conversations.read(key, after)
    } catch (error) {
      if (isFault(error, 'CONVERSATION_ERASED')) return undefined
      throw error
    }
  }

  /** Asks for the next delivery of each webhook; with nothing left the conversation leaves the outbox. In its lane. */
  async function move(key: ConversationKey): Promise<void> {
    const held = boxed.get(nameOf(key))
    if (!held || isClosing) return
    const { from } = held
    const hooks = hooksOf(key.shop).filter(hook => store.offSince(hook.id) === undefined)
    const cursors = hooks.map(hook => Math.max(store.cursor(hook.id, key) ?? 0, from - 1))
    const found = await read(key, Math.min(...cursors, Number.MAX_SAFE_INTEGER))
    const { events, seq } = found ?? { events: [], seq: undefined }
    let isAllDone = true
    for (const [i, hook] of hooks.entries()) {
      const next = events.find(event => event.seq > (cursors[i] ?? 0) && wants(hook, typeOf(event)))
      if (!next) continue
      isAllDone = false
      await ask(hook, key, idOf(hook, key, next.seq), next.seq)
    }
    if (!isAllDone) return
    // Of what is erased nothing more is told: whatever its end, it is done with.
    const upTo = seq ?? (await log.head(key)).seq
    if (!(await log.delivered(key, upTo))) return
    // An append that became durable in this moment has put it in again.
    if (held.lastFrom > upTo) held.from = upTo + 1
    else boxed.delete(nameOf(key))
    await store.forget(
      hooksOf(key.shop).map(hook => hook.id),
      key,
    )
  }

  async function deliver(
    hook: Webhook,
    { id, payload, attempt, isLast, signal }: JobRun<{ shop: string; conversation: string; seq: Seq }>,
  ) {
    const key = keyIn(payload)
    const { seq } = payload
    const event = store.offSince(hook.id) === undefined ? await eventFor(hook, key, seq) : undefined
    if (!event) {
      if (boxed.has(nameOf(key))) await store.pass(hook.id, key, seq)
      return void moveOn(key).catch(broke)
    }
    const sent = await parts.send(hook, messageId(conversations.epoch, key, seq), JSON.stringify(event), signal)
    const isGone = sent.status === GONE
    const isTaken = sent.status !== null && sent.status >= 200 && sent.status < 300
    const isOver = isTaken || isGone || isLast
    const delivery: Delivery = {
      ...key,
      ...sent,
      hook: hook.id,
      seq,
      type: event.type,
      at: clock.now(),
      attempt,
      outcome: isTaken ? 'delivered' : isGone ? 'gone' : isLast ? 'given-up' : 'retried',
    }
    if (isGone) await store.switchOff(hook.id, clock.now())
    await store.keep(delivery, isOver && seq > 0 && !id.endsWith(AGAIN) ? seq : undefined)
    parts.told(delivery)
    if (isOver) moveOn(key).catch(broke)
    if (!isTaken && !isGone) throw new Fault('WEBHOOK_FAILED', { webhook: hook.id, reason: sent.error ?? `it answers ${sent.status}` })
  }
  for (const hook of webhooks) jobs.handle(kindOf(hook), run => deliver(hook, run))

  /** Jobs of webhooks that the configuration does not name any more would wait for ever. */
  async function dropOthers(): Promise<void> {
    const known = new Set(webhooks.map(hook => kindOf(hook).name))
    for (let after: string | undefined; ; ) {
      const page = await jobs.list({ limit: 1_000, ...(after !== undefined && { after }) })
      for (const { id, kind } of page.jobs) if (kind.startsWith(WEBHOOK_KIND) && !known.has(kind)) await jobs.cancel(id)
      if (page.next === null) return
      after = page.next
    }
  }

  async function eventFor(hook: Webhook, key: ConversationKey, seq: Seq): Promise<WebhookEvent | undefined> {
    if (seq === 0) return erasedEvent(key, clock.now())
    const event = (await read(key, seq - 1))?.events[0]
    return event && webhookEvent(key, event, hook.includeText)
  }

  return {
    isWanted: shop => byShop.has(shop),
    appended(key, first) {
      const held = boxed.get(nameOf(key))
      if (held) held.lastFrom = first
      else boxed.set(nameOf(key), { from: first, lastFrom: first })
      moveOn(key).catch(broke)
    },
    async erased(key) {
      for (const hook of hooksOf(key.shop)) if (wants(hook, 'conversation.erased')) await ask(hook, key, idOf(hook, key, 'erased'), 0)
      await moveOn(key)
    },
    async start() {
      await dropOthers()
      for await (const { key, from } of log.outgoing()) {
        const { lastFrom } = boxed.get(nameOf(key)) ?? { lastFrom: from }
        boxed.set(nameOf(key), { from, lastFrom })
        await moveOn(key).catch(broke) // one that is damaged keeps no other from being told of
      }
    },
    async replay(id, key, from) {
      const hook = hookOf(id)
      const found = await read(key, Math.max(0, from - 1))
      const events = (found?.events ?? []).filter(event => wants(hook, typeOf(event)))
      for (const { seq } of events) await ask(hook, key, `${idOf(hook, key, seq)}${AGAIN}`, seq)
      return events.length
    },
    async close() {
      isClosing = true
      await Promise.allSettled(moving)
    },
    async replayGivenUp(id) {
      const hook = hookOf(id)
      const given = store.deliveries(id, Number.MAX_SAFE_INTEGER).filter(({ outcome }) => outcome === 'given-up')
      for (const delivery of given) {
        const key = keyIn(delivery)
        await ask(hook, key, `${idOf(hook, key, delivery.seq)}${AGAIN}`, delivery.seq)
      }
      return given.length
    },
  }
}

/**
 * One for a message, whatever the attempt. With the store's epoch: after a restore a seq may stand for another event. Without a full stop: the signature is
 * made over text that full stops divide.
 */
const messageId = (epoch: Epoch, { shop, conversation }: ConversationKey, seq: Seq): string => `evt_${epoch}_${shop}_${conversation}_${seq}`
