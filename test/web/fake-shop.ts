// A shop that speaks the protocol from memory, over lines that a test moves frame by frame, cuts, or leaves dead without a word. Slow and plain: the
// client is held against it.

import { ClientMessage, type Hello } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { LIMITS } from '@parley/core/protocol/limits.ts'
import { type ConversationState, type GivenThumb, ServerMessage, type VisibleEvent } from '@parley/core/protocol/server-message.ts'
import {
  type Proof,
  type Shelf,
  type Socket,
  type SocketEvents,
  type VisitorAnswer,
  VisitorRefused,
  type World,
} from '@parley/web/client/world.ts'
import { createFakeClock, type FakeClock, settle } from './fake-clock.ts'

/** What the customer does not see takes a seq too. */
type Entry =
  | VisibleEvent
  | { readonly type: 'decided'; readonly seq: number }
  | ({ readonly type: 'rated'; readonly seq: number } & GivenThumb)
  /** The dialogue is again as it was after `to`; what was said stays known by its id. */
  | { readonly type: 'recalled'; readonly seq: number; readonly to: number }

export interface Line {
  readonly toServer: string[]
  readonly toClient: string[]
  readonly isJoined: boolean
  close(code: number): void
  /** From now on frames vanish both ways, and nobody is told. */
  die(): void
}

interface OpenLine extends Line {
  readonly events: SocketEvents
  isDead: boolean
  isOpen: boolean
  isJoined: boolean
}

export interface FakeShop {
  readonly world: World
  readonly clock: FakeClock
  readonly log: readonly Entry[]
  /** Every frame that has reached the shop. */
  readonly received: readonly ClientMessage[]
  /** Lines that the client has not let go, oldest first. */
  readonly lines: readonly Line[]
  /** Ends every line as a killed process does; until `goUp` none opens and no visitor is given. */
  goDown(): void
  goUp(): void
  /** Tokens that the shop has given and takes. */
  readonly tokens: Set<string>
  /** What was shown to it, one entry a fetch. */
  readonly fetches: Proof[]
  /** Identity tokens that it takes, each with its customer's conversation. */
  readonly identities: Map<string, string>
  /** Who has the conversation, and the marks. Told to every line when it changes. */
  readonly state: ConversationState
  setState(state: Partial<ConversationState>): void
  /** Takes the place of the next answers to `say` and `rate`; undefined lets one through. */
  readonly faults: (Omit<Extract<ServerMessage, { type: 'fault' }>, 'type' | 'ref'> | undefined)[]
  visible(): readonly VisibleEvent[]
  /** Moves one frame, if there is one; true when it did. */
  moveToServer(line: Line): boolean
  moveToClient(line: Line): boolean
  /** Opens what waits to be opened and moves frames until nothing is left to move. */
  deliver(): Promise<void>
  /** Appends a decision and its reply. */
  reply(text: string, quickReplies?: readonly { readonly label: string; readonly text: string }[]): void
  /** A person of the shop writes. */
  agentMessage(name: string, text: string): void
  notice(text: string): void
  /** Takes everything after `to` back, and says so in a reply. */
  recall(to: number): void
  /** The store is restored from a backup that ends after `keep` entries: a new life. */
  restore(keep: number): void
  /** The conversation is erased: every line is told and closed; the refresh token is now of a new one. */
  erase(): Promise<void>
  /** Ends every line as a killed process does. */
  kill(): void
  /** Sends a frame as it stands. */
  push(frame: ServerMessage): void
  /** No refresh token of before is taken any more; a new visitor is another conversation. */
  forgetVisitors(): void
}

export function createShelf(): Shelf & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>()
  return {
    kept,
    read: key => kept.get(key),
    write: (key, value) => void kept.set(key, value),
    remove: key => void kept.delete(key),
    keys: () => [...kept.keys()],
  }
}

