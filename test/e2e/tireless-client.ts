// A customer's client for tests in which something is killed: it comes back by itself, and notices what no client may ever see.
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import type { ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { WebSocket } from 'ws'
import type { Visitor } from './running-server.ts'

const SENTENCES = [
  '螃蟹死了怎么赔',
  'where is my parcel',
  '退款怎么还没到',
  'hello',
  '螃蟹怎么蒸好吃',
  'half of the eggs are broken',
  '转人工',
  'asdf qwer',
]

/** A client that never gives up: it resends what is not acknowledged and resumes where it was. Checks ranges as it goes. */
export function createClient(number: number, visitor: Visitor, where: () => string, onTurn: () => void, turns: number) {
  const events = new Map<number, VisibleEvent>()
  const acknowledged = new Map<string, number>()
  const answered = new Set<number>()
  const unsent: { ref: string; text: string }[] = []
  let position: StreamPosition | null = null
  let socket: WebSocket | undefined
  let sent = 0
  let drops = 0
  let isClosed = false
  let finish = (): void => {}
  const finished = new Promise<void>(resolve => {
    finish = resolve
  })
  const problems: string[] = []

  const say = (): void => {
    const text = `${SENTENCES[(number + sent) % SENTENCES.length]} ${sent}`
    unsent.push({ ref: `c${number}m${sent++}`, text })
    push()
  }
  const push = (): void => {
    const frame = unsent[0]
    if (frame && socket?.readyState === WebSocket.OPEN && position) socket.send(JSON.stringify({ type: 'say', ...frame }))
  }
  const next = (): void => {
    if (unsent.length > 0) return
    if (sent === turns) {
      if (answered.size > 0 && [...acknowledged.values()].every(seq => covered(seq))) finish()
    } else if ([...acknowledged.values()].every(seq => covered(seq))) {
      onTurn()
      say()
    }
  }
  // A reply names the turn's first message; messages here are sent one at a time, so each is a turn.
  const covered = (seq: number): boolean => answered.has(seq)

  const hear = (frame: ServerMessage): void => {
    if (frame.type === 'welcome') {
      if (position && !frame.recovered) problems.push(`client ${number} was told to reload`)
      position = position ?? { epoch: frame.epoch, seq: 0 }
      if (position.epoch !== frame.epoch) problems.push(`client ${number}: another epoch after a restart`)
      push()
    } else if (frame.type === 'events' && position) {
      if (frame.after !== position.seq) problems.push(`client ${number}: frame after ${frame.after}, known ${position.seq}`)
      position = { ...position, seq: frame.upTo }
      for (const event of frame.events) {
        if (events.has(event.seq)) problems.push(`client ${number}: seq ${event.seq} twice`)
        events.set(event.seq, event)
        if (event.type === 'reply') {
          if (answered.has(event.turn)) problems.push(`client ${number}: turn ${event.turn} answered twice`)
          answered.add(event.turn)
        }
      }
      next()
    } else if (frame.type === 'ack') {
      const known = acknowledged.get(frame.ref)
      if (known !== undefined && known !== frame.seq) problems.push(`client ${number}: ${frame.ref} at ${known} and ${frame.seq}`)
      acknowledged.set(frame.ref, frame.seq)
      if (unsent[0]?.ref === frame.ref) unsent.shift()
      next()
    } else if (frame.type === 'fault') {
      if (frame.retryAfterMs === undefined) problems.push(`client ${number}: ${frame.code} ${frame.message}`)
      else setTimeout(push, frame.retryAfterMs)
    }
  }
  const connect = (): void => {
    if (sent === turns && unsent.length === 0 && [...acknowledged.values()].every(covered)) return
    socket = new WebSocket(`${where().replace(/^http/, 'ws')}/v1/socket`)
    socket.on('open', () =>
      socket?.send(
        JSON.stringify({
          type: 'hello',
          protocol: PROTOCOL,
          token: visitor.token,
          conversation: visitor.conversation,
          resumeAfter: position,
        }),
      ),
    )
    socket.on('message', data => hear(JSON.parse(String(data)) as ServerMessage)) // the server's own frames
    socket.on('error', () => {}) // 'close' follows
    socket.on('close', () => {
      if (isClosed) return
      drops++
      setTimeout(connect, 100) // the client's own backoff, not the test's waiting
    })
  }
  return {
    visitor,
    events,
    acknowledged,
    problems,
    finished,
    start() {
      connect()
      say()
    },
    /** Connections that ended without its doing. */
    get drops() {
      return drops
    },
    close() {
      isClosed = true
      socket?.terminate()
    },
  }
}

export type TirelessClient = ReturnType<typeof createClient>
