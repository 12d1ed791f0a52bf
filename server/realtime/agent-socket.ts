// One agent's connection: the queue of the shop, and the conversations that the agent watches. The same session as a customer's, and the same signs;
// who the agent is was settled when the connection was made.

import type { Effect } from '@parley/core/effects/effects.ts'
import type { Engine } from '@parley/core/engine.ts'
import { Fault } from '@parley/core/faults.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import type { Typing, Typist } from '@parley/core/handoff/typists.ts'
import { asConversationId, type ConversationKey, type Epoch, type MessageRef, type Seq, type ShopId } from '@parley/core/ids.ts'
import type { FanOut, Sign } from '@parley/core/ports/fan-out.ts'
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import type { DeskMessage, DeskRequest, PluginOff, RollbackEffect } from '@parley/core/protocol/desk-message.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { parseDeskFrame } from '@parley/core/protocol/parse-frame.ts'
import type { Corrections } from '../label-store/corrections.ts'
import { type Connection, createSession, type Session, type SessionParts, type Wire } from './session.ts'

export interface AgentSocketParts extends SessionParts {
  readonly engine: Pick<Engine, 'desk' | 'queue' | 'seen' | 'state' | 'types' | 'typing' | 'rollback' | 'previewRollback'>
  readonly fanOut: Pick<FanOut, 'subscribe'>
  readonly epoch: Epoch
  /** Name of the shop, and the locale of what is told of its orders. */
  readonly aboutShop: (shop: ShopId) => { readonly name: string; readonly locale: 'zh-CN' | 'en' }
  /** The shop's plugins that are not asked now. */
  readonly pluginsOff: (shop: ShopId) => readonly PluginOff[]
  /** What agents say turns were about. */
  readonly corrections: Corrections
  /** True while the agent's account and session stand; asked again while the connection lives. Rejects where nobody knows: LOG_UNAVAILABLE. */
  readonly isAdmitted: () => Promise<boolean>
}

export interface AgentIdentity extends Agent {
  readonly shop: ShopId
  readonly isSupervisor: boolean
}

/** A conversation that the agent follows. */
interface Watch {
  readonly key: ConversationKey
  unsubscribe: () => void
  sentUpTo: Seq
  /** Null while it is being read: what comes then waits here. */
  early: Sign[] | null
}

/** The whole queue is told at least this often, so that a console that missed a change is right again. */
const RECONCILE_MS = 5_000
/** Conversations that one console may follow. */
const MOST_WATCHED = 100

