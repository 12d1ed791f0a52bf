// The agent's side, without a page: joins the line, the queue, the conversations that are followed and what is unsent, and tells a listener whenever
// something changed. It says nothing to a conversation whose newest events it has not seen, and claims nothing on anybody's behalf.
import type { DeskMessage, DeskRequest, NamedAction, PluginOff, QueueItem } from '@parley/core/protocol/desk-message.ts'
import { PROTOCOL } from '@parley/core/protocol/version.ts'
import { type ConnectionState, keepConnection } from '../client/connection.ts'
import { createSender, type Sender } from '../client/sender.ts'
import { VisitorRefused } from '../client/world.ts'
import { readDeskFrame } from './desk-frames.ts'
import type { Credentials, DeskWorld, Session, SignInAnswer } from './desk-world.ts'
import { type Owner, ownerOf } from './owner.ts'
import { emptyQueue, type Groups, groupsOf, hearQueue, isKnown, onNewLine } from './queue.ts'
import { createUnsent, type Unsent } from './unsent.ts'
import {
  type AboutOne,
  asked,
  discarded,
  hear,
  isPostponed,
  lastOfCustomer,
  leavesGap,
  lineLost,
  notAnswered,
  retried,
  typingAt,
  unwatched,
  type Watched,
  wrote,
} from './watched.ts'

export type ReleaseTo = Extract<DeskRequest, { type: 'release' }>['to']

type Ask = 'claim' | 'release' | 'preview' | 'rollback' | 'label' | 'erase'

/** What came of the last thing that the agent asked for. */
export type Outcome =
  /** Somebody else was faster; `ownerOf` tells who as soon as it is known. */
  | { readonly name: 'taken' }
  | { readonly name: 'erased' }
  | { readonly name: 'released'; readonly to: ReleaseTo }
  | { readonly name: 'refused'; readonly code: string }

/** What a rollback would do, as the shop says. */
export type Preview = Extract<DeskMessage, { type: 'preview' }>

export interface DeskView {
  readonly connection: ConnectionState
  /** Null until the shop has told, and while nobody is signed in. */
  readonly session: Session | null
  readonly isSignedOut: boolean
  readonly groups: Groups
  /** The queue has been heard on this line: until then it may be an old one, or none. */
  readonly isQueueKnown: boolean
  /** The shop's plugins that do not vote now; only a supervisor is told. */
  readonly pluginsOff: readonly PluginOff[]
  /** The shop's catalogue, once it was asked for. */
  readonly actions: readonly NamedAction[]
  readonly opened: string | null
  readonly watched: ReadonlyMap<string, Watched>
  /** What the agent has asked for that is under way. */
  readonly pending: ReadonlyMap<string, Ask>
  /** Of the rollback that the agent considers. */
  readonly preview: Preview | undefined
  readonly outcomes: ReadonlyMap<string, Outcome>
  item(conversation: string): QueueItem | undefined
  owner(conversation: string): Owner
  /** Mine, and seen up to its end. */
  maySay(conversation: string): boolean
  /** Also for a supervisor, whoever has it. */
  mayRollBack(conversation: string): boolean
  /** Mine, seen up to its end, and the customer has asked to be forgotten. */
  mayErase(conversation: string): boolean
}

export interface Desk {
  start(): void
  /** Rejects when no answer came. */
  signIn(credentials: Credentials): Promise<SignInAnswer>
  /** Rejects when no answer came. What is unsent is forgotten. */
  signOut(): Promise<void>
  /** Follows this conversation, and takes it to be what the agent looks at. */
  open(conversation: string | null): void
  /** What follows are false, and nothing is done, where it is not the moment: not connected, under way already, not mine, not synced. */
  claim(conversation: string): boolean
  release(conversation: string, to: ReleaseTo, note: string): boolean
  /** Asks what a rollback to after `toSeq` would do; it is then in the view. */
  considerRollback(conversation: string, toSeq: number): boolean
  rollback(conversation: string, toSeq: number, reason: string): boolean
  say(conversation: string, text: string): boolean
  /** Erases the customer for good, with every conversation of theirs. */
  erase(conversation: string): boolean
  /** Asks for the shop's catalogue, unless it is known. */
  wantActions(): void
  /** Says what a turn was about; null takes it back. Of any conversation that is followed. */
  label(conversation: string, turn: number, action: string | null): boolean
  /** The agent does not consider a rollback any more. */
  leaveRollback(): void
  /** May be called for every key: it is told at most every three seconds. */
  typing(conversation: string): void
  retry(conversation: string, ref: string): void
  /** Takes a failed message out and gives its text back. */
  discard(conversation: string, ref: string): string | undefined
  /** Whether the page is in sight: only then is what is open read. */
  setVisible(isVisible: boolean): void
  /** The device woke up, the page is visible or the network is back. */
  wake(): void
  readonly view: DeskView
}

