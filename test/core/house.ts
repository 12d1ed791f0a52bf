// A whole engine in memory for tests: real log and vault drivers (memory), real pipeline, real ensemble; voters and clock are the test's own.
import { createEngine, type Engine, type EngineLimits, type EngineObserver } from '@parley/core/engine.ts'
import type { EndedErasure } from '@parley/core/erasure/erasure.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey, type MessageRef } from '@parley/core/ids.ts'
import { REQUIRED_TEMPLATES } from '@parley/core/pack/required-templates.ts'
import type { Deadlines } from '@parley/core/pipeline/pipeline.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import type { Jobs } from '@parley/core/ports/jobs.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import type { Nodes } from '@parley/core/ports/nodes.ts'
import type { Ballot, VoterPool } from '@parley/core/ports/voters.ts'
import { createEnsemble } from '@parley/ensembles/ensemble.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createLocalFanOut } from '@parley/server/drivers/fan-out.local.ts'
import { createMemoryJobs } from '@parley/server/drivers/jobs.memory.ts'
import { createAlone } from '@parley/server/drivers/nodes.alone.ts'
import { createLiquidTemplates } from '@parley/server/drivers/templates.liquid.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { createErasures } from '@parley/server/erasures.ts'

export const SHOP = asShopId('demo')
export const ANNA = asCustomerId('anna')
export const keyOf = (conversation: string): ConversationKey => ({ shop: SHOP, conversation: asConversationId(conversation) })
export const refOf = (ref: string): MessageRef => ref as MessageRef // tests write good ids

export interface TestClock extends Clock {
  /** Moves time on and runs what falls due, in order. */
  pass(ms: number): void
}

export function createTestClock(): TestClock {
  let now = 1_000
  const due = new Set<{ readonly at: number; readonly callback: () => void }>()
  return {
    now: () => now,
    monotonic: () => now,
    after(ms, callback) {
      const entry = { at: now + ms, callback }
      due.add(entry)
      return () => due.delete(entry)
    },
    pass(ms) {
      const until = now + ms
      for (;;) {
        let next: { readonly at: number; readonly callback: () => void } | undefined
        for (const entry of due) if (entry.at <= until && (!next || entry.at < next.at)) next = entry
        if (!next) break
        due.delete(next)
        now = next.at
        next.callback()
      }
      now = until
    },
  }
}

/** A pool of one voter that answers as `answer` says; a promise that never settles is a voter that hangs. */
export function poolOf(voter: string, answer: (question: Question) => Promise<Ballot['votes']> | Ballot['votes']): VoterPool {
  return {
    tier: 'model',
    voters: [{ voter, version: '1' }],
    async ask(question, cast) {
      const votes = await answer(question)
      cast({ voter, version: '1', abstained: votes.length === 0, votes, ms: 1, ...(votes.length === 0 && { reason: 'silent' as const }) })
    },
    close: async () => {},
  }
}

const ACTIONS = [
  'TRACK',
  'FOOD',
  'HELLO',
  'PAY',
  'HOURS',
  'HUMAN_AGENT',
  'DELETE_ACCOUNT',
  'RECALL_MESSAGE',
  'AFFIRM',
  'DENY',
  'OUT_OF_SCOPE',
] as const

/** Votes for the action that the text names first: `TRACK please`. Enough for everything that is not about understanding. */
export const literalVoter = (): VoterPool =>
  poolOf('literal', ({ text }) => {
    const named = ACTIONS.map(action => ({ action, at: text.indexOf(action.toLowerCase().split('_')[0]!) })).filter(({ at }) => at >= 0) // split gives at least one
    const first = named.sort((a, b) => a.at - b.at)[0]
    return first ? [{ action: first.action, confidence: 0.99 }] : []
  })

