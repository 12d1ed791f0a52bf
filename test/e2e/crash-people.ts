// The people of crash.test.ts, over real sockets: customers who write, take back, open and withdraw cases, and agents who claim, answer and give back.
// They come back when a server is there again and send again what was not acknowledged. What they were told is kept, to be held against the log.
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import { CLOSE, mayReconnect } from '@parley/core/protocol/close-codes.ts'
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import type { ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { WebSocket } from 'ws'

export interface Told extends Identity {
  /** By message id: what was written. */
  readonly said: Map<string, string>
  /** By message id: where it was acknowledged. */
  readonly acknowledged: Map<string, number>
  /** What the customer sees, in order, as it was after the event `upTo`. */
  shown: readonly VisibleEvent[]
  upTo: number
  /** What no client may ever see. */
  readonly problems: string[]
}

export interface Person {
  /** A server listens at `url`. */
  join(url: string): void
  /** Begins nothing new; resolves when what was begun has its answer. */
  rest(): Promise<void>
  leave(): void
}

/** The server's own word, and not the end of its process; a node of several that leaves has no other. */
const isComeAgain = (code: number): boolean => code >= 4000 && mayReconnect(code) && code !== CLOSE.GO_ELSEWHERE

/** What a customer does next, when nothing is left to wait for. */
export type Act = { readonly say: readonly string[] } | 'take back' | 'start afresh' | { readonly pauseMs: number }

/** Who looks on: at how long people wait, and whether their server still says anything. */
export interface Onlooker {
  /** A frame has come, of whatever kind. */
  heard?(): void
  /** The connection has ended, and no other is sought. */
  isAlone?(): void
  said?(conversation: string, ref: string): void
  acknowledged?(conversation: string, ref: string): void
}

export interface Customer extends Person {
  /** Every conversation that this customer had, the one at hand last. */
  readonly told: readonly Told[]
  /** What it waits for, in words for whoever looks why a test does not end. */
  waitsFor(): string
  readonly isWaiting: boolean
}

export interface Identity {
  readonly token: string
  readonly conversation: string
}

/** `next`: as Act says. `identify`: who the customer is from now on, in a new conversation. */
export function createCustomer(
  name: string,
  identify: () => Promise<Identity>,
  next: (owner: 'bot' | 'queue' | 'agent') => Act,
  onlooker: Onlooker = {},
): Customer {
  const told: Told[] = []
  let identity: Identity | undefined
  let position: StreamPosition | null = null
  let socket: WebSocket | undefined
  /** On this connection: until then nothing but the hello may be said. */
  let isWelcome = false
  let address: string | undefined
  let refs = 0
  let unacknowledged: string[] = []
  let sentAgain: ReadonlySet<string> = new Set()
  /** The seq of the last message acknowledged: the shop owes an answer behind it. */
  let owedAfter = 0
  let recalling: string | undefined
  let owner: 'bot' | 'queue' | 'agent' = 'bot'
  let retry: NodeJS.Timeout | undefined
  let pause: NodeJS.Timeout | undefined
  let rest: (() => void) | undefined
  const now = (): Told => told.at(-1)! // `start` has made it

  async function start(): Promise<void> {
    identity = await identify()
    told.push({
      ...identity,
      said: new Map(),
      acknowledged: new Map(),
      shown: [],
      upTo: 0,
      problems: [],
    })
    position = null
    unacknowledged = []
    owedAfter = 0
    recalling = undefined
    owner = 'bot'
  }

  /** With a person too a customer waits for an answer before going on; but a person need not give any. At rest the log says what is owed. */
  const isOwed = (): boolean => {
    const { shown } = now()
    if (owner === 'agent') return !rest && shown.at(-1)?.type === 'message'
    return !rest && owedAfter > 0 && !shown.some(event => event.type !== 'message' && event.seq > owedAfter)
  }
  const isWaiting = (): boolean => unacknowledged.length > 0 || recalling !== undefined || isOwed()

  const send = (frame: object): void => {
    if (socket?.readyState === WebSocket.OPEN && isWelcome) socket.send(JSON.stringify(frame))
  }
  const push = (refs: readonly string[] = unacknowledged): void => {
    for (const ref of refs) send({ type: 'say', ref, text: now().said.get(ref) })
  }

  function goOn(): void {
    if (!position || isWaiting()) return
    if (rest) return rest()
    if (pause) return
    const act = next(owner)
    if (typeof act === 'object' && 'pauseMs' in act) {
      pause = setTimeout(() => {
        pause = undefined
        goOn()
      }, act.pauseMs)
    } else if (act === 'start afresh') {
      socket?.terminate() // its close begins the next conversation
      identity = undefined
    } else if (act === 'take back') {
      recalling = now().shown.findLast(event => event.type === 'message')?.ref
      if (recalling === undefined) return goOn()
      send({ type: 'recall', ref: recalling })
    } else {
      const fresh = act.say.map(text => {
        const ref = `${name}-${refs++}`
        now().said.set(ref, text)
        onlooker.said?.(now().conversation, ref)
        return ref
      })
      unacknowledged.push(...fresh)
      push(fresh)
    }
  }

  function hear(frame: ServerMessage): void {
    const { shown, problems, acknowledged } = now()
    switch (frame.type) {
      case 'welcome':
        isWelcome = true
        if (position && (!frame.recovered || position.epoch !== frame.epoch)) problems.push(`${name}: told to reload`)
        position ??= { epoch: frame.epoch, seq: 0 }
        if (recalling !== undefined) send({ type: 'recall', ref: recalling })
        recalling = undefined // asked again; whether it was heard the first time is not told
        // Whoever comes back goes on: a person may have had the conversation meanwhile, who owes no answer to what was said to them.
        owedAfter = 0
        sentAgain = new Set(unacknowledged)
        return push()
      case 'events': {
        if (!position) return
        if (!frame.whole && frame.after !== position.seq) problems.push(`${name}: a frame after ${frame.after}, known was ${position.seq}`)
        if (frame.whole) recalling = undefined
        now().shown = [...(frame.whole ? shown.filter(({ seq }) => seq <= frame.after) : shown), ...frame.events]
        now().upTo = frame.upTo
        position = { ...position, seq: frame.upTo }
        // Taken back is taken back: nothing is owed for it.
        if (frame.whole)
          owedAfter = Math.min(
            owedAfter,
            ...now()
              .shown.flatMap(event => (event.type === 'message' ? event.seq : []))
              .slice(-1),
          )
        return goOn()
      }
      case 'ack': {
        const known = acknowledged.get(frame.ref)
        if (known !== undefined && known !== frame.seq) problems.push(`${name}: ${frame.ref} at ${known} and at ${frame.seq}`)
        acknowledged.set(frame.ref, frame.seq)
        onlooker.acknowledged?.(now().conversation, frame.ref)
        unacknowledged = unacknowledged.filter(ref => ref !== frame.ref)
        if (!sentAgain.has(frame.ref)) owedAfter = Math.max(owedAfter, frame.seq)
        return goOn()
      }
      case 'state':
        if (owner === 'agent' && frame.with !== 'agent') owedAfter = 0 // what was said to the person is not the bot's to answer
        owner = frame.with
        return goOn()
      case 'fault': {
        const { code, message, retryAfterMs } = frame
        if (retryAfterMs !== undefined) {
          clearTimeout(retry)
          retry = setTimeout(() => (recalling === undefined ? push() : send({ type: 'recall', ref: recalling })), retryAfterMs)
          return
        }
        if (code === 'SHUTTING_DOWN') return // its farewell follows, and elsewhere it is sent again
        if (code === 'ROLLBACK_INVALID') recalling = undefined
        else problems.push(`${name}: ${code} ${message}`)
        return goOn()
      }
      default:
        return
    }
  }

  async function connect(): Promise<void> {
    if (identity === undefined) await start()
    if (address === undefined || !identity) return
    const { token, conversation } = identity
    socket?.terminate() // one that says nothing any more
    isWelcome = false
    const mine = new WebSocket(`${address.replace(/^http/, 'ws')}/v1/socket`)
    socket = mine
    mine.on('open', () => mine.send(JSON.stringify({ type: 'hello', protocol: PROTOCOL, token, conversation, resumeAfter: position })))
    mine.on('message', data => {
      if (socket !== mine) return
      onlooker.heard?.()
      hear(JSON.parse(String(data)) as ServerMessage) // the server's own frames
    })
    mine.on('error', () => {}) // 'close' follows
    mine.on('close', code => {
      if (socket !== mine) return
      socket = undefined
      // By its own wish, or by the server's, which lives: else it waits to be told of one.
      if (identity === undefined || isComeAgain(code)) void connect()
      else onlooker.isAlone?.()
    })
  }

  return {
    told,
    get isWaiting() {
      return told.length === 0 || !position || isWaiting()
    },
    waitsFor: () =>
      `${name} in ${now().conversation} at ${now().upTo}: ${unacknowledged} unacknowledged, ${recalling} recalled, owed after ${isOwed() ? owedAfter : '-'}`,
    join(url) {
      address = url
      void connect()
    },
    rest: () =>
      new Promise(resolve => {
        rest = resolve
        goOn()
      }),
    leave() {
      address = undefined
      socket?.terminate()
    },
  }
}

export interface DeskAgent extends Person {
  /** By conversation and message id: what was written, and where it was acknowledged (0: not yet). */
  readonly said: ReadonlyMap<string, ReadonlyMap<string, { readonly text: string; readonly seq: number }>>
  readonly problems: readonly string[]
}

/** So that an agent is not refused for writing too fast. */
const MOST_IN_HAND = 3

/** Takes what waits, writes, sometimes takes the message back, and gives it back. `random` decides what else. */
export function createAgent(name: string, cookie: string, random: () => number, onlooker: Onlooker = {}): DeskAgent {
  const said = new Map<string, Map<string, { readonly text: string; readonly seq: number }>>()
  const problems: string[] = []
  /** What this agent has in hand, with what is to be done about it next. */
  const inHand = new Map<string, 'claiming' | 'writing' | 'taking back' | 'releasing'>()
  let me: string | undefined
  let socket: WebSocket | undefined
  let refs = 0
  let rest: (() => void) | undefined

  const send = (frame: object): void => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(frame))
  }
  function write(conversation: string): void {
    inHand.set(conversation, 'writing')
    const mine = said.get(conversation) ?? new Map()
    said.set(conversation, mine)
    // Not known to be there: once more, under the same id.
    const unsent = [...mine].find(([, { seq }]) => seq === 0)
    const [ref, text] = unsent ? [unsent[0], unsent[1].text] : [`${name}-${refs++}`, `This is ${name}, about ${refs}.`]
    mine.set(ref, { text, seq: 0 })
    send({ type: 'say', conversation, ref, text })
  }
  function release(conversation: string): void {
    inHand.set(conversation, 'releasing')
    const to = random() < 0.6 ? 'bot' : random() < 0.5 ? 'queue' : 'closed'
    send({ type: 'release', conversation, to: rest ? 'bot' : to })
  }

  function hear(frame: DeskMessage): void {
    switch (frame.type) {
      case 'welcome':
        me = frame.agent.id
        inHand.clear()
        return
      case 'queue': {
        for (const { conversation, with: where, agent } of frame.items) {
          if (inHand.has(conversation)) continue
          if (where === 'agent' && agent?.id === me)
            write(conversation) // from before a restart
          else if (where === 'queue' && !rest && inHand.size < MOST_IN_HAND) {
            inHand.set(conversation, 'claiming')
            send({ type: 'claim', conversation })
          }
        }
        if (rest && frame.items.every(item => item.agent?.id !== me)) rest()
        return
      }
      case 'ack': {
        const mine = said.get(frame.conversation)
        const before = mine?.get(frame.ref)
        if (!before || (before.seq !== 0 && before.seq !== frame.seq)) problems.push(`${name}: ${frame.ref} acknowledged at ${frame.seq}`)
        else mine?.set(frame.ref, { ...before, seq: frame.seq })
        if (random() < 0.3) {
          inHand.set(frame.conversation, 'taking back')
          return send({ type: 'rollback', conversation: frame.conversation, toSeq: frame.seq - 1, reason: 'a slip' })
        }
        return release(frame.conversation)
      }
      case 'done':
        if (frame.what === 'claim') return write(frame.conversation)
        if (frame.what === 'rollback') return release(frame.conversation)
        inHand.delete(frame.conversation)
        return
      case 'fault':
        if (frame.code === 'SHUTTING_DOWN') return // its farewell follows
        // A node that cannot be certain of the accounts admits nobody, and says so; its close follows.
        if (frame.code === 'TOKEN_EXPIRED') return
        if (frame.conversation === undefined) return void problems.push(`${name}: ${frame.code} ${frame.message}`)
        if (frame.code === 'ALREADY_CLAIMED' || frame.code === 'NOT_WAITING' || frame.code === 'NOT_OWNER')
          inHand.delete(frame.conversation)
        else if (frame.code === 'ROLLBACK_INVALID') release(frame.conversation)
        else if (frame.retryAfterMs !== undefined) setTimeout(() => inHand.delete(frame.conversation ?? ''), frame.retryAfterMs)
        else problems.push(`${name}: ${frame.code} ${frame.message}`)
        return
      default:
        return
    }
  }

  function join(url: string): void {
    socket?.terminate()
    const mine = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/desk/socket`, { headers: { cookie } })
    socket = mine
    mine.on('open', () => send({ type: 'hello', protocol: PROTOCOL }))
    mine.on('message', data => {
      if (socket !== mine) return
      onlooker.heard?.()
      hear(JSON.parse(String(data)) as DeskMessage) // the server's own frames
    })
    mine.on('error', () => {}) // 'close' follows
    mine.on('close', code => {
      if (socket !== mine) return
      if (isComeAgain(code) && code !== CLOSE.TOKEN_EXPIRED) join(url)
      else onlooker.isAlone?.() // it waits to be told of a server
    })
  }

  return {
    said,
    problems,
    join,
    rest: () =>
      new Promise(resolve => {
        rest = resolve
      }),
    leave: () => socket?.terminate(),
  }
}
