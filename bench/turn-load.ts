// An open loop of customers: messages are sent when they are due, whether or not earlier ones were answered, and latency counts from when each was
// due, so that a stall is not hidden. A customer has one message under way at a time; one that is due while all customers wait is sent late, and its
// latency has the wait in it.
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { WebSocket } from 'ws'
import { fetchVisitor, type Visitor } from '../test/e2e/running-server.ts'

export type Outcome = 'replied' | 'refused'

export interface Customer {
  /** One at a time. */
  say(text: string): Promise<Outcome>
  close(): void
}

/** Opens that many conversations, each with a customer of its own. */
export async function openCustomers(url: string, count: number): Promise<Customer[]> {
  const customers: Customer[] = []
  while (customers.length < count) {
    const batch = Array.from({ length: Math.min(50, count - customers.length) }, async () => join(url, await fetchVisitor(url), null, 0))
    customers.push(...(await Promise.all(batch)))
  }
  return customers
}

/** `count` conversations in which `turns` turns have been played before. */
export async function openOldCustomers(url: string, count: number, turns: number, texts: readonly string[]): Promise<Customer[]> {
  const play = async (first: number): Promise<Customer> => {
    const visitor = await fetchVisitor(url)
    let played = 0
    for (;;) {
      const customer = await join(url, visitor, null, played)
      // A connection has so many messages at once and then few a second; another connection has as many again.
      for (let i = 0; i < 20 && played < turns; i++)
        if ((await customer.say(texts[(first + played++) % texts.length]!)) === 'refused') played-- // never empty
      if (played === turns) return customer
      customer.close()
    }
  }
  return Promise.all(Array.from({ length: count }, (_, i) => play(i * 7)))
}

async function join(url: string, { token, conversation }: Visitor, resumeAfter: StreamPosition | null, said: number): Promise<Customer> {
  const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`)
  let refs = said
  let settle: ((outcome: Outcome) => void) | undefined
  const { promise: welcomed, resolve: welcome } = Promise.withResolvers<void>()
  socket.on('message', data => {
    const frame = JSON.parse(String(data)) as ServerMessage // the server's own frames
    if (frame.type === 'welcome') welcome()
    else if (frame.type === 'events' && settle && frame.events.some(({ type }) => type === 'reply')) settle('replied')
    else if (frame.type === 'fault') settle?.('refused')
    else if (frame.type === 'ping') socket.send('{"type":"pong"}')
  })
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject))
  socket.send(JSON.stringify({ type: 'hello', protocol: PROTOCOL, token, conversation, resumeAfter }))
  await welcomed
  return {
    say: text =>
      new Promise(resolve => {
        settle = outcome => {
          settle = undefined
          resolve(outcome)
        }
        socket.send(JSON.stringify({ type: 'say', ref: `m${refs++}`, text }))
      }),
    close: () => socket.terminate(),
  }
}

export interface Load {
  /** Milliseconds from when each answered message was due, ascending. */
  readonly latencies: readonly number[]
  readonly refused: number
  /** Messages that had no answer when the run was over, though it waited for them. */
  readonly unanswered: number
  /** Milliseconds from the first message that was due to the last answer. */
  readonly tookMs: number
}

/** Milliseconds that the end waits for answers. */
const PATIENCE_MS = 20_000

/** Offers `perSecond` messages a second for `seconds`, and waits for what is under way then. */
export function offer(customers: readonly Customer[], texts: readonly string[], perSecond: number, seconds: number): Promise<Load> {
  const total = Math.round(perSecond * seconds)
  const free = [...customers]
  const latencies: number[] = []
  let sent = 0
  let refused = 0
  let last = 0
  const started = performance.now()
  return new Promise(resolve => {
    const end = (): void => {
      clearTimeout(patience)
      const unanswered = total - latencies.length - refused
      resolve({ latencies: latencies.sort((a, b) => a - b), refused, unanswered, tookMs: last - started })
    }
    const patience = setTimeout(end, seconds * 1_000 + PATIENCE_MS)
    const send = (): void => {
      while (sent < total && performance.now() >= started + (sent * 1_000) / perSecond) {
        const customer = free.shift()
        if (!customer) break
        const due = started + (sent * 1_000) / perSecond
        const text = texts[sent++ % texts.length]! // never empty
        customer.say(text).then(outcome => {
          last = performance.now()
          if (outcome === 'replied') latencies.push(last - due)
          else refused++
          free.push(customer)
          if (latencies.length + refused === total) end()
        })
      }
      if (sent < total) setTimeout(send, 1)
    }
    send()
  })
}
