// Keeps a line to the shop for as long as the page is open: connects, says hello, answers pings, notices a dead line, and comes back by itself as
// the close codes allow. It knows nothing of what is said over the line, so the customer's page and the agent's console share it.

import type { ClientMessage, Hello } from '@parley/core/protocol/client-message.ts'
import { CLOSE, mayReconnect } from '@parley/core/protocol/close-codes.ts'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { backoffMs } from './backoff.ts'
import { readFrame } from './frames.ts'
import { type Heartbeat, startHeartbeat } from './heartbeat.ts'
import type { Visitor } from './visitors.ts'
import { type Socket, VisitorRefused, type World } from './world.ts'

/** Why it does not connect again by itself. `outdated`: the page must be loaded again. */
export type StopReason = 'unknown-shop' | 'unknown-conversation' | 'outdated' | 'refused'

export type ConnectionState =
  | { readonly name: 'connecting' }
  | { readonly name: 'connected' }
  /** Connects again at `until`, on the monotonic clock. */
  | { readonly name: 'waiting'; readonly until: number }
  | { readonly name: 'stopped'; readonly reason: StopReason }

export interface Connection<Sent = ClientMessage> {
  readonly state: ConnectionState
  /** Drops the line, if there is one, and connects now. */
  connect(): void
  /** Drops a line that has shown itself to be of no use, and connects again after a pause. */
  giveUp(): void
  /** The device woke up or has a network again: connects now if it was waiting, else makes sure that the line is alive. */
  wake(): void
  /** Does nothing unless connected: whoever sends keeps what must not be lost. */
  send(message: Sent): void
}

/** What opens a line: a customer's token, an agent's session. */
export interface Tickets<Ticket> {
  /** Rejects with VisitorRefused, or with anything else when no answer came. */
  current(): Promise<Ticket>
  /** The ticket was refused or has run out. */
  forgetToken(): void
}

interface LineParts<Ticket, Sent, Heard> {
  readonly world: Pick<World, 'clock' | 'random' | 'openSocket'>
  /** The first frame, asked for when the line is open. */
  hello(ticket: Ticket): Sent
  /** Every frame but the heartbeat's. The welcome comes before the state is `connected`. */
  heard(message: Heard): void
  changed(state: ConnectionState): void
}

/** The customer's. */
export interface ConnectionParts extends LineParts<Visitor, ClientMessage, ServerMessage> {
  readonly visitors: Tickets<Visitor>
  hello(visitor: Visitor): Hello
}

export interface KeptParts<Ticket, Sent, Heard> extends LineParts<Ticket, Sent, Heard> {
  readonly tickets: Tickets<Ticket>
  /** Undefined for what is no frame, or none that this page knows. */
  read(text: string): Heard | undefined
}

interface Line {
  socket?: Socket
  heartbeat?: Heartbeat
  welcomedAt?: number
}

/** Longest that the way to the welcome may take. */
const CONNECT_MS = 12_000
/** A line that lived this long was a good one: the next attempt is a first attempt again. */
const GOOD_LINE_MS = 5_000
/** Pause after the server has closed because of too many frames. */
const TOO_FAST_MS = 5_000
/** Within this time the clients of a node that leaves come to the others. */
const SPREAD_MS = 1_000
/** Moves in a row, each from a line that was not good yet, that are no failures: several nodes are restarted one after another. */
const MOST_MOVES = 5

export const createConnection = ({ visitors, ...parts }: ConnectionParts): Connection =>
  keepConnection<Visitor, ClientMessage, ServerMessage>({ ...parts, tickets: visitors, read: readFrame })