export function createAgentSocket(wire: Wire, agent: AgentIdentity, parts: AgentSocketParts): Connection {
  const { engine, fanOut, clock, corrections } = parts
  const watches = new Map<string, Watch>()
  let endQueue = (): void => {}
  const session: Session<DeskMessage> = createSession<DeskRequest, DeskMessage>(wire, parts, {
    parse: parseDeskFrame,
    take,
    ended() {
      endQueue()
      for (const watch of watches.values()) watch.unsubscribe()
    },
  })
  const { send, refuse } = session
  let hasJoined = false
  /** What was told last of plugins that are off. */
  let toldOff = '[]'

  const by = { kind: 'agent', agent: { id: agent.id, name: agent.name }, isSupervisor: agent.isSupervisor } as const

  const keyOf = (conversation: string): ConversationKey => ({ shop: agent.shop, conversation: asConversationId(conversation) })

  function take(message: DeskRequest): void {
    if (!hasJoined) {
      if (message.type !== 'hello') return refuse(new Fault('HELLO_EXPECTED', { type: message.type }))
      return join()
    }
    if (message.type === 'hello') return refuse(new Fault('HELLO_TWICE', {}))
    if (message.type === 'ping' || message.type === 'pong') return // the session's
    if (message.type === 'actions') return send({ type: 'actions', actions: [...corrections.actionsOf(agent.shop)] })
    const { conversation } = message
    const about = { conversation, ...('ref' in message && { ref: message.ref }) }
    act(message, keyOf(conversation)).catch(error => refuse(error, about))
  }

  function join(): void {
    hasJoined = true
    session.admit()
    const { id, name, shop, isSupervisor } = agent
    send({
      type: 'welcome',
      protocol: PROTOCOL,
      epoch: parts.epoch,
      heartbeatMs: LIMITS.heartbeatMs,
      agent: { id, name, isSupervisor },
      shop: { id: shop, name: parts.aboutShop(shop).name },
    })
    const tell = (): void => {
      send({ type: 'queue', ...queueNow() })
      if (isSupervisor) tellPlugins()
    }
    const unsubscribe = engine.queue.subscribe(shop, view => send({ type: 'queue', version: view.version, items: [...view.items] }))
    let cancel = (): void => {}
    const reconcile = (): void => {
      cancel = clock.after(RECONCILE_MS, () => {
        parts.isAdmitted().then(isAdmitted => (isAdmitted ? tell() : refuse(new Fault('TOKEN_EXPIRED', {}))), leaveInDoubt)
        reconcile()
      })
    }
    endQueue = () => {
      unsubscribe()
      cancel()
    }
    tell()
    reconcile()
  }

  /** The session may be as good as before: another node may know it, or this one again soon. Nobody has to sign in for that. */
  function leaveInDoubt(error: unknown): void {
    refuse(error)
    session.close(CLOSE.GOING_AWAY, 'who has signed in is not known here now')
  }

  function tellPlugins(): void {
    const off = parts.pluginsOff(agent.shop)
    const now = JSON.stringify(off)
    if (now === toldOff) return
    toldOff = now
    send({ type: 'plugins', off: [...off] })
  }

  function queueNow() {
    const { version, items } = engine.queue.view(agent.shop)
    return { version, items: [...items] }
  }

  async function act(message: Exclude<DeskRequest, { type: 'hello' | 'actions' | 'ping' | 'pong' }>, key: ConversationKey): Promise<void> {
    const { conversation } = message
    switch (message.type) {
      case 'watch':
        return watch(key, message.resumeAfter)
      case 'unwatch':
        watches.get(conversation)?.unsubscribe()
        watches.delete(conversation)
        return
      case 'claim':
        await engine.desk.claim(key, { id: agent.id, name: agent.name })
        return send({ type: 'done', what: 'claim', conversation })
      case 'release':
        await engine.desk.release(key, { id: agent.id, name: agent.name }, message.to, message.note ?? '')
        return send({ type: 'done', what: 'release', conversation })
      case 'preview': {
        const { toSeq } = message
        const { goes, returns, undoes, staysUndone } = await engine.previewRollback(key, toSeq, by)
        return send({
          type: 'preview',
          conversation,
          toSeq,
          goes: [...goes],
          returns: [...returns],
          undoes: undoes.map(viewOf),
          staysUndone: staysUndone.map(viewOf),
        })
      }
      case 'rollback':
        await engine.rollback(key, { toSeq: message.toSeq, by, reason: message.reason })
        return send({ type: 'done', what: 'rollback', conversation })
      case 'erase':
        await engine.desk.erase(key, { id: agent.id, name: agent.name })
        return send({ type: 'done', what: 'erase', conversation })
      case 'say': {
        const retryAfterMs = session.takeMessage()
        if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
        const { ref } = message
        const said = await engine.desk.say(
          key,
          { id: agent.id, name: agent.name },
          { ref: ref as MessageRef, text: messageText(message.text) },
        ) // the schema has checked the id
        return send({ type: 'ack', conversation, ref, seq: said.seq })
      }
      case 'label': {
        const retryAfterMs = session.takeMessage()
        if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
        await corrections.say(key, { id: agent.id, name: agent.name }, message.turn, message.action)
        return tellLabels(key)
      }
      case 'typing':
        if (isOwn(await engine.state(key))) engine.types(key, { who: 'agent', name: agent.name })
        return
      case 'seen':
        // A colleague who looks on has not read for the shop.
        if (isOwn(await engine.state(key))) await engine.seen(key, 'shop', message.state, message.seq)
        return
    }
  }

  const isOwn = (state: Awaited<ReturnType<Engine['state']>>): boolean => state.with === 'agent' && state.agent === agent.name

  async function watch(key: ConversationKey, position: StreamPosition | null): Promise<void> {
    const { conversation } = key
    watches.get(conversation)?.unsubscribe()
    watches.delete(conversation)
    if (watches.size >= MOST_WATCHED) throw new Fault('OVERLOADED', { what: 'the list of watched conversations', retryAfterMs: 0 })
    const mine: Watch = { key, unsubscribe: () => {}, sentUpTo: 0, early: [] }
    // Subscribe before reading: what is appended in between comes twice and is dropped once, instead of not at all.
    mine.unsubscribe = fanOut.subscribe(key, sign => (mine.early ? void mine.early.push(sign) : hear(mine, sign)))
    watches.set(conversation, mine)
    try {
      const caught = await engine.desk.watch(key, position)
      const about = await aboutOf(key)
      const state = await engine.state(key)
      if (watches.get(conversation) !== mine) return // let go meanwhile, or asked for anew: that one answers
      tellAbout(key, about, caught.isRecovered)
      catchUp(mine, caught)
      send({ type: 'state', conversation, ...state })
      if (corrections.of(key, agent).length > 0) tellLabels(key)
      for (const typist of engine.typing(key)) tellTyping(conversation, typist)
      const early = mine.early ?? []
      mine.early = null
      for (const sign of early) hear(mine, sign)
    } catch (error) {
      mine.unsubscribe()
      if (watches.get(conversation) === mine) watches.delete(conversation)
      throw error
    }
  }

  const aboutOf = (key: ConversationKey) => engine.desk.about(key, parts.aboutShop(agent.shop).locale)

  const tellAbout = ({ conversation }: ConversationKey, { card, orders }: Awaited<ReturnType<typeof aboutOf>>, recovered = true): void =>
    send({ type: 'conversation', conversation, recovered, card, orders: orders ? [...orders] : null })

  const tellLabels = (key: ConversationKey): void =>
    send({ type: 'labels', conversation: key.conversation, labels: [...corrections.of(key, agent)] })

  function catchUp(
    watch: Watch,
    {
      after,
      upTo,
      events,
      thumbs,
      isWhole,
    }: Pick<Awaited<ReturnType<Engine['desk']['watch']>>, 'after' | 'upTo' | 'events' | 'thumbs' | 'isWhole'>,
  ): void {
    const { conversation } = watch.key
    const said = thumbs.length > 0 ? { thumbs: [...thumbs] } : {}
    send({ type: 'events', conversation, after, upTo, events: [...events], ...said, ...(isWhole && { whole: true }) })
    watch.sentUpTo = upTo
  }

  function tellTyping(conversation: string, typist: Typist | Typing): void {
    if (typist.who === 'agent' && typist.name === agent.name) return
    send({
      type: 'typing',
      conversation,
      who: typist.who,
      ...(typist.who === 'agent' && { name: typist.name }),
      ...('forMs' in typist && { forMs: typist.forMs }),
    })
  }

  function hear(watch: Watch, sign: Sign): void {
    const { conversation } = watch.key
    switch (sign.type) {
      case 'typing':
        return tellTyping(conversation, sign)
      case 'state':
        return send({ type: 'state', conversation, ...sign.state })
      case 'erased':
        watch.unsubscribe()
        watches.delete(conversation)
        return refuse(new Fault('CONVERSATION_ERASED', { conversation }), { conversation })
      case 'resync':
        return reread(watch)
      case 'delivery': {
        const { after, upTo, events, marks, thumbs, stands } = sign.delivery
        if (upTo <= watch.sentUpTo) return
        // What was taken back, and what was missed, is read anew: the marks before it are not in the sign.
        if (stands !== undefined || after > watch.sentUpTo) return reread(watch)
        const fresh = [...events, ...marks].filter(event => event.seq > watch.sentUpTo).sort((a, b) => a.seq - b.seq)
        catchUp(watch, { after: watch.sentUpTo, upTo, events: fresh, thumbs, isWhole: false })
        if (marks.some(({ about }) => about === 'queued'))
          aboutOf(watch.key).then(
            about => watches.get(conversation) === watch && tellAbout(watch.key, about),
            error => refuse(error, { conversation }),
          )
        return
      }
    }
  }

  function reread(watch: Watch): void {
    if (watch.early) return
    watch.early = []
    engine.desk.watch(watch.key, { epoch: parts.epoch, seq: watch.sentUpTo }).then(
      caught => {
        catchUp(watch, caught)
        const early = watch.early ?? []
        watch.early = null
        for (const sign of early) hear(watch, sign)
      },
      error => refuse(error, { conversation: watch.key.conversation }),
    )
  }

  return session.connection
}

const viewOf = ({ plan, state }: Effect): RollbackEffect => ({
  name: plan.do,
  result: 'result' in state && state.result ? { ...state.result } : {},
})
