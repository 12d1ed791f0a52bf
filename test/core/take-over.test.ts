// What a node that died, left, was halted or has no lease means for turns and effects. The nodes share a log in memory; who lives is the test's to say.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { takerOf } from '@parley/core/nodes/take-over.ts'
import type { HeardAppend } from '@parley/core/ports/conversation-log.ts'
import type { EffectOutcome, Effects } from '@parley/core/ports/effects.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import type { Nodes } from '@parley/core/ports/nodes.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { ANNA, createTestHouse, type HouseOptions, keyOf, literalVoter, refOf, type TestHouse } from './house.ts'

const NAMES = ['a', 'b', 'c'] as const
type Name = (typeof NAMES)[number]

interface Town {
  node(name: Name, options?: HouseOptions): TestHouse
  /** From now on the others hold it dead, and it knows nothing of it, as a process that is halted. */
  dies(name: Name): void
  returns(name: Name): void
  fence(name: Name): void
  unfence(name: Name): void
}

/** Nodes over one log, each told of the others' appends. */
function town(): Town {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const last = new Map<string, Name>()
  const dead = new Set<Name>()
  const fenced = new Set<Name>()
  const listeners = new Map<Name, Set<(gone?: string) => void>>()
  const followers = new Map<Name, Set<(append: HeardAppend) => void>>()
  const waiting = new Set<() => void>()
  const tell = (gone?: Name): void => {
    for (const [name, each] of listeners) if (!dead.has(name)) for (const listen of each) listen(gone)
  }
  const nodesOf = (self: Name): Nodes => ({
    self,
    get isFenced() {
      return fenced.has(self)
    },
    held: signal =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (signal.aborted) reject(signal.reason)
          else if (!fenced.has(self)) resolve()
        }
        waiting.add(look)
        signal.addEventListener('abort', look)
        look()
      }),
    isDead: node => dead.has(node as Name) || !NAMES.includes(node as Name),
    takers: () => NAMES.filter(name => listeners.has(name) && !dead.has(name)),
    onChange(listener) {
      listeners.set(self, (listeners.get(self) ?? new Set()).add(listener))
    },
  })
  return {
    node: (name, options = {}) =>
      createTestHouse({
        ...options,
        log,
        vault,
        nodes: nodesOf(name),
        around: ({ conversations }) => ({
          ...conversations,
          lastNode: async key => last.get(key.conversation),
          follow(listener) {
            followers.set(name, (followers.get(name) ?? new Set()).add(listener))
            return () => followers.get(name)?.delete(listener)
          },
          async append(key, customer, events, expected, marks) {
            const head = await conversations.append(key, customer, events, expected, marks)
            last.set(key.conversation, name)
            for (const [other, each] of followers)
              if (other !== name)
                for (const follow of each) follow({ key, seq: head.seq, ...marks, isOutgoing: false, node: name, isOwn: false })
            return head
          },
        }),
      }),
    dies(name) {
      dead.add(name)
      tell(name)
    },
    returns(name) {
      dead.delete(name)
      tell()
    },
    fence: name => void fenced.add(name),
    unfence(name) {
      fenced.delete(name)
      for (const look of waiting) look()
    },
  }
}

/** Every promise that can settle without time has. */
const calm = async (): Promise<void> => {
  for (let i = 0; i < 100; i++) await new Promise(resolve => setImmediate(resolve))
}
const say = (house: TestHouse, conversation: string, text: string, ref = 'm1') =>
  house.engine.say(keyOf(conversation), ANNA, { ref: refOf(ref), text, locale: 'en' })
const typesOf = async (house: TestHouse, conversation: string): Promise<string[]> =>
  (await house.events(conversation)).map(({ type }) => type)

/** Votes when it is told to, as one that computes for long. */
function waitingVoter() {
  const go = Promise.withResolvers<void>()
  const asked: string[] = []
  const voter = literalVoter()
  const pool: VoterPool = {
    ...voter,
    async ask(question, cast, signal, moment) {
      asked.push(question.text)
      await go.promise
      return voter.ask(question, cast, signal, moment)
    },
  }
  return { pool, asked, go: go.resolve }
}

