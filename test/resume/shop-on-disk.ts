// A shop with the real engine on the real stores, in a time that a test turns by hand: it is killed, started again, backed up and put back from the
// backup. Beside it stands the history of each of the store's lives, written down append by append: what anybody may ever see is one of its states.
import assert from 'node:assert/strict'
import { cpSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { marksAfter } from '@parley/core/conversation/custody.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import type { Logged } from '@parley/core/conversation/event.ts'
import { createEngine, type Engine } from '@parley/core/engine.ts'
import type { ConversationKey, Epoch } from '@parley/core/ids.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog, renewEpoch } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { createLocalFanOut } from '@parley/server/drivers/fan-out.local.ts'
import { createMemoryJobs } from '@parley/server/drivers/jobs.memory.ts'
import { createAlone } from '@parley/server/drivers/nodes.alone.ts'
import { createMemorySnapshots } from '@parley/server/drivers/snapshots.memory.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { createErasures } from '@parley/server/erasures.ts'
import { type AgentIdentity, createAgentSocket } from '@parley/server/realtime/agent-socket.ts'
import { createCustomerSocket } from '@parley/server/realtime/customer-socket.ts'
import type { Connection, Wire } from '@parley/server/realtime/session.ts'
import { createTokens, type Tokens } from '@parley/server/tokens.ts'
import { createTestShop, literalVoter, SHOP } from '../core/house.ts'
import { createFakeClock, type FakeClock } from '../web/fake-clock.ts'
import { createLines, type Lines } from './lines.ts'

/** What an agent sees at one position; what a customer sees is without the marks. */
export interface Sight {
  readonly customer: string
  readonly agent: string
  /** What the customer has said of the replies that stand: both see it. */
  readonly thumbs: string
}

export interface ShopOnDisk {
  readonly clock: FakeClock
  readonly lines: Lines
  readonly tokens: Tokens
  readonly bugs: readonly unknown[]
  /** Undefined while it is down. */
  readonly engine: Engine | undefined
  /** Of the store's lives so far, oldest first. */
  readonly epochs: readonly Epoch[]
  /** Waits for what is under way at the disk and elsewhere; no time passes. */
  settle(): Promise<void>
  customerSocket(wire: Wire): Connection
  agentSocket(wire: Wire, agent: Omit<AgentIdentity, 'shop'>): Connection
  start(): Promise<void>
  /** As kill -9: nothing that it has in hand goes on. What was on its way to the disk may be there. */
  kill(isTold: () => boolean): Promise<void>
  /** In order: tells all to come again, and ends what is under way. */
  stop(): Promise<void>
  /** Ends it in order, copies its stores, and starts it again. */
  backUp(): Promise<void>
  /** Puts the backup back, if there is one. The shop is down. Gives what is gone with it: the ids of its messages. */
  restore(): Promise<readonly string[]>
  /** The wall clock of the server's machine is set. */
  setClock(byMs: number): void
  /** Null where the store in that life was never at that position. */
  sight(epoch: string, conversation: string, seq: number): Sight | null
  /** Of the life that goes on. */
  events(conversation: string): readonly Logged[]
  /** The log read from the disk says what the history does. */
  compareWithDisk(): Promise<void>
  close(): Promise<void>
}

/** One life of the store: of each conversation every event and the state after it. */
interface Past {
  readonly epoch: Epoch
  readonly conversations: Map<string, { readonly events: Logged[]; readonly states: Conversation[] }>
}

const TOKENS = { visitorMinutes: 60, refreshDays: 1, identityKey: () => 'of nobody here' }

export const keyOf = (conversation: string): ConversationKey => ({
  shop: SHOP,
  conversation: conversation as ConversationKey['conversation'],
}) // the tokens' own ids

export function createShopOnDisk(folder: string, random: () => number): ShopOnDisk {
  let inFlight = 0
  const counted = async <T>(work: Promise<T>): Promise<T> => {
    inFlight++
    try {
      return await work
    } finally {
      inFlight--
    }
  }
  const settle = async (): Promise<void> => {
    do await new Promise(resolve => setImmediate(resolve))
    while (inFlight > 0)
  }
  const clock = createFakeClock(settle)
  const lines = createLines()
  const bugs: unknown[] = []
  const pasts: Past[] = []
  const sights = new Map<string, Sight>()
  let backup: Map<string, number> | undefined
  let wallMs = 0
  /** Those of every life: one that this log does not bear out must not be taken. */
  const snapshots = createMemorySnapshots()
  const data = join(folder, 'data')
  const shop = createTestShop([literalVoter()])

  // In turn, so that two that race at the pool of threads do not make a seed end now so and now so.
  let lastToken: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = lastToken.then(work)
    lastToken = mine.catch(() => {})
    return counted(mine)
  }
  const real = createTokens(new Uint8Array(32).fill(7), TOKENS)
  const tokens: Tokens = {
    ...real,
    issue: visitor => inTurn(() => real.issue(visitor)),
    verify: (token, audience) => inTurn(() => real.verify(token, audience)),
  }

  interface Life {
    readonly epoch: Epoch
    readonly engine: Engine
    readonly fanOut: FanOut
    readonly clock: Clock
    readonly conversations: Conversations
    isOver: boolean
    broke(error: unknown): void
    close(): Promise<void>
  }
  let life: Life | undefined

  function pastOf(epoch: Epoch): Past {
    const found = pasts.find(past => past.epoch === epoch)
    if (found) return found
    const begun: Past = { epoch, conversations: new Map() }
    pasts.push(begun)
    return begun
  }

  function writeDown(epoch: Epoch, conversation: string, appended: readonly Logged[]): void {
    const { conversations } = pastOf(epoch)
    const { events, states } = conversations.get(conversation) ?? { events: [], states: [] }
    conversations.set(conversation, { events, states })
    for (const event of appended) {
      states[event.seq] = fold(states[event.seq - 1] ?? unwritten, [event], '' as never) // no driver looks at this position
      events.push(event)
    }
  }

  async function open(): Promise<Life> {
    const log = await openLmdbLog(join(data, 'log'))
    const vault = await openLmdbVault(join(data, 'keys'))
    const stored = createConversations(log, vault, {
      snapshots,
      observer: { opened: () => {}, written: () => {}, failed: error => mine.broke(error) },
    })
    const conversations: Conversations = {
      ...stored,
      append: (key, customer, events, expected, options) =>
        counted(
          stored.append(key, customer, events, expected, options).then(head => {
            writeDown(log.epoch, key.conversation, head.events)
            return head
          }),
        ),
      read: (key, after) => counted(stored.read(key, after)),
      open: key => counted(stored.open(key)),
    }
    const mine: Life = {
      epoch: log.epoch,
      clock: {
        now: () => clock.now() + wallMs,
        monotonic: clock.monotonic,
        after: (ms, callback) => clock.after(ms, () => mine.isOver || callback()),
      },
      fanOut: createLocalFanOut(error => mine.broke(error)),
      conversations,
      engine: undefined as never, // in the next statement
      isOver: false,
      broke(error) {
        // The only limit here that goes by the true clock: a machine under load may exceed it.
        const isTime = error instanceof Error && error.message.includes('render limit exceeded')
        if (!mine.isOver && !isTime) bugs.push(error)
      },
      async close() {
        mine.isOver = true
        await settle()
        await stored.close()
        await log.close()
        await vault.close()
        await settle()
      },
    }
    const engine = createEngine({
      nodes: createAlone(),
      conversations,
      erasures: createErasures(log, vault, stored.forget),
      jobs: createMemoryJobs({ clock: mine.clock, random, broke: mine.broke }),
      fanOut: mine.fanOut,
      stages: {
        mesh: slowMesh(mine.clock),
        effects: createEffects(new Map()),
        clock: mine.clock,
        deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
      },
      shop: id => (id === SHOP ? shop : undefined),
      limits: { inbox: 2, turns: 1_000, conversations: 100 },
      observer: {
        decided: () => {},
        rated: () => {},
        overdue: () => {},
        erased: () => {},
        tookOver: () => {},
        broke: (_key, error) => mine.broke(error),
        failed: mine.broke,
      },
    })
    return Object.assign(mine, { engine })
  }

  /** Takes its time, so that the bot is seen to type. */
  const slowMesh = (time: Clock): Mesh => ({
    facts: names =>
      new Promise(resolve => {
        const fact = { isKnown: true, value: null } as const
        time.after(random() * 750, () => resolve(Object.fromEntries(names.map(name => [name, fact]))))
      }),
  })

  const socketParts = ({ clock, fanOut, broke }: Life) => ({ clock, fanOut, onFault: () => {}, onBug: broke })
  const living = (): Life => {
    if (!life) throw new Error('the shop is down')
    return life
  }

  async function end(): Promise<void> {
    const ended = living()
    life = undefined
    await ended.close()
  }

  async function start(): Promise<void> {
    life = await open()
    pastOf(life.epoch)
    lines.isListening = true
    void life.engine.finishUnsettled()
    await settle()
  }

  async function stop(): Promise<void> {
    const { engine } = living()
    lines.isListening = false
    const drained = engine.drain()
    while (engine.turnsUnderWay > 0) await clock.advance(100)
    await drained
    lines.leave()
    await end()
  }

  return {
    clock,
    lines,
    tokens,
    bugs,
    settle,
    get engine() {
      return life?.engine
    },
    get epochs() {
      return pasts.map(({ epoch }) => epoch)
    },
    customerSocket(wire) {
      const mine = living()
      return createCustomerSocket(wire, { ...socketParts(mine), engine: mine.engine, tokens })
    },
    agentSocket(wire, agent) {
      const mine = living()
      return createAgentSocket(
        wire,
        { ...agent, shop: SHOP },
        {
          ...socketParts(mine),
          engine: mine.engine,
          epoch: mine.epoch,
          aboutShop: () => ({ name: 'Demo', locale: 'en' }),
          pluginsOff: () => [],
          corrections: { actionsOf: () => [], of: () => [], say: async () => {} },
          isAdmitted: async () => true,
        },
      )
    },
    start,
    async kill(isTold) {
      lines.isListening = false
      lines.serverDied(isTold)
      await end()
    },
    stop,
    async backUp() {
      await stop()
      for (const store of ['log', 'keys']) copyStore(join(data, store), join(folder, 'backup', store))
      const { conversations } = pasts.at(-1)! // it has lived
      backup = new Map([...conversations].map(([conversation, { events }]) => [conversation, events.length]))
      await start()
    },
    async restore() {
      const kept = backup
      const before = pasts.at(-1)
      if (!kept || !before) return []
      for (const store of ['log', 'keys']) copyStore(join(folder, 'backup', store), join(data, store))
      const { epoch } = pastOf(await renewEpoch(join(data, 'log')))
      return [...before.conversations].flatMap(([conversation, { events }]) => {
        const upTo = kept.get(conversation) ?? 0
        writeDown(epoch, conversation, events.slice(0, upTo))
        return events.slice(upTo).flatMap(event => (event.type === 'message' || event.type === 'agent_message' ? [event.ref] : []))
      })
    },
    setClock(byMs) {
      wallMs += byMs
    },
    sight(epoch, conversation, seq) {
      const name = `${epoch} ${conversation} ${seq}`
      const known = sights.get(name)
      if (known) return known
      if (seq === 0) return { customer: '[]', agent: '[]', thumbs: '[]' }
      const state = pasts.find(past => past.epoch === epoch)?.conversations.get(conversation)?.states[seq]
      if (!state) return null
      const entries = entriesAfter(state.dialogue, 0)
      const sight = {
        thumbs: thumbsShown(entries, seq => state.custody.thumbs[seq]?.thumb),
        customer: JSON.stringify(entries),
        agent: JSON.stringify([...entries, ...marksAfter(state.custody, 0)].sort((a, b) => a.seq - b.seq)),
      }
      sights.set(name, sight)
      return sight
    },
    events: conversation => pastOf(living().epoch).conversations.get(conversation)?.events ?? [],
    async compareWithDisk() {
      const { conversations, epoch } = living()
      for (const [conversation, { events }] of pastOf(epoch).conversations)
        assert.deepEqual((await conversations.read(keyOf(conversation), 0)).events, events, `${conversation} on the disk`)
    },
    async close() {
      if (life) await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Of a store that nobody has open. */
function copyStore(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true })
}

/** The replies of a log with what was said of each, where anything was. */
export const thumbsShown = (
  log: readonly { readonly type: string; readonly seq: number }[],
  thumbOf: (reply: number) => string | null | undefined,
): string => JSON.stringify(log.flatMap(({ type, seq }) => (type === 'reply' && thumbOf(seq) ? [[seq, thumbOf(seq)]] : [])))
