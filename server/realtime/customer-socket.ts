// One customer's connection: from the first frame to the last. It knows the protocol and the engine, and nothing of HTTP.
import type { Caught, Engine } from '@parley/core/engine.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Typing, Typist } from '@parley/core/handoff/typists.ts'
import { asConversationId, type ConversationKey, type MessageRef } from '@parley/core/ids.ts'
import type { FanOut, Sign } from '@parley/core/ports/fan-out.ts'
import { type ClientMessage, type Hello, PROTOCOL } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { parseFrame } from '@parley/core/protocol/parse-frame.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import type { Tokens, Visitor } from '../tokens.ts'
import { type Connection, createSession, type Session, type SessionParts, type Wire } from './session.ts'

export interface SocketParts extends SessionParts {
  readonly engine: Pick<Engine, 'say' | 'since' | 'seen' | 'recall' | 'rate' | 'types'>
  readonly fanOut: Pick<FanOut, 'subscribe'>
  readonly tokens: Tokens
}

type Rate = Extract<ClientMessage, { type: 'rate' }>

type State =
  | { readonly name: 'awaiting-hello' }
  | { readonly name: 'joining' }
  | {
      readonly name: 'joined'
      readonly key: ConversationKey
      readonly visitor: Visitor
      readonly locale: Hello['locale']
      readonly unsubscribe: () => void
    }

