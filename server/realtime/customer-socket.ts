// One customer's connection: from the first frame to the last. It knows the protocol and the engine, and nothing of HTTP.
import type { Caught, Engine, Said } from '@parley/core/engine.ts'
import { Fault, type FaultCode, isFault } from '@parley/core/faults.ts'
import { asConversationId, type ConversationKey, type MessageRef } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FanOut, Sign } from '@parley/core/ports/fan-out.ts'
import { type ClientMessage, type Hello, PROTOCOL } from '@parley/core/protocol/client-message.ts'
import { CLOSE, type CloseCode } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { messageText } from '@parley/core/protocol/message-text.ts'
import { parseFrame } from '@parley/core/protocol/parse-frame.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import type { Tokens, Visitor } from '../tokens.ts'
import { createBucket } from './bucket.ts'

/** The wire, as little of a WebSocket as is needed. */
export interface Wire {
  send(text: string): void
  close(code: CloseCode, reason: string): void
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number
}

export interface SocketParts {
  readonly engine: Pick<Engine, 'say' | 'since' | 'seen'>
  readonly fanOut: FanOut
  readonly tokens: Tokens
  readonly clock: Clock
  readonly onFault: (code: FaultCode) => void
  readonly onBug: (error: unknown) => void
}

export interface CustomerSocket {
  frame(text: string): void
  /** A violation that the wire noticed. */
  refuse(fault: Fault): void
  /** The wire is gone. */
  gone(): void
  /** The server goes away: the client is told to connect again. */
  leave(): void
}

/** What is left of a fault for a client that cannot mend it by itself: the connection ends with this code. Others are answered and forgotten. */
const FATAL: Partial<Record<FaultCode, CloseCode>> = {
  FRAME_TOO_LARGE: CLOSE.FRAME_TOO_LARGE,
  PROTOCOL_VERSION: CLOSE.PROTOCOL_VERSION,
  FRAME_BINARY: CLOSE.PROTOCOL_ERROR,
  HELLO_EXPECTED: CLOSE.PROTOCOL_ERROR,
  TOKEN_INVALID: CLOSE.TOKEN_INVALID,
  TOKEN_EXPIRED: CLOSE.TOKEN_EXPIRED,
  UNKNOWN_CONVERSATION: CLOSE.UNKNOWN_CONVERSATION,
  UNKNOWN_SHOP: CLOSE.UNKNOWN_CONVERSATION,
  SHUTTING_DOWN: CLOSE.GOING_AWAY,
}

type State =
  | { readonly name: 'awaiting-hello' }
  | { readonly name: 'joining' }
  | {
      readonly name: 'joined'
      readonly key: ConversationKey
      readonly visitor: Visitor
      readonly hello: Hello
      readonly unsubscribe: () => void
    }
  | { readonly name: 'closed' }