export function createFakeShop(
  random: () => number = () => 0.5,
  shelf: Shelf = createShelf(),
  clock: FakeClock = createFakeClock(),
): FakeShop {
  const conversations = new Map<string, Entry[]>([['c1', []]])
  let conversation = 'c1'
  let epoch = 'epoch1'
  let lives = 1
  let issued = 0
  let refreshable = 'refresh-c1'
  const lines: OpenLine[] = []
  let isDown = false
  let refs = 0
  const received: ClientMessage[] = []
  const tokens = new Set<string>()
  const fetches: Proof[] = []
  const identities = new Map<string, string>()
  const noMarks = { with: 'bot', customer: { delivered: 0, read: 0 }, shop: { delivered: 0, read: 0 } } as const
  let state: ConversationState = noMarks
  const faults: FakeShop['faults'] = []

  const log = (): Entry[] => conversations.get(conversation) ?? []
  const isVisible = (entry: Entry): entry is VisibleEvent => entry.type !== 'decided' && entry.type !== 'rated' && entry.type !== 'recalled'
  function dialogue(): VisibleEvent[] {
    let standing: VisibleEvent[] = []
    for (const entry of log()) {
      if (entry.type === 'recalled') standing = standing.filter(({ seq }) => seq <= entry.to)
      else if (isVisible(entry)) standing.push(entry)
    }
    return standing
  }
  const text = (said: string) => ({ parts: [{ kind: 'text' as const, text: said }] })
  const say = (line: OpenLine, frame: ServerMessage): void => {
    if (line.isOpen && !line.isDead) line.toClient.push(JSON.stringify(ServerMessage.parse(frame)))
  }

  const thumbsIn = (entries: readonly Entry[]): { readonly thumbs?: GivenThumb[] } => {
    const thumbs = entries.flatMap(entry => (entry.type === 'rated' ? [{ reply: entry.reply, thumb: entry.thumb }] : []))
    return thumbs.length > 0 ? { thumbs } : {}
  }

  function append(entries: readonly Entry[]): void {
    const after = log().length
    log().push(...entries)
    for (const line of lines.filter(({ isJoined }) => isJoined))
      say(line, { type: 'events', after, upTo: log().length, events: entries.filter(isVisible), ...thumbsIn(entries) })
  }

  function setState(next: Partial<ConversationState>): void {
    state = { ...state, ...next }
    for (const line of lines.filter(({ isJoined }) => isJoined)) say(line, { type: 'state', ...state })
  }

  function join(line: OpenLine, hello: Hello): void {
    if (!tokens.has(hello.token)) return line.close(CLOSE.TOKEN_EXPIRED)
    if (hello.conversation !== conversation) return line.close(CLOSE.UNKNOWN_CONVERSATION)
    const { resumeAfter } = hello
    const recovered = resumeAfter === null || (resumeAfter.epoch === epoch && resumeAfter.seq <= log().length)
    const after = recovered ? (resumeAfter?.seq ?? 0) : 0
    const { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst, heartbeatMs } = LIMITS
    const limits = { frameBytes, textCharacters, textBytes, messagesPerSecond, messageBurst }
    line.isJoined = true
    say(line, { type: 'welcome', protocol: 1, conversation, epoch, recovered, heartbeatMs, limits })
    const isTakenBack = log().some(({ type, seq }) => type === 'recalled' && seq > after)
    const thumbs = thumbsIn(log().filter(({ seq }) => seq > after))
    if (isTakenBack && after > 0) say(line, { type: 'events', after: 0, upTo: log().length, events: dialogue(), ...thumbs, whole: true })
    else say(line, { type: 'events', after, upTo: log().length, events: dialogue().filter(({ seq }) => seq > after), ...thumbs })
    say(line, { type: 'state', ...state })
  }

  function take(line: OpenLine, frame: ClientMessage): void {
    received.push(frame)
    if (frame.type === 'hello') return join(line, frame)
    if (frame.type === 'ping') return say(line, { type: 'pong' })
    if (frame.type === 'seen') {
      const shop = { ...state.shop, [frame.state]: Math.max(state.shop[frame.state], frame.seq) }
      if (shop[frame.state] !== state.shop[frame.state]) setState({ shop })
      return
    }
    if (frame.type !== 'say' && frame.type !== 'rate') return
    const fault = faults.shift()
    if (frame.type === 'rate' && !fault) {
      append([{ type: 'rated', seq: log().length + 1, reply: frame.reply, thumb: frame.thumb }])
      return say(line, { type: 'ack', ref: frame.ref, seq: log().length })
    }
    if (fault) return say(line, { type: 'fault', ref: frame.ref, ...fault })
    if (frame.type !== 'say') return
    const known = log().find(entry => entry.type === 'message' && entry.ref === frame.ref)
    if (!known)
      append([{ type: 'message', seq: log().length + 1, at: clock.now(), ref: frame.ref, parts: [{ kind: 'text', text: frame.text }] }])
    say(line, { type: 'ack', ref: frame.ref, seq: known?.seq ?? log().length })
  }

  function openSocket(events: SocketEvents): Socket {
    const line: OpenLine = {
      toServer: [],
      toClient: [],
      isDead: false,
      isOpen: false,
      isJoined: false,
      events,
      close(code) {
        letGo(line)
        events.closed(code)
      },
      die() {
        line.isDead = true
      },
    }
    lines.push(line)
    return {
      send: text => void (line.isDead || line.toServer.push(text)),
      close: () => letGo(line),
    }
  }

  function letGo(line: OpenLine): void {
    const index = lines.indexOf(line)
    if (index >= 0) lines.splice(index, 1)
    line.isOpen = false
    line.isJoined = false
    line.toClient.length = 0
  }

  async function fetchVisitor(proof: Proof): Promise<VisitorAnswer> {
    const { refresh, identity } = proof
    fetches.push(proof)
    if (isDown) throw new Error('no route')
    const known = identity === undefined ? undefined : identities.get(identity)
    if (identity !== undefined && known === undefined) throw new VisitorRefused(401, 'TOKEN_EXPIRED')
    if (known !== undefined) {
      if (!conversations.has(known)) conversations.set(known, [])
      conversation = known
    } else if (refresh !== undefined && refresh !== refreshable) throw new VisitorRefused(401, 'TOKEN_INVALID')
    if (known === undefined && refresh === undefined && fetches.length > 1) {
      conversation = `c${conversations.size + 1}`
      conversations.set(conversation, [])
    }
    refreshable = `refresh-${conversation}`
    const token = `token${++issued}`
    tokens.add(token)
    return { token, expiresInMs: 300_000, refresh: refreshable, conversation }
  }

  function open(line: OpenLine): boolean {
    if (line.isOpen || line.isDead) return false
    if (isDown) line.close(1006)
    else {
      line.isOpen = true
      line.events.opened()
    }
    return true
  }

  const shop: FakeShop = {
    world: {
      clock,
      shelf,
      random,
      openSocket,
      fetchVisitor,
      newRef: () => `r${Math.floor(random() * 2 ** 40).toString(36)}x${received.length}x${refs++}`,
    },
    clock,
    get log() {
      return log()
    },
    received,
    lines,
    tokens,
    fetches,
    identities,
    faults,
    get state() {
      return state
    },
    setState,
    visible: dialogue,
    moveToServer(moved) {
      const line = lines.find(candidate => candidate === moved)
      if (!line) return false
      if (open(line)) return true
      const text = line.isOpen ? line.toServer.shift() : undefined
      if (text !== undefined) take(line, ClientMessage.parse(JSON.parse(text)))
      return text !== undefined
    },
    moveToClient(moved) {
      const line = lines.find(candidate => candidate === moved)
      const text = line?.toClient.shift()
      if (text !== undefined) line?.events.heard(text)
      return text !== undefined
    },
    async deliver() {
      do await settle()
      while ([...lines].map(line => shop.moveToServer(line) || shop.moveToClient(line)).some(Boolean))
    },
    reply(said, quickReplies) {
      const seq = log().length + 1
      const offered = quickReplies && { quickReplies: [...quickReplies] }
      append([
        { type: 'decided', seq },
        { type: 'reply', seq: seq + 1, at: clock.now(), turn: seq - 1, locale: 'zh-CN', ...text(said), ...offered },
      ])
    },
    agentMessage(name, said) {
      const seq = log().length + 1
      append([{ type: 'agent_message', seq, at: clock.now(), ref: `a${seq}`, name, ...text(said) }])
    },
    notice(said) {
      append([{ type: 'notice', seq: log().length + 1, at: clock.now(), about: 'claimed', locale: 'zh-CN', ...text(said) }])
    },
    recall(to) {
      const seq = log().length + 1
      log().push(
        { type: 'recalled', seq, to },
        { type: 'reply', seq: seq + 1, at: clock.now(), turn: seq, locale: 'zh-CN', ...text('taken back') },
      )
      for (const line of lines.filter(({ isJoined }) => isJoined))
        say(line, { type: 'events', after: to, upTo: log().length, events: dialogue().filter(entry => entry.seq > to), whole: true })
    },
    restore(keep) {
      shop.kill()
      epoch = `epoch${++lives}`
      log().length = Math.min(keep, log().length)
      state = noMarks
    },
    async erase() {
      const gone = [...lines]
      conversation = `c${conversations.size + 1}`
      conversations.set(conversation, [])
      state = noMarks
      for (const line of gone) say(line, { type: 'fault', code: 'CONVERSATION_ERASED', message: 'it was erased' })
      await shop.deliver()
      for (const line of gone) line.close(CLOSE.CONVERSATION_ERASED)
    },
    goDown() {
      isDown = true
      shop.kill()
    },
    goUp() {
      isDown = false
    },
    kill() {
      for (const line of [...lines]) line.close(1006)
    },
    push(frame) {
      for (const line of lines) say(line, frame)
    },
    forgetVisitors() {
      refreshable = 'none'
      tokens.clear()
    },
  }
  return shop
}