export function createCustomerSocket(wire: Wire, parts: SocketParts): Connection {
  const { engine, fanOut, tokens } = parts
  const session: Session<ServerMessage> = createSession<ClientMessage, ServerMessage>(wire, parts, {
    parse: parseFrame,
    take,
    ended: () => state.name === 'joined' && state.unsubscribe(),
    fatal: {
      UNKNOWN_CONVERSATION: CLOSE.UNKNOWN_CONVERSATION,
      UNKNOWN_SHOP: CLOSE.UNKNOWN_CONVERSATION,
      CONVERSATION_ERASED: CLOSE.CONVERSATION_ERASED,
      LOG_DAMAGED: CLOSE.CONVERSATION_DAMAGED, // no client mends it by coming again
      STORE_DAMAGED: CLOSE.CONVERSATION_DAMAGED,
    },
  })
  const { send, close, refuse } = session
  let state: State = { name: 'awaiting-hello' }
  let sentUpTo = 0
  let epoch = ''
  /** `again`: more was lost while the engine was asked. */
  let resyncing: 'no' | 'yes' | 'again' = 'no'

  function take(message: ClientMessage): void {
    switch (state.name) {
      case 'awaiting-hello':
        if (message.type !== 'hello') return refuse(new Fault('HELLO_EXPECTED', { type: message.type }))
        state = { name: 'joining' }
        session.admit()
        join(message).catch(refuseJoin)
        return
      case 'joining': // the client must wait for the welcome: nothing is known of it yet
        if (message.type === 'ping' || message.type === 'pong') return
        return refuse(new Fault('HELLO_EXPECTED', { type: message.type }))
      case 'joined':
        return act(message, state.key, state.visitor, state.locale)
    }
  }

  async function join(hello: Hello): Promise<void> {
    const visitor = await tokens.verify(hello.token, 'socket')
    if (hello.conversation !== visitor.conversation) throw new Fault('UNKNOWN_CONVERSATION', { conversation: hello.conversation })
    const key = { shop: visitor.shop, conversation: asConversationId(hello.conversation) }
    // Subscribe before reading: what is appended in between comes twice and is dropped once, instead of not at all.
    const early: Sign[] = []
    let hear = (sign: Sign): void => void early.push(sign)
    const unsubscribe = fanOut.subscribe(key, sign => hear(sign))
    try {
      const caught = await engine.since(key, visitor.customer, hello.resumeAfter)
      if (session.isClosed) return unsubscribe() // gone meanwhile
      state = { name: 'joined', key, visitor, locale: hello.locale, unsubscribe }
      epoch = caught.epoch
      const { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst } = LIMITS
      send({
        type: 'welcome',
        protocol: PROTOCOL,
        conversation: key.conversation,
        epoch,
        recovered: caught.isRecovered,
        heartbeatMs: LIMITS.heartbeatMs,
        limits: { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst },
      })
      catchUp(caught)
      tellState(caught)
      hear = tell
      early.forEach(tell)
    } catch (error) {
      unsubscribe()
      throw error
    }
  }

  /** A client waits for its welcome and has nothing else to do: where no fault has ended the connection, it had better come again. */
  function refuseJoin(error: unknown): void {
    refuse(error)
    close(CLOSE.GOING_AWAY, 'come again')
  }

  function catchUp({ after, upTo, events, thumbs, stands }: Pick<Caught, 'after' | 'upTo' | 'events' | 'thumbs' | 'stands'>): void {
    const said = thumbs.length > 0 ? { thumbs: [...thumbs] } : {}
    send({ type: 'events', after: stands ?? after, upTo, events: [...events], ...said, ...(stands !== undefined && { whole: true }) })
    sentUpTo = upTo
  }

  function tellState({ state, typing }: Pick<Caught, 'state' | 'typing'>): void {
    send({ type: 'state', ...state })
    typing.forEach(tellTyping)
  }

  function tellTyping(typist: Typist | Typing): void {
    if (typist.who === 'customer') return // this page, or the customer's other tab
    send({
      type: 'typing',
      who: typist.who,
      ...(typist.who === 'agent' && { name: typist.name }),
      ...('forMs' in typist && { forMs: typist.forMs }),
    })
  }

  function tell(sign: Sign): void {
    switch (sign.type) {
      case 'typing':
        return tellTyping(sign)
      case 'state':
        return send({ type: 'state', ...sign.state })
      case 'erased':
        return refuse(new Fault('CONVERSATION_ERASED', { conversation: state.name === 'joined' ? state.key.conversation : '' }))
      case 'resync':
        return resync()
      case 'delivery': {
        const { after, upTo, events, thumbs, stands } = sign.delivery
        if (upTo <= sentUpTo) return
        if (stands === undefined ? after > sentUpTo : after !== sentUpTo) return resync()
        if (stands !== undefined) return catchUp(sign.delivery)
        return catchUp({ after: sentUpTo, upTo, events: events.filter(event => event.seq > sentUpTo), thumbs })
      }
    }
  }

  /** Signs were lost on the way here: the engine knows what the client lacks. What comes meanwhile is told in its place or asked for once more. */
  function resync(): void {
    if (state.name !== 'joined' || session.isClosed) return
    if (resyncing !== 'no') {
      resyncing = 'again'
      return
    }
    resyncing = 'yes'
    const { key, visitor } = state
    engine
      .since(key, visitor.customer, { epoch, seq: sentUpTo })
      .then(caught => {
        const isBehind = resyncing === 'again'
        resyncing = 'no'
        if (session.isClosed) return
        if (!caught.isRecovered) return close(CLOSE.GOING_AWAY, 'resume')
        tell({ type: 'delivery', delivery: { ...caught, marks: [] } }) // some of it may have been told while the engine was asked
        tellState(caught)
        if (isBehind) resync()
      })
      .catch(refuseResync)
  }

  /** A connection that does not know what it lacks must not stay: the client comes again and resumes. */
  function refuseResync(error: unknown): void {
    resyncing = 'no'
    if (isFault(error) && error.isRetryable) return close(CLOSE.GOING_AWAY, 'resume')
    refuse(error)
  }

  function act(message: ClientMessage, key: ConversationKey, visitor: Visitor, locale: Hello['locale']): void {
    switch (message.type) {
      case 'hello':
        return refuse(new Fault('HELLO_TWICE', {}))
      case 'say':
        say(message.ref as MessageRef, message.text, key, visitor, locale).catch(error => refuse(error, { ref: message.ref })) // the schema has checked the id
        return
      case 'recall':
        recall(message.ref as MessageRef, key, visitor).catch(error => refuse(error, { ref: message.ref })) // the schema has checked the id
        return
      case 'rate':
        rate(message, key, visitor).catch(error => refuse(error, { ref: message.ref }))
        return
      case 'typing':
        return engine.types(key, { who: 'customer' })
      case 'seen':
        engine.seen(key, 'customer', message.state, message.seq).catch(error => refuse(error))
        return
      case 'ping':
      case 'pong':
        return // the session's
    }
  }

  async function say(ref: MessageRef, raw: string, key: ConversationKey, visitor: Visitor, locale: Hello['locale']): Promise<void> {
    const retryAfterMs = session.takeMessage()
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
    const text = messageText(raw)
    const said = await engine.say(key, visitor.customer, { ref, text, locale: locale ?? null })
    send({ type: 'ack', ref, seq: said.seq })
  }

  /** Costs as much as a message: both are an append. */
  async function recall(ref: MessageRef, key: ConversationKey, visitor: Visitor): Promise<void> {
    const retryAfterMs = session.takeMessage()
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
    await engine.recall(key, visitor.customer, ref)
  }

  /** As `recall`. */
  async function rate({ ref, reply, thumb }: Rate, key: ConversationKey, visitor: Visitor): Promise<void> {
    const retryAfterMs = session.takeMessage()
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
    send({ type: 'ack', ref, seq: await engine.rate(key, visitor.customer, { reply, thumb }) })
  }

  return session.connection
}