test('[NODE6] work of a dead node is divided among the living by the conversations’ names: evenly, and what another has does not move', () => {
  const counts: Record<string, number> = { a: 0, b: 0, c: 0 }
  for (let i = 0; i < 3_000; i++) {
    const taker = takerOf(`demo/c${i}`, ['b', 'a', 'c'])!
    counts[taker]!++
    assert.equal(takerOf(`demo/c${i}`, ['c', 'b', 'a']), taker, 'in whatever order they are known')
    if (taker !== 'c') assert.equal(takerOf(`demo/c${i}`, ['a', 'b']), taker)
  }
  for (const count of Object.values(counts)) assert.ok(count > 900 && count < 1_100, JSON.stringify(counts))
  assert.equal(takerOf('demo/c1', []), undefined)
})

test('[NODE6] a turn whose node died is decided by one other, and once; when the first wakes up, what it has decided is refused', async () => {
  const { node, dies, returns } = town()
  const { pool, asked, go } = waitingVoter()
  const a = node('a', { pools: [pool] })
  const others = [node('b'), node('c')]
  await say(a, 'c1', 'hello')
  await calm()
  assert.deepEqual([asked.length, await typesOf(a, 'c1')], [1, ['opened', 'message']])
  dies('a')
  await calm()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message', 'decided', 'reply'])
  returns('a')
  go()
  await calm()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message', 'decided', 'reply'])
  assert.deepEqual(
    [a, ...others].flatMap(({ bugs }) => bugs),
    [],
  )
})

test('[NODE6] nobody takes what a living node has in hand: not at the start, and not when another dies', async () => {
  const { node, dies } = town()
  const { pool, go } = waitingVoter()
  const a = node('a', { pools: [pool] })
  await say(a, 'c1', 'hello')
  const b = node('b')
  assert.equal(await b.engine.finishUnsettled(), 0)
  dies('c')
  await calm()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message'])
  go()
  await calm()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message', 'decided', 'reply'])
})

test('[NODE8] a start takes what was its own and what falls to it of the dead', async () => {
  const { node, dies } = town()
  const { pool } = waitingVoter()
  const a = node('a', { pools: [pool] })
  await say(a, 'c1', 'hello')
  dies('a')
  const b = node('b')
  assert.equal(await b.engine.finishUnsettled(), 1, 'it is the only one that lives')
  assert.deepEqual(await typesOf(b, 'c1'), ['opened', 'message', 'decided', 'reply'])
  const second = node('a', { pools: [pool] })
  await say(second, 'c2', 'hello')
  assert.equal((await Promise.all([node('a').engine.finishUnsettled()]))[0], 1, 'the same node after a restart')
  assert.deepEqual(await typesOf(b, 'c2'), ['opened', 'message', 'decided', 'reply'])
})

test('[NODE6] what a dead node has appended and is heard of after its death is finished too', async () => {
  const { node, dies } = town()
  const { pool } = waitingVoter()
  const a = node('a', { pools: [pool] })
  const b = node('b')
  dies('a')
  await calm()
  await say(a, 'c1', 'hello')
  await calm()
  assert.deepEqual(await typesOf(b, 'c1'), ['opened', 'message', 'decided', 'reply'])
})

test('[NODE6] the timer of somebody who waits for a person is set again by one other, where the node that should have set it died', async () => {
  const { node, dies } = town()
  const a = node('a')
  const others = [node('b'), node('c')]
  await say(a, 'c1', 'human')
  await a.settled()
  const timers = async () =>
    (await Promise.all(others.map(({ jobs }) => jobs.list({ kind: 'sla', limit: 10 })))).flatMap(({ jobs }) => jobs)
  assert.deepEqual(await timers(), [])
  dies('a')
  await calm()
  assert.equal((await timers()).length, 1)
})

test('[NODE7] two nodes that both think that the turn is theirs: one decision, one reply', async () => {
  for (let round = 0; round < 20; round++) {
    const { node, dies, returns } = town()
    const { pool, asked, go } = waitingVoter()
    const a = node('a', { pools: [pool] })
    const b = node('b', { pools: [pool] })
    await say(a, 'c1', 'hello')
    await calm()
    dies('a') // b takes it
    await calm()
    returns('a')
    assert.equal(asked.length, 2)
    go()
    await calm()
    assert.deepEqual(await typesOf(b, 'c1'), ['opened', 'message', 'decided', 'reply'])
    assert.deepEqual(
      [a, b].flatMap(({ bugs }) => bugs),
      [],
    )
  }
})

