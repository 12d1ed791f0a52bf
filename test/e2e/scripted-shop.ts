// What a shop can say and a test's server does not: by hand, over the page's own socket, in the place of the real server.
import type { ClientMessage } from '@parley/core/protocol/client-message.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { type ConversationState, type QuickReply, ServerMessage, type VisibleEvent } from '@parley/core/protocol/server-message.ts'
import type { BrowserContext, Page, WebSocketRoute } from 'playwright-core'

const SOCKET = /\/v1\/socket$/

export interface ScriptedShop {
  /** Every frame of the page. */
  readonly frames: readonly ClientMessage[]
  /** Resolves when the page has sent such a frame. */
  heard(wanted: (frame: ClientMessage) => boolean): Promise<ClientMessage>
  tell(frame: ServerMessage): void
  reply(text: string, quickReplies?: readonly QuickReply[]): void
  person(name: string, text: string): void
  notice(text: string): void
  custody(state: Partial<ConversationState>): void
  /** Takes back everything after `to`, and says so. */
  recall(to: number, text: string): void
  /** The next messages are refused with this code. */
  refuse(code: string, count: number): void
}

const EPOCH = 'scripted'

export async function scriptedShop(page: Page | BrowserContext, locale: 'zh-CN' | 'en' = 'en'): Promise<ScriptedShop> {
  const lines = new Set<WebSocketRoute>()
  const frames: ClientMessage[] = []
  const waiting = new Set<() => void>()
  const refusals: string[] = []
  let events: VisibleEvent[] = []
  let seq = 0
  let state: ConversationState = { with: 'bot', customer: { delivered: 0, read: 0 }, shop: { delivered: 0, read: 0 } }

  const send = (line: WebSocketRoute, frame: ServerMessage): void => line.send(JSON.stringify(ServerMessage.parse(frame)))
  const tell = (frame: ServerMessage): void => lines.forEach(line => send(line, frame))

  function append(make: (head: { seq: number; at: number }) => VisibleEvent): void {
    const event = make({ seq: ++seq, at: Date.now() })
    events.push(event)
    tell({ type: 'events', after: seq - 1, upTo: seq, events: [event] })
  }
  const parts = (text: string) => [{ kind: 'text' as const, text }]

  function take(line: WebSocketRoute, frame: ClientMessage): void {
    switch (frame.type) {
      case 'hello': {
        const { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst, heartbeatMs } = LIMITS
        const limits = { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst }
        const recovered = frame.resumeAfter === null || frame.resumeAfter.epoch === EPOCH
        const after = recovered ? (frame.resumeAfter?.seq ?? 0) : 0
        send(line, { type: 'welcome', protocol: 1, conversation: frame.conversation, epoch: EPOCH, recovered, heartbeatMs, limits })
        send(line, { type: 'events', after, upTo: seq, events: events.filter(event => event.seq > after) })
        send(line, { type: 'state', ...state })
        lines.add(line)
        return
      }
      case 'say': {
        const code = refusals.shift()
        if (code !== undefined) return send(line, { type: 'fault', code, message: 'no', ref: frame.ref })
        append(head => ({ type: 'message', ...head, ref: frame.ref, parts: parts(frame.text) }))
        return send(line, { type: 'ack', ref: frame.ref, seq })
      }
      case 'seen': {
        const shop = { ...state.shop, [frame.state]: Math.max(state.shop[frame.state], frame.seq) }
        state = { ...state, shop }
        return tell({ type: 'state', ...state })
      }
      case 'ping':
        return send(line, { type: 'pong' })
    }
  }

  await page.routeWebSocket(SOCKET, line => {
    line.onMessage(text => {
      const frame = JSON.parse(String(text)) as ClientMessage // the page's own frame
      frames.push(frame)
      take(line, frame)
      waiting.forEach(look => look())
    })
    line.onClose(() => void lines.delete(line))
  })

  return {
    frames,
    heard: wanted =>
      new Promise(resolve => {
        const look = (): void => {
          const found = frames.find(wanted)
          if (!found) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    tell,
    reply: (text, quickReplies) =>
      append(head => ({
        type: 'reply',
        ...head,
        turn: head.seq,
        locale,
        parts: parts(text),
        ...(quickReplies && { quickReplies: [...quickReplies] }),
      })),
    person: (name, text) => append(head => ({ type: 'agent_message', ...head, ref: `a${head.seq}`, name, parts: parts(text) })),
    notice: text => append(head => ({ type: 'notice', ...head, about: 'claimed', locale, parts: parts(text) })),
    custody(next) {
      const { customer, shop } = state
      state = { with: 'bot', customer, shop, ...next }
      tell({ type: 'state', ...state })
    },
    recall(to, text) {
      seq++
      const reply: VisibleEvent = { type: 'reply', seq: ++seq, at: Date.now(), turn: seq - 1, locale, parts: parts(text) }
      events = [...events.filter(event => event.seq <= to), reply]
      tell({ type: 'events', after: to, upTo: seq, events: [reply], whole: true })
    },
    refuse: (code, count) => void refusals.push(...Array.from({ length: count }, () => code)),
  }
}
