// The engine as a socket process sees it, over the link. While the engine is away, calls wait for it and are made again when it is back: `say` is
// harmless to repeat by its message id, the others by what they are. After every return each subscription is made again and its listeners are told
// that signs may have been lost.
import { connect, type Socket } from 'node:net'
import { Fault } from '@parley/core/faults.ts'
import { nameOf } from '@parley/core/holder.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import { createLocalFanOut } from '../drivers/fan-out.local.ts'
import { type Channel, createChannel } from './channel.ts'
import {
  type Call,
  type EngineFace,
  type FromEngine,
  faultOf,
  LINK_VERSION,
  type Returned,
  type SocketReport,
  type ToEngine,
} from './messages.ts'

export interface RemoteLimits {
  /** Milliseconds that a call waits for an engine that is away; then it is refused, before anything was acknowledged. */
  readonly waitMs: number
  /** Calls without an answer; more are refused. */
  readonly calls: number
  /** Listeners that catch up at once after the engine's return; the others wait their turn. */
  readonly resyncs: number
}

export interface RemoteParts {
  readonly path: string
  /** The socket process's number. */
  readonly process: number
  readonly clock: Clock
  readonly onBug: (error: unknown) => void
  /** The engine is of another release. */
  readonly onForeign: (version: number) => void
  readonly limits?: Partial<RemoteLimits>
}

export interface RemoteEngine {
  readonly engine: EngineFace
  readonly fanOut: Pick<FanOut, 'subscribe'>
  report(report: SocketReport): void
  /** Resolves when all that the engine has told so far is here, or when it is away. */
  caughtUp(): Promise<void>
  /** Resolves when the engine is reached for the first time. */
  readonly connected: Promise<void>
  close(): void
}

interface Pending {
  readonly call: Call
  /** It may have been carried out already. */
  isHanded: boolean
  resolve(value: Returned): void
  reject(error: Error): void
  cancelWait(): void
}

/** Less than a client waits for its welcome (web/client/connection.ts), so that the refusal is still heard. */
const LIMITS: RemoteLimits = { waitMs: 8_000, calls: 10_000, resyncs: 64 }
const RECONNECT_MS = 50
const RETRY_AFTER_MS = 1_000
/** Bytes waiting above which signs of typing are not worth sending. */
const BUSY_BYTES = 1024 * 1024
/** The engine stops reading when it is busy; what waits for it here is bounded by the number of calls. */
const CHANNEL_LIMITS = { pauseAbove: Number.POSITIVE_INFINITY, cutAbove: Number.POSITIVE_INFINITY }