test('[NODE3] a node without a lease takes messages and begins no decision; when it has one it goes on', async () => {
  const { node, fence, unfence } = town()
  const { pool, asked, go } = waitingVoter()
  go()
  const a = node('a', { pools: [pool] })
  fence('a')
  await say(a, 'c1', 'hello')
  await calm()
  assert.deepEqual([asked, await typesOf(a, 'c1')], [[], ['opened', 'message']])
  unfence('a')
  await calm()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message', 'decided', 'reply'])
})

test('[NODE3] a node without a lease can be stopped: what it has not decided stays for another', async () => {
  const { node, fence, dies } = town()
  const a = node('a')
  fence('a')
  await say(a, 'c1', 'hello')
  await a.engine.drain()
  assert.deepEqual(await typesOf(a, 'c1'), ['opened', 'message'])
  const b = node('b')
  dies('a')
  await calm()
  assert.deepEqual(await typesOf(b, 'c1'), ['opened', 'message', 'decided', 'reply'])
  assert.deepEqual(a.bugs, [])
})

const order = { number: '2024-881', placedOn: '', status: 'sent', items: [{ name: 'crabs', quantity: 6 }], total: '' }
const mesh: Mesh = {
  facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: true, value: name === 'orders' ? [order] : order }])),
}

/** Two nodes' ways to one provider, which keeps what it has done by key, as a real one must. The first node's way can be held up. */
function provider() {
  const done = new Map<string, EffectOutcome>()
  const held = { before: Promise.resolve(), after: Promise.resolve() }
  const runs: string[] = []
  const effectsOf = (name: Name): Effects => ({
    has: () => true,
    async run({ key }) {
      runs.push(`${name} ${key}`)
      if (name === 'a') await held.before
      const outcome = done.get(key) ?? ({ state: 'done', result: { case: `CP-${done.size + 1}` } } as const)
      done.set(key, outcome)
      if (name === 'a') await held.after
      return outcome
    },
  })
  return { done, held, runs, effectsOf }
}

for (const where of ['before', 'after'] as const)
  test(`[NODE7] [EFF1] [EFF4] a node is halted ${where} its effect is done, another takes over, the first wakes up: one effect, one reply`, async () => {
    const { node, dies, returns } = town()
    const { done, held, runs, effectsOf } = provider()
    const a = node('a', { mesh, effects: effectsOf('a') })
    const b = node('b', { mesh, effects: effectsOf('b') })
    await say(a, 'c1', 'pay for 3 pieces')
    await a.settled()
    const wakes = Promise.withResolvers<void>()
    held[where] = wakes.promise
    await say(a, 'c1', 'yes', 'm2')
    await calm()
    assert.deepEqual([runs.length, done.size], [1, where === 'after' ? 1 : 0])
    dies('a')
    await calm()
    assert.match(runs[1] ?? '', /^b demo\/c1\/5\/open-case\/do$/)
    const finished = await b.events('c1')
    assert.deepEqual(
      finished.slice(-3).map(({ type }) => type),
      ['decided', 'effect', 'reply'],
    )
    returns('a')
    wakes.resolve()
    await calm()
    assert.deepEqual(await b.events('c1'), finished)
    assert.equal(done.size, 1)
    assert.deepEqual(
      [a, b].flatMap(({ bugs }) => bugs),
      [],
    )
  })

test('[NODE3] a node without a lease begins no effect', async () => {
  const { node, fence, unfence } = town()
  const { runs, effectsOf } = provider()
  const effects = effectsOf('b')
  const a = node('a', { mesh, effects })
  await say(a, 'c1', 'pay for 3 pieces')
  await a.settled()
  fence('a')
  await say(a, 'c1', 'yes', 'm2')
  await calm()
  assert.deepEqual(runs, [])
  unfence('a')
  await calm()
  assert.equal(runs.length, 1)
})