/** The action of a customer who wants to be forgotten. */
const DELETE_ACCOUNT = 'DELETE_ACCOUNT'
const MOST_UNSENT = 20
const TYPING_EVERY_MS = 3_000
/** Longest wait for the answer to a claim or a release. */
const ANSWER_MS = 15_000
const UNTOLD_PAUSE_MS = 1_000

export function createDesk(world: DeskWorld, changed: (view: DeskView) => void): Desk {
  const { clock } = world
  const watched = new Map<string, Watched>()
  const senders = new Map<string, Sender>()
  const pending = new Map<string, Ask>()
  /** The rollback that the agent considers, with what it would do as soon as that is known. */
  let considered: { readonly conversation: string; readonly toSeq: number; readonly preview?: Preview } | undefined
  /** What a release under way is for. */
  const releasing = new Map<string, ReleaseTo>()
  const outcomes = new Map<string, Outcome>()
  const claimed = new Set<string>()
  /** How far this line has told that the customer's messages were seen. */
  const told = new Map<string, { delivered: number; read: number }>()
  let queue = emptyQueue
  let pluginsOff: readonly PluginOff[] = []
  let actions: readonly NamedAction[] = []
  let session: Session | null = null
  let unsent: Unsent | undefined
  let epoch = ''
  let opened: string | null = null
  let isVisible = true
  let toldTypingAt = Number.NEGATIVE_INFINITY
  let cancelTypingEnd = (): void => {}
  let cancelAnswer = (): void => {}

  const connection = keepConnection<Session, DeskRequest, DeskMessage>({
    world,
    tickets: { current: fetchSession, forgetToken: () => {} },
    read: readDeskFrame,
    hello: () => ({ type: 'hello', protocol: PROTOCOL }),
    heard: take,
    changed(state) {
      if (state.name !== 'connected') dropLine()
      follow()
      tell()
    },
  })

  async function fetchSession(): Promise<Session> {
    session = await world.fetchSession()
    if (session === null) throw new VisitorRefused(401, 'nobody is signed in')
    return session
  }

  const isConnected = (): boolean => connection.state.name === 'connected'
  const isSignedOut = (): boolean => connection.state.name === 'stopped' && session === null
  const itemOf = (conversation: string): QueueItem | undefined => queue.items.find(item => item.conversation === conversation)
  const owner = (conversation: string): Owner =>
    ownerOf({
      agent: session?.agent,
      item: itemOf(conversation),
      watched: watched.get(conversation),
      isClaimed: claimed.has(conversation),
      isClaiming: pending.get(conversation) === 'claim',
    })
  const isMine = (conversation: string): boolean => owner(conversation).who === 'me'
  const isSynced = (conversation: string): boolean => isConnected() && watched.get(conversation)?.stage === 'synced'
  const maySay = (conversation: string): boolean => isSynced(conversation) && isMine(conversation)
  const mayRollBack = (conversation: string): boolean =>
    isSynced(conversation) && (isMine(conversation) || session?.agent.isSupervisor === true)

  const mayErase = (conversation: string): boolean => {
    const card = watched.get(conversation)?.card
    const isAsked = card?.action === DELETE_ACCOUNT || card?.tried.some(({ action }) => action === DELETE_ACCOUNT)
    return maySay(conversation) && isAsked === true
  }

  const view = (): DeskView => ({
    connection: connection.state,
    session,
    isSignedOut: isSignedOut(),
    groups: groupsOf(queue, ({ conversation }) => isMine(conversation)),
    isQueueKnown: isKnown(queue),
    pluginsOff,
    actions,
    opened,
    watched,
    pending,
    preview: considered?.preview,
    outcomes,
    item: itemOf,
    owner,
    maySay,
    mayRollBack,
    mayErase,
  })
  const tell = (): void => changed(view())

  function take(message: DeskMessage): void {
    switch (message.type) {
      case 'welcome':
        return welcome(message)
      case 'queue':
        queue = hearQueue(queue, message)
        break
      case 'plugins':
        pluginsOff = message.off
        break
      case 'actions':
        actions = message.actions
        break
      case 'done':
        done(message)
        break
      case 'preview':
        if (pending.get(message.conversation) === 'preview') pending.delete(message.conversation)
        // One that comes late, for what the agent has left or done, opens nothing.
        if (considered?.conversation === message.conversation && considered.toSeq === message.toSeq)
          considered = { ...considered, preview: message }
        break
      case 'ping':
      case 'pong':
        return
      default:
        if (!takeAbout(message)) return
    }
    follow()
    tell()
  }

  function welcome({ agent, shop, epoch: heardEpoch }: Extract<DeskMessage, { type: 'welcome' }>): void {
    if (session?.agent.id !== agent.id || session.shop.id !== shop.id || unsent === undefined) {
      forget()
      unsent = createUnsent(world.shelf, shop.id, agent.id)
      for (const conversation of unsent.conversations()) begin(conversation)
    }
    session = { agent, shop }
    epoch = heardEpoch
    queue = onNewLine(queue)
    pluginsOff = [] // told anew on each line where there are any
  }

  /** False when the line is given up: whatever is missing is asked for on the next. */
  function takeAbout(heard: AboutOne): boolean {
    const conversation = heard.conversation ?? conversationOf(heard)
    if (conversation === undefined) return true
    const message = named(heard, conversation)
    const known = watched.get(conversation)
    if (known && leavesGap(known, message)) {
      connection.giveUp()
      return false
    }
    if (known) watched.set(conversation, hear(known, message, epoch, clock.monotonic()))
    switch (message.type) {
      case 'events':
        for (const event of message.events) if (event.type === 'agent_message') settle(conversation, event.ref)
        // Something has changed under the agent's eyes: what would go is asked anew.
        if (considered?.conversation === conversation) connection.send({ type: 'preview', conversation, toSeq: considered.toSeq })
        break
      case 'ack':
        settle(conversation, message.ref)
        break
      case 'state':
        if (message.with !== 'agent' || (message.agent ?? session?.agent.name) !== session?.agent.name) claimed.delete(conversation)
        break
      case 'labels':
        if (pending.get(conversation) === 'label') pending.delete(conversation)
        break
      case 'typing':
        endTypingLater()
        break
      case 'fault':
        fault(message, conversation)
    }
    return true
  }

  /** A refusal may name the message alone; that of a frame that could not be read names nothing, but then only one message can be meant. */
  function conversationOf(message: AboutOne): string | undefined {
    if (message.type !== 'fault') return undefined
    if (message.ref !== undefined)
      return [...watched.values()].find(({ outbox }) => outbox.some(({ ref }) => ref === message.ref))?.conversation
    const sending = [...senders].filter(([, { underWay }]) => underWay !== undefined)
    return isUnread(message) && sending.length === 1 ? sending[0]?.[0] : undefined
  }

  const isUnread = (message: AboutOne): boolean => message.type === 'fault' && message.code.startsWith('FRAME_')

  function named(message: AboutOne, conversation: string): AboutOne {
    const underWay = senders.get(conversation)?.underWay
    return message.type === 'fault' && message.ref === undefined && isUnread(message) && underWay !== undefined
      ? { ...message, ref: underWay }
      : message
  }

  function settle(conversation: string, ref: string): void {
    unsent?.of(conversation).remove(ref)
    senders.get(conversation)?.answered(ref)
  }

  /** Nothing of it stays here either, neither what was said nor what was not sent. */
  function erased(conversation: string): void {
    unsent?.of(conversation).clear()
    senders.get(conversation)?.lineLost()
    claimed.delete(conversation)
    pending.delete(conversation)
    if (considered?.conversation === conversation) considered = undefined
    if (watched.has(conversation)) watched.set(conversation, { ...unwatched(conversation), stage: 'synced' })
    outcomes.set(conversation, { name: 'erased' })
  }

  function fault(message: Extract<DeskMessage, { type: 'fault' }>, conversation: string): void {
    if (message.code === 'CONVERSATION_ERASED') return erased(conversation)
    const { ref, code } = message
    const sender = senders.get(conversation)
    if (ref === undefined && !pending.has(conversation) && isPostponed(message)) askAgain(conversation, message.retryAfterMs ?? 0)
    else if (ref === undefined) {
      pending.delete(conversation)
      if (considered?.conversation === conversation) considered = undefined
      outcomes.set(conversation, code === 'ALREADY_CLAIMED' ? { name: 'taken' } : { name: 'refused', code })
    } else if (isPostponed(message)) sender?.pause(ref, message.retryAfterMs ?? UNTOLD_PAUSE_MS)
    else sender?.answered(ref)
  }

  /** A `watch` that was refused because the shop is busy. */
  function askAgain(conversation: string, afterMs: number): void {
    clock.after(Math.max(afterMs, UNTOLD_PAUSE_MS), () => {
      const known = watched.get(conversation)
      if (known) watched.set(conversation, notAnswered(known))
      follow()
    })
  }

  function done({ what, conversation }: Extract<DeskMessage, { type: 'done' }>): void {
    pending.delete(conversation)
    const to = releasing.get(conversation)
    if (what === 'rollback' || what === 'erase') return
    if (what === 'claim') {
      claimed.add(conversation)
      outcomes.delete(conversation)
    } else {
      claimed.delete(conversation)
      if (to) outcomes.set(conversation, { name: 'released', to })
    }
  }

  /** Asks for what is looked at, what is mine and what has something unsent, and lets go of the rest. */
  function follow(): void {
    const wanted = new Set([...claimed, ...queue.items.map(({ conversation }) => conversation).filter(isMine)])
    if (opened !== null) wanted.add(opened)
    for (const { conversation, outbox } of watched.values()) if (outbox.length > 0) wanted.add(conversation)
    for (const conversation of [...watched.keys()])
      if (!wanted.has(conversation)) {
        if (isConnected()) connection.send({ type: 'unwatch', conversation })
        end(conversation)
      }
    for (const conversation of wanted) {
      const known = watched.get(conversation) ?? begin(conversation)
      if (!isConnected() || known.stage !== 'unasked') continue
      watched.set(conversation, asked(known))
      connection.send({ type: 'watch', conversation, resumeAfter: known.position })
    }
    for (const sender of senders.values()) sender.pump()
    tellSeen()
  }

  function begin(conversation: string): Watched {
    const kept = unsent?.of(conversation).all() ?? []
    const begun = kept.reduce(wrote, unwatched(conversation))
    watched.set(conversation, begun)
    senders.set(
      conversation,
      createSender({
        world,
        outbox: () => watched.get(conversation)?.outbox ?? [],
        isConnected: () => isSynced(conversation),
        send: message => connection.send({ ...message, conversation }),
        stuck: () => connection.giveUp(),
      }),
    )
    return begun
  }

  function end(conversation: string): void {
    senders.get(conversation)?.lineLost()
    senders.delete(conversation)
    watched.delete(conversation)
    told.delete(conversation)
    if (conversation !== opened) outcomes.delete(conversation)
  }

  function dropLine(): void {
    for (const [conversation, known] of watched) watched.set(conversation, lineLost(known))
    for (const sender of senders.values()) sender.lineLost()
    cancelAnswer()
    considered = undefined
    pending.clear() // whether it was done is seen on the next line
    told.clear()
  }

  function forget(): void {
    for (const conversation of [...watched.keys()]) end(conversation)
    claimed.clear()
    actions = [] // they are the shop's
    outcomes.clear()
    queue = emptyQueue
    unsent = undefined
  }

  /** A customer whom nobody has taken on is told nothing of who looks in. */
  function tellSeen(): void {
    for (const [conversation, known] of watched) {
      const seq = lastOfCustomer(known)
      if (seq === 0 || !maySay(conversation)) continue
      const before = told.get(conversation) ?? { delivered: 0, read: 0 }
      const isRead = isVisible && conversation === opened
      const state = isRead ? 'read' : 'delivered'
      if (Math.max(before[state], known.state?.customer[state] ?? 0) >= seq) continue
      told.set(conversation, { ...before, [state]: seq })
      connection.send({ type: 'seen', conversation, state, seq })
    }
  }

  function endTypingLater(): void {
    cancelTypingEnd()
    const now = clock.monotonic()
    const ends = [...watched.values()].flatMap(({ typing }) => typing.map(({ until }) => until)).filter(until => until > now)
    if (ends.length === 0) return
    cancelTypingEnd = clock.after(Math.min(...ends) - now, () => {
      for (const [conversation, known] of watched) watched.set(conversation, { ...known, typing: typingAt(known, clock.monotonic()) })
      endTypingLater()
      tell()
    })
  }

  function ask(conversation: string, what: Ask, message: DeskRequest): boolean {
    if (!isConnected() || pending.has(conversation)) return false
    pending.set(conversation, what)
    outcomes.delete(conversation)
    cancelAnswer()
    cancelAnswer = clock.after(ANSWER_MS, () => pending.size > 0 && connection.giveUp())
    connection.send(message)
    tell()
    return true
  }

  return {
    start: connection.connect,
    async signIn(credentials) {
      const answer = await world.signIn(credentials)
      if (answer.result === 'signed-in') {
        session = answer.session
        connection.connect()
      }
      return answer
    },
    async signOut() {
      await world.signOut()
      unsent?.clear()
      forget()
      opened = null
      connection.connect() // the line is dropped; without a session there is no other
    },
    open(conversation) {
      if (conversation === opened) return
      if (opened !== null) outcomes.delete(opened)
      opened = conversation
      considered = undefined
      follow()
      tell()
    },
    claim: conversation => owner(conversation).who === 'queue' && ask(conversation, 'claim', { type: 'claim', conversation }),
    release(conversation, to, note) {
      if (!maySay(conversation)) return false
      const trimmed = note.trim()
      const isAsked = ask(conversation, 'release', { type: 'release', conversation, to, ...(trimmed && { note: trimmed }) })
      if (isAsked) releasing.set(conversation, to)
      return isAsked
    },
    considerRollback(conversation, toSeq) {
      if (!mayRollBack(conversation) || !ask(conversation, 'preview', { type: 'preview', conversation, toSeq })) return false
      considered = { conversation, toSeq }
      return true
    },
    rollback(conversation, toSeq, reason) {
      if (!mayRollBack(conversation)) return false
      if (!ask(conversation, 'rollback', { type: 'rollback', conversation, toSeq, reason: reason.trim() })) return false
      considered = undefined
      return true
    },
    wantActions() {
      if (actions.length === 0) connection.send({ type: 'actions' })
    },
    label: (conversation, turn, action) =>
      isSynced(conversation) && ask(conversation, 'label', { type: 'label', conversation, turn, action }),
    leaveRollback() {
      if (considered === undefined) return
      considered = undefined
      tell()
    },
    erase: conversation => mayErase(conversation) && ask(conversation, 'erase', { type: 'erase', conversation }),
    say(conversation, text) {
      const known = watched.get(conversation)
      if (!known || !maySay(conversation) || known.outbox.length >= MOST_UNSENT) return false
      const message = { ref: world.newRef(), text, at: clock.now() }
      unsent?.of(conversation).keep(message)
      watched.set(conversation, wrote(known, message))
      senders.get(conversation)?.pump()
      tell()
      return true
    },
    typing(conversation) {
      if (!maySay(conversation) || clock.monotonic() - toldTypingAt < TYPING_EVERY_MS) return
      toldTypingAt = clock.monotonic()
      connection.send({ type: 'typing', conversation })
    },
    retry(conversation, ref) {
      const known = watched.get(conversation)
      if (!known) return
      watched.set(conversation, retried(known, ref))
      senders.get(conversation)?.pump()
      tell()
    },
    discard(conversation, ref) {
      const known = watched.get(conversation)
      const text = known?.outbox.find(item => item.ref === ref)?.text
      if (!known || text === undefined) return undefined
      unsent?.of(conversation).remove(ref)
      watched.set(conversation, discarded(known, ref))
      follow()
      tell()
      return text
    },
    setVisible(next) {
      isVisible = next
      tellSeen()
    },
    wake: connection.wake,
    get view() {
      return view()
    },
  }
}
