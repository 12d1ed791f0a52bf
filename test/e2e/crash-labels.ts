// The places on a turn's way at which crash.test.ts ends the server with kill -9, and the hands that notice when one is passed. They lie around the
// ports that compose.ts hands on, so that the code under test is as it ships and pays nothing for them.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import type { Seams } from '@parley/server/compose.ts'

/** What an append may be about. */
const APPENDS = [
  'a first message',
  'a message',
  'a decision with its reply',
  'a decision with an effect',
  'an outcome with its reply',
  'an undoing',
  'a recall by words',
  'a rollback',
  'a claim',
  "an agent's message",
  'a release',
] as const
type Append = (typeof APPENDS)[number]

/** What has a before, an in and an after. */
type Work =
  | `the append of ${Append}`
  | 'an effect'
  | 'the undo of an effect'
  | "a plugin's call"
  | "the making of a conversation's key"
  | 'the adding of a job'
  | 'the writing of a snapshot'
type Moment = 'before' | 'in' | 'after'
export type Label =
  | `${Moment} ${Work}`
  | 'after a frame'
  | 'before an acknowledgement'
  | 'before the fan-out'
  | 'after the fan-out'
  | 'where a start has found something unfinished'

const WORKS: readonly Work[] = [
  ...APPENDS.map(append => `the append of ${append}` as const),
  'an effect',
  'the undo of an effect',
  "a plugin's call",
  "the making of a conversation's key",
  'the adding of a job',
  'the writing of a snapshot',
]

export const LABELS: readonly Label[] = [
  'after a frame',
  'before an acknowledgement',
  'before the fan-out',
  'after the fan-out',
  'where a start has found something unfinished',
  ...WORKS.flatMap(work => [`before ${work}`, `in ${work}`, `after ${work}`] as const),
]

/** Undefined for what has no label of its own: a reply that promises, the end of an effect that was taken back while it ran. */
function appendOf(events: readonly ConversationEvent[]): Append | undefined {
  const types = new Set(events.map(event => event.type))
  const effect = events.find(event => event.type === 'effect')
  if (types.has('opened')) return 'a first message'
  if (types.has('message')) return 'a message'
  if (types.has('decided')) {
    if (types.has('rolled_back')) return 'a recall by words'
    return types.has('reply') ? 'a decision with its reply' : 'a decision with an effect'
  }
  if (types.has('rolled_back')) return 'a rollback'
  if (types.has('claimed')) return 'a claim'
  if (types.has('agent_message')) return "an agent's message"
  if (types.has('released')) return 'a release'
  if (effect?.key.endsWith('/undo')) return 'an undoing'
  return effect && types.has('reply') ? 'an outcome with its reply' : undefined
}

const effectOf = (key: string): Work => (key.endsWith('/undo') ? 'the undo of an effect' : 'an effect')

/** `reach` is told of every passing. `turnsIn`: how many turns of the event loop into something its `in` lies. */
export function createSeams(reach: (label: Label) => void, turnsIn: number): Seams {
  async function around<T>(what: Work, work: () => Promise<T>): Promise<T> {
    reach(`before ${what}`)
    let isDone = false
    const working = work().finally(() => (isDone = true))
    const isIn = async (): Promise<void> => {
      for (let turn = 0; turn < turnsIn; turn++) await nextTurn()
      if (!isDone) reach(`in ${what}`)
    }
    void isIn()
    const done = await working
    reach(`after ${what}`)
    return done
  }
  /** A plugin that is still being loaded abstains without being called. */
  let hasPlugin = false
  return {
    vault: vault => ({
      ...vault,
      async cipher(key, customer) {
        const isNew = (await vault.opened(key)) === undefined
        return isNew ? around("the making of a conversation's key", () => vault.cipher(key, customer)) : vault.cipher(key, customer)
      },
    }),
    snapshots: snapshots => ({
      ...snapshots,
      put: (key, stretch) => around('the writing of a snapshot', () => snapshots.put(key, stretch)),
    }),
    jobs: jobs => ({ ...jobs, add: job => around('the adding of a job', () => jobs.add(job)) }),
    conversations: conversations => ({
      ...conversations,
      async append(key, customer, events, expected, options) {
        const append = appendOf(events)
        const keep = () => conversations.append(key, customer, events, expected, options)
        return append ? around(`the append of ${append}`, keep) : keep()
      },
      async *unsettled() {
        for await (const key of conversations.unsettled()) {
          reach('where a start has found something unfinished')
          yield key
        }
      },
    }),
    // The shop's own effects, and those of plugins.
    sources: sources => ({
      ...sources,
      effects: {
        has: sources.effects.has,
        run: (request, signal) => around(effectOf(request.key), () => sources.effects.run(request, signal)),
      },
      graph: {
        ...sources.graph,
        mutate: (request, ...asking) => around(effectOf(request.key), () => sources.graph.mutate(request, ...asking)),
      },
    }),
    pools: pools =>
      pools.map(pool => {
        if (pool.tier !== 'plugin') return pool
        const ask: typeof pool.ask = (question, cast, signal) =>
          pool.ask(
            question,
            ballot => {
              hasPlugin = ballot.reason !== 'off'
              cast(ballot)
            },
            signal,
          )
        const asked: typeof ask = (...asking) => (hasPlugin ? around("a plugin's call", () => ask(...asking)) : ask(...asking))
        return { ...pool, ask: asked }
      }),
    fanOut: fanOut => ({
      ...fanOut,
      publish(key, sign) {
        if (sign.type !== 'delivery') return fanOut.publish(key, sign)
        reach('before the fan-out')
        fanOut.publish(key, sign)
        reach('after the fan-out')
      },
    }),
    engine: engine => ({
      ...engine,
      async say(key, customer, message) {
        reach('after a frame')
        const said = await engine.say(key, customer, message)
        reach('before an acknowledgement')
        return said
      },
      get turnsUnderWay() {
        return engine.turnsUnderWay
      },
    }),
  }
}
