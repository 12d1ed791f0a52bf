// Has everything in the outbox delivered: at least once, each webhook's events of one conversation in order. The log's mark says that there is something,
// and from where; a webhook's cursor how far it has come; a job delivers one event, and asks for the next before it ends. So whatever is killed when, the
// job that was under way, or the mark, is found again, and it goes on where the cursor stands. Text is read from the log at the moment of delivery and
// lies nowhere else.
//
// Of several nodes any may deliver: mark, cursors and jobs are theirs together, and one job of an event and webhook is there at a time. Who has appended asks
// for the first delivery; if that node died, another does (`takeOver`). What was asked for twice is sent once, since the cursor is looked at before.
import { Fault, isFault } from '@parley/core/faults.ts'
import { nameOf } from '@parley/core/holder.ts'
import type { ConversationKey, Epoch, Seq } from '@parley/core/ids.ts'
import { keyIn, WEBHOOK_KIND, webhookKind } from '@parley/core/jobs/kinds.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { JobRun, Jobs } from '@parley/core/ports/jobs.ts'
import type { Nodes } from '@parley/core/ports/nodes.ts'
import { erasedEvent, typeOf, type WebhookEvent, webhookEvent } from '@parley/core/webhooks/webhook-event.ts'
import type { Sent } from './send.ts'
import { type Webhook, wants } from './webhook.ts'
import type { Delivery, WebhookStore } from './webhook-store.ts'

export interface OutboxParts {
  readonly log: Pick<ConversationLog, 'outgoing' | 'outgoingFrom' | 'delivered' | 'head' | 'follow' | 'lastNode' | 'caughtUp'>
  readonly conversations: Pick<Conversations, 'read' | 'epoch'>
  readonly jobs: Jobs
  readonly store: WebhookStore
  readonly nodes: Pick<Nodes, 'isDead'>
  readonly clock: Clock
  readonly webhooks: readonly Webhook[]
  readonly send: (hook: Webhook, id: string, body: string, signal: AbortSignal) => Promise<Sent>
  readonly told: (delivery: Delivery) => void
  readonly broke: (error: unknown) => void
}

export interface Outbox {
  /** Webhooks of the shop want to hear of what is appended. */
  isWanted(shop: string): boolean
  /** An append that went into the outbox is durable. */
  appended(key: ConversationKey): void
  /** The conversation was erased: that is told, and nothing that lay in the outbox. */
  erased(key: ConversationKey): Promise<void>
  /** Takes up what the outbox holds since before the start, or since the queue was lost. */
  start(): Promise<void>
  /** Takes up what nodes have appended that are dead now, and may not have asked for. */
  takeOver(): Promise<void>
  /** Events of a conversation from `from` on are delivered again, in no order, as its log has them. Gives how many. Faults: UNKNOWN_WEBHOOK. */
  replay(hook: string, key: ConversationKey, from: Seq): Promise<number>
  /** All that was given up, as far as the deliveries are kept. Gives how many. Faults: UNKNOWN_WEBHOOK. */
  replayGivenUp(hook: string): Promise<number>
  /** Takes up nothing more; what is left is found again at the next start, or by another node. */
  close(): Promise<void>
}

/** Status of a receiver that is gone for good. */
const GONE = 410
/** Ends the id of a replay: it moves no cursor. */
const AGAIN = '/again'
/** How long a delivery waits until this node has read what another one has appended. */
const CAUGHT_UP_MS = 2_000

export function createOutbox(parts: OutboxParts): Outbox {
  const { log, conversations, jobs, store, nodes, clock, webhooks, broke } = parts
  const kinds = new Map(webhooks.map(({ id }) => [id, webhookKind(id)]))
  const kindOf = ({ id }: Webhook) => kinds.get(id)! // each has one
  const byShop = Map.groupBy(webhooks, hook => hook.shop)
  const hooksOf = (shop: string): readonly Webhook[] => byShop.get(shop) ?? []
  const hookOf = (id: string): Webhook => {
    const hook = webhooks.find(each => each.id === id)
    if (!hook) throw new Fault('UNKNOWN_WEBHOOK', { webhook: id })
    return hook
  }
  const lanes = createLanes()
  const moving = new Set<Promise<void>>()
  let isClosing = false
  const moveOn = (key: ConversationKey): Promise<void> => lanes.run(nameOf(key), () => move(key))
  function moveOnBehind(key: ConversationKey): Promise<void> {
    if (isClosing) return Promise.resolve()
    const mine = moveOn(key).catch(broke) // one that is damaged keeps no other from being told of
    moving.add(mine)
    return mine.finally(() => moving.delete(mine))
  }
  const unfollow = log.follow(({ key, isOutgoing, isOwn, node }) => {
    // Its writer gave up waiting for it, or died before this node has heard of it.
    if (isOutgoing && (isOwn || (node !== undefined && nodes.isDead(node)))) void moveOnBehind(key)
  })

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
    const from = await log.outgoingFrom(key)
    if (from === undefined) return
    const hooks = hooksOf(key.shop).filter(hook => store.offSince(hook.id) === undefined)
    const cursors = await Promise.all(hooks.map(async hook => Math.max((await store.cursor(hook.id, key)) ?? 0, from - 1)))
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
    // Where it goes on already, whoever has appended moves on.
    if (!(await log.delivered(key, upTo))) return
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
    if (seq > 0 && !id.endsWith(AGAIN) && (await isDone(hook, key, seq))) return moveOn(key)
    const event = store.offSince(hook.id) === undefined ? await eventFor(hook, key, seq) : undefined
    if (!event) {
      if ((await log.outgoingFrom(key)) !== undefined) await store.pass(hook.id, key, seq)
      return moveOn(key)
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
    // The next is asked for while this job is there still: whoever dies in between leaves one of them.
    if (isOver) await moveOn(key)
    if (!isTaken && !isGone) throw new Fault('WEBHOOK_FAILED', { webhook: hook.id, reason: sent.error ?? `it answers ${sent.status}` })
  }

  /**
   * It was asked for twice, or its run was taken up from a node that had sent it already. What was given up is sent all the same: somebody has asked for
   * it again by hand.
   */
  async function isDone(hook: Webhook, key: ConversationKey, seq: Seq): Promise<boolean> {
    if ((await log.head(key)).seq < seq) await log.caughtUp(key, CAUGHT_UP_MS)
    if ((await log.head(key)).seq < seq)
      throw new Fault('LOG_UNAVAILABLE', { reason: 'what is to be told of is not here yet', retryAfterMs: CAUGHT_UP_MS })
    const cursor = await store.cursor(hook.id, key)
    if (cursor === undefined || cursor < seq) return false
    const last = store
      .deliveries(hook.id, Number.MAX_SAFE_INTEGER)
      .find(kept => kept.seq === seq && kept.conversation === key.conversation && kept.shop === key.shop)
    return last?.outcome !== 'given-up'
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
    appended: key => void moveOnBehind(key),
    async erased(key) {
      for (const hook of hooksOf(key.shop)) if (wants(hook, 'conversation.erased')) await ask(hook, key, idOf(hook, key, 'erased'), 0)
      await moveOn(key)
    },
    async start() {
      await dropOthers()
      for await (const { key } of log.outgoing()) if (!isClosing) await moveOnBehind(key)
    },
    async takeOver() {
      for await (const { key } of log.outgoing()) {
        const node = await log.lastNode(key)
        if (!isClosing && node !== undefined && nodes.isDead(node)) await moveOnBehind(key)
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
      unfollow()
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