export function createCustomerSocket(wire: Wire, parts: SocketParts): CustomerSocket {
  const { engine, fanOut, tokens, clock } = parts
  const frames = createBucket(LIMITS.frameBurst, LIMITS.framesPerSecond)
  const messages = createBucket(LIMITS.messageBurst, LIMITS.messagesPerSecond)
  let state: State = { name: 'awaiting-hello' }
  let heardAt = clock.monotonic()
  let sentUpTo = 0
  let epoch = ''
  let isResyncing = false
  let cancelTimer = clock.after(LIMITS.helloMs, () => refuse(new Fault('HELLO_EXPECTED', { type: 'nothing' })))

  function send(message: ServerMessage): void {
    if (state.name === 'closed') return
    if (wire.bufferedBytes > LIMITS.sendBufferBytes) return close(CLOSE.SLOW_CONSUMER, 'you do not read fast enough')
    wire.send(JSON.stringify(message))
  }

  function close(code: CloseCode, reason: string): void {
    if (state.name === 'closed') return
    end()
    wire.close(code, reason)
  }

  function end(): void {
    if (state.name === 'joined') state.unsubscribe()
    cancelTimer()
    state = { name: 'closed' }
  }

  /** Answers a fault; ends the connection where the client has to change something first. */
  function refuse(fault: Fault, ref?: string): void {
    parts.onFault(fault.code)
    const details = fault.details as { readonly path?: string; readonly retryAfterMs?: number } // of some codes; undefined elsewhere
    send({
      type: 'fault',
      code: fault.code,
      message: fault.message,
      ...(ref !== undefined && { ref }),
      ...(details.path && { path: details.path }),
      ...(details.retryAfterMs !== undefined && { retryAfterMs: details.retryAfterMs }),
    })
    const closeCode = FATAL[fault.code]
    if (closeCode !== undefined) close(closeCode, fault.code)
  }

  function refuseError(error: unknown, ref?: string): void {
    if (isFault(error)) return refuse(error, ref)
    parts.onBug(error)
    close(CLOSE.GOING_AWAY, 'something went wrong on our side')
  }

  function frame(text: string): void {
    if (state.name === 'closed') return
    heardAt = clock.monotonic()
    if (frames.take(heardAt) > 0) return close(CLOSE.TOO_FAST, 'frames come too fast')
    let message: ClientMessage
    try {
      message = parseFrame(text)
    } catch (error) {
      return refuseError(error)
    }
    switch (state.name) {
      case 'awaiting-hello':
        if (message.type !== 'hello') return refuse(new Fault('HELLO_EXPECTED', { type: message.type }))
        state = { name: 'joining' }
        join(message).catch(refuseError)
        return
      case 'joining': // the client must wait for the welcome: nothing is known of it yet
        if (message.type === 'ping' || message.type === 'pong') return
        return refuse(new Fault('HELLO_EXPECTED', { type: message.type }))
      case 'joined':
        return take(message, state.key, state.visitor, state.hello)
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
      if (state.name !== 'joining') return unsubscribe() // gone meanwhile
      state = { name: 'joined', key, visitor, hello, unsubscribe }
      cancelTimer()
      watchHeartbeat()
      epoch = caught.epoch
      const { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst } = LIMITS
      send({
        type: 'welcome',
        protocol: PROTOCOL,
        conversation: key.conversation,
        epoch: caught.epoch,
        recovered: caught.isRecovered,
        heartbeatMs: LIMITS.heartbeatMs,
        limits: { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst },
      })
      catchUp(caught)
      send({ type: 'state', ...caught.state })
      hear = tell
      early.forEach(tell)
    } catch (error) {
      unsubscribe()
      throw error
    }
  }

  function catchUp({ after, upTo, events, isWhole }: Pick<Caught, 'after' | 'upTo' | 'events' | 'isWhole'>): void {
    send({ type: 'events', after, upTo, events: [...events], ...(isWhole && { whole: true }) })
    sentUpTo = upTo
  }

  function tell(sign: Sign): void {
    switch (sign.type) {
      case 'typing':
        if (sign.who === 'customer') return // the customer's own other tab
        return send(sign.who === 'agent' ? { type: 'typing', who: 'agent', name: sign.name } : { type: 'typing', who: 'bot' })
      case 'state':
        return send({ type: 'state', ...sign.state })
      case 'resync':
        return resync()
      case 'delivery': {
        const { after, upTo, events, isWhole } = sign.delivery
        if (upTo <= sentUpTo) return
        if (after > sentUpTo) return resync()
        const fresh = isWhole ? events : events.filter(event => event.seq > sentUpTo)
        return catchUp({ after: isWhole ? 0 : sentUpTo, upTo, events: fresh, isWhole })
      }
    }
  }

  /** Signs were lost on the way here: the engine knows what the client lacks. What comes meanwhile waits in its place. */
  function resync(): void {
    if (state.name !== 'joined' || isResyncing) return
    isResyncing = true
    const { key, visitor } = state
    engine
      .since(key, visitor.customer, { epoch, seq: sentUpTo })
      .then(caught => {
        isResyncing = false
        if (state.name !== 'joined') return
        if (!caught.isRecovered) return close(CLOSE.GOING_AWAY, 'resume')
        if (caught.upTo > sentUpTo) catchUp(caught)
        send({ type: 'state', ...caught.state })
      })
      .catch(error => {
        isResyncing = false
        refuseError(error)
      })
  }

  function take(message: ClientMessage, key: ConversationKey, visitor: Visitor, hello: Hello): void {
    switch (message.type) {
      case 'hello':
        return refuse(new Fault('HELLO_TWICE', {}))
      case 'say':
        say(message.ref as MessageRef, message.text, key, visitor, hello).catch(error => refuseError(error, message.ref)) // the schema has checked the id
        return
      case 'typing':
        return fanOut.publish(key, { type: 'typing', who: 'customer' })
      case 'ping':
        return send({ type: 'pong' })
      case 'seen':
        engine.seen(key, 'customer', message.state, message.seq).catch(refuseError)
        return
      case 'pong':
        return
    }
  }

  async function say(ref: MessageRef, raw: string, key: ConversationKey, visitor: Visitor, hello: Hello): Promise<void> {
    const retryAfterMs = messages.take(clock.monotonic())
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
    const text = messageText(raw)
    const said: Said = await engine.say(key, visitor.customer, { ref, text, locale: hello.locale ?? null })
    send({ type: 'ack', ref, seq: said.seq })
  }

  function watchHeartbeat(): void {
    cancelTimer = clock.after(LIMITS.heartbeatMs, () => {
      const silence = clock.monotonic() - heardAt
      if (silence >= 2 * LIMITS.heartbeatMs) return close(CLOSE.SILENT, 'nothing was heard from you')
      if (silence >= LIMITS.heartbeatMs) send({ type: 'ping' })
      watchHeartbeat()
    })
  }

  return { frame, refuse, gone: end, leave: () => close(CLOSE.GOING_AWAY, 'the server goes away') }
}
