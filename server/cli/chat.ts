// `parley chat`: a customer in the terminal, over the same sockets as the widget.

import { randomUUID } from 'node:crypto'
import { createInterface } from 'node:readline'
import { Fault } from '@parley/core/faults.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { type ClientMessage, PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import { mayReconnect } from '@parley/core/protocol/close-codes.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { WebSocket } from 'ws'
import { readConfig } from '../config.ts'
import { loadSecret } from '../secret.ts'
import { traceOf } from './trace.ts'

export interface ChatOptions {
  readonly url: string
  readonly shop: string
  readonly trace?: true
  readonly locale?: Locale
}

/** Longest that the last answers are waited for after the input has ended. */
const ANSWER_MS = 10_000

interface Visitor {
  readonly token: string
  readonly refresh: string
  readonly conversation: string
}

/** Faults: SERVER_UNREACHABLE, UNKNOWN_SHOP. */
export async function chat(options: ChatOptions): Promise<void> {
  const decisionsOf = options.trace ? operatorsDecisions(options) : undefined
  const unsent = new Map<string, string>()
  let visitor = await fetchVisitor(options)
  let position: StreamPosition | null = null
  let socket: WebSocket | undefined
  let isLeaving = false
  let shown = 0
  let acknowledged = 0
  let whenAnswered = (): void => {}
  const isAnswered = (): boolean => unsent.size === 0 && shown > acknowledged

  const terminal = createInterface({ input: process.stdin, output: process.stdout, prompt: '> ' })
  const send = (message: ClientMessage): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message))
  }
  const say = (line: string): void => {
    if (!process.stdin.isTTY) return void process.stdout.write(`${line}\n`)
    process.stdout.write(`\r\x1b[K${line}\n`)
    terminal.prompt(true)
  }

  function connect(): void {
    socket = new WebSocket(`${options.url.replace(/^http/, 'ws')}/v1/socket`)
    socket.on('open', () =>
      send({
        type: 'hello',
        protocol: PROTOCOL,
        token: visitor.token,
        conversation: visitor.conversation,
        resumeAfter: position,
        ...(options.locale && { locale: options.locale }),
      }),
    )
    socket.on('message', data => void hear(JSON.parse(String(data)) as ServerMessage)) // the server's own frames
    socket.on('error', () => {}) // 'close' follows and says what happens next
    socket.on('close', code => {
      if (isLeaving) return
      if (!mayReconnect(code)) {
        terminal.close()
        return
      }
      setTimeout(() => {
        fetchVisitor(options, visitor.refresh)
          .then(fresh => {
            visitor = fresh
            connect()
          })
          .catch(() => socket?.emit('close', 1006)) // not back yet: try again
      }, 1_000)
    })
  }

  async function hear(message: ServerMessage): Promise<void> {
    if (message.type === 'welcome') {
      if (!message.recovered) shown = 0
      position = { epoch: message.epoch, seq: message.recovered ? (position?.seq ?? 0) : 0 }
      for (const [ref, text] of unsent) send({ type: 'say', ref, text })
    } else if (message.type === 'ack') {
      unsent.delete(message.ref)
      acknowledged = Math.max(acknowledged, message.seq)
    } else if (message.type === 'fault') {
      if (message.ref) unsent.delete(message.ref)
      whenAnswered()
      say(`! ${message.message} (${message.code})`)
    } else if (message.type === 'ping') send({ type: 'pong' })
    else if (message.type === 'events' && position) {
      position = { ...position, seq: message.upTo }
      if (message.whole) say('(the last message and what was said to it are taken back)')
      for (const event of message.events) {
        if (event.type === 'message' || event.seq <= shown) continue
        shown = event.seq
        const text = event.parts.map(part => part.text).join('\n')
        say(event.type === 'agent_message' ? `${event.name}: ${text}` : event.type === 'notice' ? `(${text})` : text)
        if (event.type !== 'reply') continue
        for (const [i, { label }] of (event.quickReplies ?? []).entries()) say(`  ${i + 1}. ${label}`)
        const decision = (await decisionsOf?.(visitor.conversation))?.find(d => d.turnSeq === event.turn)
        if (decision) say(traceOf(decision))
      }
      if (isAnswered()) whenAnswered()
    }
  }

  connect()
  process.stdout.write(`Talking to shop ${options.shop} at ${options.url}. An empty line or Ctrl-D leaves.\n`)
  if (process.stdin.isTTY) terminal.prompt()
  for await (const line of terminal) {
    if (line.trim() === '') break
    const ref = randomUUID()
    unsent.set(ref, line)
    send({ type: 'say', ref, text: line })
    if (process.stdin.isTTY) terminal.prompt()
  }
  // Input that was piped in ends before the answers have come.
  if (!isAnswered() && acknowledged + unsent.size > 0) {
    await Promise.race([
      new Promise<void>(resolve => (whenAnswered = resolve)),
      new Promise(resolve => setTimeout(resolve, ANSWER_MS).unref()),
    ])
  }
  isLeaving = true
  socket?.close()
  terminal.close()
}

async function fetchVisitor({ url, shop }: ChatOptions, refresh?: string): Promise<Visitor> {
  let response: Response
  try {
    response = await fetch(`${url}/v1/shops/${encodeURIComponent(shop)}/visitors`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(refresh === undefined ? {} : { refresh }),
    })
  } catch (cause) {
    throw new Fault('SERVER_UNREACHABLE', { url, reason: 'is it running? start it with: npm start' }, { cause })
  }
  if (response.status === 404) throw new Fault('UNKNOWN_SHOP', { shop })
  if (!response.ok) throw new Fault('SERVER_UNREACHABLE', { url, reason: `it answers ${response.status}` })
  return (await response.json()) as Visitor // our own server's answer
}

function operatorsDecisions({ url, shop }: ChatOptions): (conversation: string) => Promise<readonly RecordedDecision[]> {
  const key = loadSecret(readConfig(process.env).data).keyFor('operator').toString('hex')
  return async conversation => {
    const response = await fetch(`${url}/v1/operator/shops/${shop}/conversations/${conversation}/decisions`, {
      headers: { authorization: `Bearer ${key}` },
    })
    if (!response.ok)
      throw new Fault('SERVER_UNREACHABLE', { url, reason: 'the data folder here is not that of the server: set PARLEY_DATA' })
    return ((await response.json()) as { decisions: readonly RecordedDecision[] }).decisions // our own server's answer
  }
}