/** A small shop: TRACK asks for an order, PAY has an effect and asks for an order and a count, FOOD, HUMAN_AGENT and DELETE_ACCOUNT are a person's. */
export function createTestShop(pools: readonly VoterPool[]): Shop {
  const label = (name: string) => ({ 'zh-CN': name, en: name })
  const ensemble = createEnsemble(
    'name: test\nversion: 1\nvoters: { literal: { weight: { zh: 1, en: 1 } }, other: { weight: { zh: 1, en: 1 } } }',
    'test.yaml',
  )
  const effect = {
    do: 'open-case',
    undo: 'withdraw-case',
    confirm: 'pay.confirm',
    done: 'pay.done',
    refused: 'pay.refused',
    promised: 'pay.promised',
    undone: 'pay.undone',
  }
  const extra: Partial<Record<string, Partial<Shop['actions'][string]>>> = {
    TRACK: { facts: ['order'], slots: ['order'] },
    PAY: { facts: ['order'], slots: ['order', 'count'], effect, urgency: 0.8 },
    HOURS: { urgency: 0.2 },
  }
  const withOrders = '{% if facts.orders %} {{ facts.orders.size }} orders{% endif %}'
  const texts: Record<string, string> = {
    ...Object.fromEntries(ACTIONS.map(name => [name.toLowerCase().replaceAll('_', '-'), name.toLowerCase()])),
    ...Object.fromEntries(REQUIRED_TEMPLATES.map(name => [name, `(${name})`])),
    track:
      '{% if facts.order %}track {{ facts.order.number }}: {{ facts.order.status }}{% else %}track{% endif %}{% if missing contains "order" %} (orders do not answer){% endif %}',
    'track.again': 'as I said{% if facts.order %}, {{ facts.order.number }}: {{ facts.order.status }}{% endif %}',
    also: '(also {{ options[0].label }})',
    back: '(back to {{ options[0].label }})',
    article: '{{ source.text }} ({{ source.title }})',
    'again-order': '(not found: {{ slots.order }})',
    'human-agent': 'human{% if queue.position %} #{{ queue.position }}{% endif %}',
    'notice.claimed': '{{ agent.name }} joined',
    'ask.order': `which order?${withOrders}`,
    'ask.order.again': `which order, please?${withOrders}`,
    'ask.count': 'how many?',
    'pay.confirm': 'pay {{ slots.count }} of {{ slots.order }}?',
    'pay.done': 'paid: {{ effect.case }}',
    'pay.refused': 'not paid: {{ effect.reason }}',
    'pay.promised': 'will pay',
    'pay.undone': 'unpaid: {{ effect.case }}',
  }
  return {
    id: SHOP,
    actions: Object.fromEntries(
      ACTIONS.map(name => [
        name,
        { template: name.toLowerCase().replaceAll('_', '-'), facts: [], slots: [], urgency: 0.5, label: label(name), ...extra[name] },
      ]),
    ),
    slots: { order: { kind: 'order', ask: 'ask.order' }, count: { kind: 'count', ask: 'ask.count' } },
    situation: {
      domain: [...ACTIONS],
      alwaysPerson: ['FOOD', 'HUMAN_AGENT', 'DELETE_ACCOUNT'],
      costs: { wrongAnswer: 10, clarify: 3.5, handoff: 7, severity: {} },
    },
    risks: { find: text => (text.includes('lawyer') ? [{ id: 'lawyer', rule: 'handoff', signals: { urgency: 0.9 } }] : []) },
    templates: createLiquidTemplates({
      aliases: {},
      templates: Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, label(text)])),
    }),
    pools: () => pools,
    ensemble: () => ensemble,
    about: {},
    defaultLocale: 'en',
    slaMs: 600_000,
    packVersion: 'test@1',
  }
}

export interface TestHouse {
  readonly engine: Engine
  readonly log: ConversationLog
  readonly fanOut: FanOut
  readonly jobs: Jobs
  readonly clock: TestClock
  readonly bugs: unknown[]
  /** Erasures that have come to their end. */
  readonly ended: readonly EndedErasure[]
  readonly erasures: Erasures
  /** Everything in the log of a conversation, opened. */
  events(conversation: string): Promise<readonly import('@parley/core/conversation/event.ts').Logged[]>
  /** Resolves when the conversation's turns are all decided. */
  settled(): Promise<void>
}

export interface HouseOptions {
  readonly pools?: readonly VoterPool[]
  readonly shop?: Shop
  readonly mesh?: Mesh
  readonly effects?: Effects
  readonly log?: ConversationLog
  readonly vault?: ReturnType<typeof createMemoryVault>
  readonly fanOut?: FanOut
  readonly limits?: Partial<EngineLimits>
  readonly clock?: TestClock
  readonly deadlines?: Partial<Deadlines>
  /** Is told of every turn that is decided and kept. */
  readonly decided?: EngineObserver['decided']
  readonly rated?: EngineObserver['rated']
  readonly nodes?: Nodes
  /** What the engine is given in place of the log's own conversations. */
  readonly around?: (parts: {
    readonly log: ConversationLog
    readonly conversations: Conversations
    readonly jobs: Jobs
    readonly clock: TestClock
  }) => Conversations
}

export function createTestHouse(options: HouseOptions = {}): TestHouse {
  const clock = options.clock ?? createTestClock()
  const log = options.log ?? createMemoryLog()
  const vault = options.vault ?? createMemoryVault()
  const conversations = createConversations(log, vault)
  const erasures = createErasures(log, vault, conversations.forget)
  const bugs: unknown[] = []
  const ended: EndedErasure[] = []
  const fanOut = options.fanOut ?? createLocalFanOut(error => bugs.push(error))
  const shop = options.shop ?? createTestShop(options.pools ?? [literalVoter()])
  const waiting = new Set<() => void>()
  const look = (): void => {
    // After the microtasks: the engine lets a finished worker go right after it was told of the decision.
    setImmediate(() => {
      if (engine.turnsUnderWay === 0) for (const resolve of waiting) resolve()
      else look()
    })
  }
  const observer: EngineObserver = {
    decided: options.decided ?? (() => {}),
    rated: options.rated ?? (() => {}),
    overdue: () => {},
    erased: erasure => ended.push(erasure),
    broke: (_key, error) => bugs.push(error),
    tookOver: () => {},
    failed: error => bugs.push(error),
  }
  const jobs = createMemoryJobs({ clock, random: () => 0.5, broke: error => bugs.push(error) })
  const engine = createEngine({
    nodes: options.nodes ?? createAlone(),
    conversations: options.around?.({ log, conversations, jobs, clock }) ?? conversations,
    erasures,
    fanOut,
    jobs,
    stages: {
      mesh: options.mesh ?? createMesh(new Map()),
      effects: options.effects ?? createEffects(new Map()),
      clock,
      deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000, ...options.deadlines },
    },
    shop: id => (id === SHOP ? shop : undefined),
    limits: { inbox: 20, turns: 1_000, conversations: 100, ...options.limits },
    observer,
  })
  return {
    engine,
    log,
    fanOut,
    jobs,
    clock,
    bugs,
    ended,
    erasures,
    events: async conversation => (await conversations.read(keyOf(conversation), 0)).events,
    settled: () =>
      new Promise(resolve => {
        const done = (): void => {
          waiting.delete(done)
          resolve()
        }
        waiting.add(done)
        look()
      }),
  }
}
