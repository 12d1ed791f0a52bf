// What every connection has in common, a customer's and an agent's: frames are counted, parsed and handed on; faults are answered, and end the
// connection where the client has to change something first; a client that does not read is let go; a line that is dead is noticed.
import { type Fault, type FaultCode, isFault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { CLOSE, type CloseCode } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { createBucket } from './bucket.ts'

/** The wire, as little of a WebSocket as is needed. */
export interface Wire {
  send(text: string): void
  close(code: CloseCode, reason: string): void
  /** Bytes handed to `send` that have not left yet. */
  readonly bufferedBytes: number
}

/** What HTTP hands the wire's events to. */
export interface Connection {
  frame(text: string): void
  /** A violation that the wire noticed. */
  refuse(fault: Fault): void
  /** The wire is gone. */
  gone(): void
  /** The server goes away: the client is told to connect again. */
  leave(): void
}

export interface SessionParts {
  readonly clock: Clock
  readonly onFault: (code: FaultCode) => void
  readonly onBug: (error: unknown) => void
  /** What clients are told when this process stops: GOING_AWAY where there is no other, GO_ELSEWHERE where others serve. */
  readonly farewell?: CloseCode
}

/** What a fault is about, where the client can tell by it which of its frames was refused. */
export interface About {
  readonly ref?: string
  readonly conversation?: string
}

export interface Session<Out> {
  send(message: Out): void
  close(code: CloseCode, reason: string): void
  /** Answers what was thrown; anything but a fault is a bug of ours and ends the connection. */
  refuse(error: unknown, about?: About): void
  /** Milliseconds until another message may be taken; 0 when it was taken. */
  takeMessage(): number
  /** The client has said who it is: from now on silence ends the connection. */
  admit(): void
  readonly connection: Connection
  readonly isClosed: boolean
}

export interface SessionHandlers<In> {
  parse(text: string): In
  /** Every frame before `admit`; after it, every one but the heartbeat's. */
  take(message: In): void
  /** Called once, when the connection ends for whatever reason. */
  ended(): void
  /** Faults that end a connection of this kind, beside those that end any. */
  readonly fatal?: Partial<Record<FaultCode, CloseCode>>
}

type Heartbeat = { readonly type: 'ping' } | { readonly type: 'pong' }
type Refusal = { readonly type: 'fault'; readonly code: string; readonly message: string } & About & {
    readonly path?: string
    readonly retryAfterMs?: number
  }

/** Faults that leave the client nothing to do on this connection. Others are answered and forgotten. */
const FATAL: Partial<Record<FaultCode, CloseCode>> = {
  FRAME_TOO_LARGE: CLOSE.FRAME_TOO_LARGE,
  PROTOCOL_VERSION: CLOSE.PROTOCOL_VERSION,
  FRAME_BINARY: CLOSE.PROTOCOL_ERROR,
  HELLO_EXPECTED: CLOSE.PROTOCOL_ERROR,
  TOKEN_INVALID: CLOSE.TOKEN_INVALID,
  TOKEN_EXPIRED: CLOSE.TOKEN_EXPIRED,
}

export function createSession<In extends { readonly type: string }, Out extends { readonly type: string }>(
  wire: Wire,
  { clock, onFault, onBug, farewell = CLOSE.GOING_AWAY }: SessionParts,
  { parse, take, ended, fatal = {} }: SessionHandlers<In>,
): Session<Out | Heartbeat | Refusal> {
  const frames = createBucket(LIMITS.frameBurst, LIMITS.framesPerSecond)
  const messages = createBucket(LIMITS.messageBurst, LIMITS.messagesPerSecond)
  let isClosed = false
  let isAdmitted = false
  let heardAt = clock.monotonic()
  let cancelTimer = clock.after(LIMITS.helloMs, () => close(CLOSE.SILENT, 'nothing was heard from you')) // a slow way is no fault of the client's

  function end(): void {
    if (isClosed) return
    isClosed = true
    cancelTimer()
    ended()
  }

  function close(code: CloseCode, reason: string): void {
    if (isClosed) return
    end()
    wire.close(code, reason)
  }

  function send(message: Out | Heartbeat | Refusal): void {
    if (isClosed) return
    if (wire.bufferedBytes > LIMITS.sendBufferBytes) return close(CLOSE.SLOW_CONSUMER, 'you do not read fast enough')
    wire.send(JSON.stringify(message))
  }

  function refuse(error: unknown, about: About = {}): void {
    if (!isFault(error)) {
      onBug(error)
      return close(CLOSE.GOING_AWAY, 'something went wrong on our side')
    }
    onFault(error.code)
    const details = error.details as { readonly path?: string; readonly retryAfterMs?: number } // of some codes; undefined elsewhere
    send({
      type: 'fault',
      code: error.code,
      message: error.message,
      ...about,
      ...(details.path && { path: details.path }),
      ...(details.retryAfterMs !== undefined && { retryAfterMs: details.retryAfterMs }),
    })
    const closeCode = error.code === 'SHUTTING_DOWN' ? farewell : (FATAL[error.code] ?? fatal[error.code])
    if (closeCode !== undefined) close(closeCode, error.code)
  }

  function frame(text: string): void {
    if (isClosed) return
    heardAt = clock.monotonic()
    if (frames.take(heardAt) > 0) return close(CLOSE.TOO_FAST, 'frames come too fast')
    let message: In
    try {
      message = parse(text)
    } catch (error) {
      return refuse(error)
    }
    if (isAdmitted && message.type === 'ping') return send({ type: 'pong' })
    if (isAdmitted && message.type === 'pong') return
    take(message)
  }

  function watchHeartbeat(): void {
    cancelTimer = clock.after(LIMITS.heartbeatMs, () => {
      const silence = clock.monotonic() - heardAt
      if (silence >= 2 * LIMITS.heartbeatMs) return close(CLOSE.SILENT, 'nothing was heard from you')
      if (silence >= LIMITS.heartbeatMs) send({ type: 'ping' })
      watchHeartbeat()
    })
  }

  return {
    send,
    close,
    refuse,
    takeMessage: () => messages.take(clock.monotonic()),
    admit() {
      isAdmitted = true
      cancelTimer()
      watchHeartbeat()
    },
    connection: { frame, refuse: fault => refuse(fault), gone: end, leave: () => close(farewell, 'the server goes away') },
    get isClosed() {
      return isClosed
    },
  }
}