/** `Heard` has a `welcome` that tells `heartbeatMs`, as both protocols do. */
export function keepConnection<Ticket, Sent, Heard extends { readonly type: string }>(
  parts: KeptParts<Ticket, Sent, Heard>,
): Connection<Sent> {
  const { world, tickets, hello, read, heard, changed } = parts
  const { clock, random } = world
  let state: ConnectionState = { name: 'connecting' }
  /** The line in use. Whatever another one still tells is too late. */
  let line: Line | undefined
  let attempt = 0
  let moves = 0
  let tokensRefused = 0
  let cancelTimer = (): void => {}

  function become(next: ConnectionState): void {
    state = next
    changed(next)
  }

  function dropLine(): Line | undefined {
    const dropped = line
    line = undefined
    cancelTimer()
    dropped?.heartbeat?.stop()
    dropped?.socket?.close()
    return dropped
  }

  function connect(): void {
    dropLine()
    const mine: Line = {}
    line = mine
    cancelTimer = clock.after(CONNECT_MS, giveUp)
    become({ name: 'connecting' })
    tickets.current().then(
      ticket => line === mine && open(mine, ticket),
      error => line === mine && noTicket(error),
    )
  }

  function open(mine: Line, ticket: Ticket): void {
    mine.socket = world.openSocket({
      opened: () => line === mine && write(mine, hello(ticket)),
      heard: text => line === mine && take(mine, text),
      closed: code => line === mine && ended(code),
    })
  }

  function take(mine: Line, text: string): void {
    mine.heartbeat?.heard()
    const message = read(text)
    if (message === undefined || message.type === 'pong') return
    if (message.type === 'ping') return write(mine, { type: 'pong' })
    heard(message)
    if (message.type !== 'welcome' || line !== mine) return
    if (!('heartbeatMs' in message) || typeof message.heartbeatMs !== 'number') return
    cancelTimer()
    tokensRefused = 0
    mine.welcomedAt = clock.monotonic()
    mine.heartbeat = startHeartbeat(clock, message.heartbeatMs, { ping: () => write(mine, { type: 'ping' }), giveUp })
    become({ name: 'connected' })
  }

  const write = ({ socket }: Line, message: Sent | { readonly type: 'ping' | 'pong' }): void => socket?.send(JSON.stringify(message))

  function ended(code: number): void {
    if (code === CLOSE.TOKEN_EXPIRED || code === CLOSE.TOKEN_INVALID || code === CLOSE.CONVERSATION_ERASED) tickets.forgetToken()
    // A token that is refused may be from before the shop lost its secret; a fresh one that is refused as well never gets better.
    const mayTryNewToken = code === CLOSE.TOKEN_INVALID && tokensRefused++ === 0
    if (code === CLOSE.GO_ELSEWHERE && line?.welcomedAt !== undefined && moves < MOST_MOVES) return move()
    // The next token is of a new conversation.
    if (mayReconnect(code) || mayTryNewToken || code === CLOSE.CONVERSATION_ERASED) return wait(code === CLOSE.TOO_FAST ? TOO_FAST_MS : 0)
    stop(code === CLOSE.UNKNOWN_CONVERSATION ? 'unknown-conversation' : code === CLOSE.PROTOCOL_VERSION ? 'outdated' : 'refused')
  }

  function noTicket(error: unknown): void {
    if (!(error instanceof VisitorRefused) || error.status >= 500) return wait(error instanceof VisitorRefused ? error.retryAfterMs : 0)
    if (error.status === 429) return wait(error.retryAfterMs)
    stop(error.status === 404 ? 'unknown-shop' : 'refused')
  }

  function stop(reason: StopReason): void {
    dropLine()
    become({ name: 'stopped', reason })
  }

  function endLine(): void {
    const dropped = dropLine()
    if (dropped?.welcomedAt === undefined || clock.monotonic() - dropped.welcomedAt < GOOD_LINE_MS) return
    attempt = 0
    moves = 0
  }

  /** Another node serves: nobody has to be told of a pause. */
  function move(): void {
    endLine()
    moves++
    cancelTimer = clock.after(random() * SPREAD_MS, connect)
    become({ name: 'connecting' })
  }

  function wait(leastMs: number): void {
    endLine()
    const ms = Math.max(leastMs, backoffMs(attempt++, random))
    cancelTimer = clock.after(ms, connect)
    become({ name: 'waiting', until: clock.monotonic() + ms })
  }

  const giveUp = (): void => wait(0)

  return {
    get state() {
      return state
    },
    connect,
    giveUp,
    wake() {
      if (state.name === 'waiting') connect()
      else if (state.name === 'connected') line?.heartbeat?.probe()
    },
    send(message) {
      if (state.name === 'connected' && line) write(line, message)
    },
  }
}