export function connectEngine(parts: RemoteParts): RemoteEngine {
  const { clock, onBug } = parts
  const limits = { ...LIMITS, ...parts.limits }
  const local = createLocalFanOut(onBug)
  const subscribed = new Map<string, { readonly key: ConversationKey; listeners: number }>()
  const pending = new Map<number, Pending>()
  const echoes: (() => void)[] = []
  let behind: ConversationKey[] = []
  let questions = 0
  let nextId = 1
  let channel: Channel<ToEngine> | undefined
  let socket: Socket | undefined
  let cancelRetry = (): void => {}
  let isClosed = false
  let isReached = (): void => {}
  const connected = new Promise<void>(resolve => {
    isReached = resolve
  })

  function reach(): void {
    const mine = connect(parts.path)
    socket = mine
    mine.once('connect', () => {
      const open = createChannel<FromEngine, ToEngine>(mine, CHANNEL_LIMITS, { message: hear, gone: lost })
      channel = open
      open.send({ type: 'hello', version: LINK_VERSION, process: parts.process })
      // Subscriptions first: what is appended between a subscription and an answer comes twice and is dropped once, instead of not at all.
      for (const { key } of subscribed.values()) open.send({ type: 'subscribe', key })
      for (const [id, call] of pending) hand(open, id, call)
      behind = [...subscribed.values()].map(({ key }) => key)
      catchUp()
      isReached()
    })
    mine.once('error', () => {
      if (channel === undefined) retry()
    })
  }

  function lost(): void {
    channel = undefined
    behind = []
    for (const resolve of echoes.splice(0)) resolve()
    for (const [id, call] of pending) expire(id, call)
    retry()
  }

  function retry(): void {
    if (isClosed) return
    cancelRetry()
    cancelRetry = clock.after(RECONNECT_MS, reach)
  }

  /** A few at a time: thousands of histories asked for at once would stand in the way of whoever writes now. */
  function catchUp(): void {
    while (channel && questions < limits.resyncs) {
      const key = behind.pop()
      if (!key) return
      local.publish(key, { type: 'resync' })
    }
  }

  function hand(to: Channel<ToEngine>, id: number, waiting: Pending): void {
    waiting.cancelWait()
    waiting.isHanded = true
    to.send({ type: 'call', id, call: waiting.call })
  }

  /**
   * Gives a call up when the engine stays away. Not a message that was handed over: it may be in the log, and a refusal says that nothing was kept.
   */
  function expire(id: number, waiting: Pending): void {
    if (waiting.call.method === 'say' && waiting.isHanded) return
    waiting.cancelWait = clock.after(limits.waitMs, () => {
      if (settle(id)) waiting.reject(new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: RETRY_AFTER_MS }))
    })
  }

  function settle(id: number): Pending | undefined {
    const waiting = pending.get(id)
    if (!waiting) return
    pending.delete(id)
    waiting.cancelWait()
    if (waiting.call.method === 'since') {
      questions--
      if (behind.length > 0) queueMicrotask(catchUp) // after the listener has taken its answer
    }
    return waiting
  }

  function ask(call: Call): Promise<Returned> {
    if (pending.size >= limits.calls) return Promise.reject(new Fault('OVERLOADED', { what: 'the shop', retryAfterMs: RETRY_AFTER_MS }))
    return new Promise((resolve, reject) => {
      const id = nextId++
      const waiting: Pending = { call, isHanded: false, resolve, reject, cancelWait: () => {} }
      pending.set(id, waiting)
      if (call.method === 'since') questions++
      if (channel) hand(channel, id, waiting)
      else expire(id, waiting)
    })
  }

  function hear(message: FromEngine): void {
    switch (message.type) {
      case 'returned':
        return settle(message.id)?.resolve(message.value)
      case 'refused':
        return settle(message.id)?.reject(faultOf(message.fault))
      case 'broke':
        return settle(message.id)?.reject(new Error(`the engine broke: ${message.message}`))
      case 'sign':
        return local.publish(message.key, message.sign)
      case 'echo':
        return echoes.shift()?.()
      case 'foreign':
        return parts.onForeign(message.version)
    }
  }

  reach()
  return {
    connected,
    engine: {
      // What returns is what the engine's method of that name has returned.
      say: (...args) => ask({ method: 'say', args }) as ReturnType<EngineFace['say']>,
      since: (...args) => ask({ method: 'since', args }) as ReturnType<EngineFace['since']>,
      seen: (...args) => ask({ method: 'seen', args }) as ReturnType<EngineFace['seen']>,
      recall: (...args) => ask({ method: 'recall', args }) as ReturnType<EngineFace['recall']>,
      rate: (...args) => ask({ method: 'rate', args }) as ReturnType<EngineFace['rate']>,
      isErased: (...args) => ask({ method: 'isErased', args }) as ReturnType<EngineFace['isErased']>,
      types(key, typist) {
        if (channel && channel.waiting < BUSY_BYTES) channel.send({ type: 'types', key, typist })
      },
    },
    fanOut: {
      subscribe(key, listener) {
        const name = nameOf(key)
        const unsubscribe = local.subscribe(key, listener)
        const entry = subscribed.get(name) ?? { key, listeners: 0 }
        subscribed.set(name, entry)
        if (entry.listeners++ === 0) channel?.send({ type: 'subscribe', key })
        let isOver = false
        return () => {
          if (isOver) return
          isOver = true
          unsubscribe()
          if (--entry.listeners > 0) return
          subscribed.delete(name)
          channel?.send({ type: 'unsubscribe', key })
        }
      },
    },
    caughtUp: () =>
      new Promise(resolve => {
        if (!channel) return resolve()
        echoes.push(resolve)
        channel.send({ type: 'echo' })
      }),
    report: report => channel?.send({ type: 'report', report }),
    close() {
      isClosed = true
      cancelRetry()
      socket?.destroy()
      for (const [id, { reject }] of pending) if (settle(id)) reject(new Fault('SHUTTING_DOWN', {}))
    },
  }
}
