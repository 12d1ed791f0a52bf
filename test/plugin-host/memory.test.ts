// [GRANT3] what a plugin remembers of a conversation, through the engine, the log and the real sandbox.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { ANNA, createTestClock, createTestHouse, createTestShop, keyOf, refOf, SHOP, type TestHouse } from '../core/house.ts'
import { REMEMBERED } from '../hostile/cases/remembered.ts'
import { pythonPlugin, startTrial, type Trial, typescriptPlugin } from './harness.ts'

const COUNTER = `
const [turn, tools]: any = arguments
const { memory } = tools
const asked = Number(memory.asked ?? 0) + 1
switch (turn.original) {
  case 'large': return remember({ text: 'x'.repeat(4_096 - 10) }, vote('COMPENSATE', 0.5))
  case 'fits': return remember({ text: 'x'.repeat(4_096 - 11) }, vote('COMPENSATE', 0.5))
  case 'characters': return remember({ text: '螃'.repeat(1_400) })
  case 'list': return { votes: null, memory: '[1]' } as any
  case 'broken': return { votes: null, memory: '{' } as any
  case 'other': return { votes: null, memory: { asked } } as any
  case 'forget': return remember({}, vote('COMPENSATE', 0.5, { evidence: JSON.stringify(memory).slice(0, 500) }))
  case 'change': memory.asked = 99; return abstain
  case 'silent': return remember({ asked })
}
return remember({ asked, words: [turn.original] }, vote('COMPENSATE', 0.5, { evidence: JSON.stringify(memory) }))`

const COUNTER_PY = `
from parley_sdk import remember, vote
class Plugin:
    def on_turn(self, turn, settings):
        if turn.original == "change":
            turn.memory["asked"] = 99
        asked = turn.memory.get("asked", 0) + 1
        return remember({"asked": asked}, vote("COMPENSATE", 0.5, evidence=str(dict(turn.memory))))
`

const plugins = {
  counter: typescriptPlugin('counter', COUNTER, { manifest: "grants: ['memory'], limits: { timeoutMs: 1000 }" }),
  nosy: typescriptPlugin('nosy', "return vote('COMPENSATE', 0.5, { evidence: JSON.stringify(arguments[1].memory) })", {
    manifest: "grants: ['memory'], limits: { timeoutMs: 1000 }",
  }),
  forger: typescriptPlugin(
    'forger',
    `switch (text) {
      ${REMEMBERED.map(({ id, returns }) => `case '${id}': return ${returns} as any`).join('\n      ')}
    }
    const { memory } = arguments[1] as any
    const leaked = [memory.asked, ({} as any).asked, ([] as any).asked, Object.getPrototypeOf(memory) === Object.prototype || undefined]
    return vote('COMPENSATE', 0.5, { evidence: [leaked.join(), JSON.stringify(memory)].join(' ').slice(0, 500) })`,
    { manifest: "grants: ['memory'], limits: { timeoutMs: 1000 }" },
  ),
  denied: typescriptPlugin(
    'denied',
    "return text === 'read' ? arguments[1].memory.asked : remember({ asked: 1 }, vote('COMPENSATE', 0.5))",
    {
      manifest: 'limits: { timeoutMs: 1000 }',
    },
  ),
}

let said = 0
/** What each plugin gave as evidence, by its id. */
async function say(house: TestHouse, conversation: string, text: string) {
  await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(`m${++said}`), text, locale: 'en' })
  await house.settled()
  assert.deepEqual(house.bugs, [])
  const decided = (await house.events(conversation)).flatMap(event => (event.type === 'decided' ? [event] : [])).at(-1)!
  return Object.fromEntries(decided.decision.votes.map(({ voter, votes }) => [voter.replace('plugin:', ''), votes[0]?.evidence]))
}

async function startReady(...args: Parameters<typeof startTrial>): Promise<Trial> {
  const trial = await startTrial(...args)
  await trial.ready
  assert.deepEqual(trial.invalid, [])
  return trial
}

const lastFault = (trial: Trial, plugin: string): string => String(trial.faults.findLast(fault => fault?.message.includes(`"${plugin}"`)))

describe('what a plugin remembers', () => {
  let trial: Trial
  before(async () => {
    trial = await startReady(plugins, {}, [], systemClock, 1)
  })
  after(() => trial.end())

  test('[GRANT3] the next turn of the conversation has it, no other conversation and no other plugin', async () => {
    const house = createTestHouse({ pools: [trial.pool] })
    assert.deepEqual(
      [(await say(house, 'c1', 'one')).counter, (await say(house, 'c1', 'two')).counter],
      ['{}', '{"asked":1,"words":["one"]}'],
    )
    const other = await say(house, 'c2', 'one')
    assert.deepEqual([other.counter, other.nosy], ['{}', '{}'])
    const third = await say(house, 'c1', 'three')
    assert.deepEqual([third.counter, third.nosy], ['{"asked":2,"words":["two"]}', '{}'])
  })

  test('[GRANT3] a silent plugin remembers too, and forgets', async () => {
    const house = createTestHouse({ pools: [trial.pool] })
    for (const text of ['silent', 'silent']) await say(house, 'c1', text)
    assert.equal((await say(house, 'c1', 'forget')).counter, '{"asked":2}')
    assert.equal((await say(house, 'c1', 'again')).counter, '{}')
  })

  test('[GRANT3] a restart keeps it, a rollback takes it back', async () => {
    const [log, vault] = [createMemoryLog(), createMemoryVault()]
    const first = createTestHouse({ pools: [trial.pool], log, vault })
    await say(first, 'c1', 'one')
    const toSeq = (await first.events('c1')).at(-1)!.seq
    await say(first, 'c1', 'two')
    const second = createTestHouse({ pools: [trial.pool], log, vault })
    assert.equal((await say(second, 'c1', 'three')).counter, '{"asked":2,"words":["two"]}')
    await second.engine.rollback(keyOf('c1'), { toSeq, by: { kind: 'operator' }, reason: 'a test' })
    assert.equal((await say(second, 'c1', 'four')).counter, '{"asked":1,"words":["one"]}')
    const third = createTestHouse({ pools: [trial.pool], log, vault })
    assert.equal((await say(third, 'c1', 'five')).counter, '{"asked":2,"words":["four"]}')
  })

  test('[GRANT3] [PLG4] more than 4,096 bytes, or what is no object, is an abstention and keeps what was there', async () => {
    const house = createTestHouse({ pools: [trial.pool] })
    await say(house, 'c1', 'one')
    for (const [text, reason] of [
      ['large', /it has 4097 bytes as JSON, more than 4096/],
      ['characters', /it has 4211 bytes as JSON, more than 4096/],
      ['list', /memory: it must be a plain object/],
      ['broken', /memory: it must be a plain object/],
      ['other', /memory: it is made by remember\(\)/],
      ['change', /TypeError: .*read only.*\(at plugin\.ts:\d+/],
    ] as const) {
      assert.equal((await say(house, 'c1', text)).counter, undefined)
      assert.match(lastFault(trial, 'counter'), reason)
    }
    assert.equal((await say(house, 'c1', 'forget')).counter, '{"asked":1,"words":["one"]}')
    await say(house, 'c1', 'fits')
    assert.match((await say(house, 'c1', 'forget')).counter!, /^\{"text":"x{491}$/)
  })

  test('[GRANT3] [PLG4] whatever a plugin has remembered, it reads nothing of others by that, nor do they of it', async () => {
    const NOTHING = ',,,true'
    const house = createTestHouse({ pools: [trial.pool] })
    for (const { id, ends } of REMEMBERED) {
      await say(house, id, id)
      if (typeof ends !== 'string') assert.match(lastFault(trial, 'forger'), ends, id)
      const next = await say(house, id, 'what is there')
      assert.equal(next.forger, `${NOTHING} ${typeof ends === 'string' ? ends : '{}'}`.slice(0, 500), id)
      assert.equal(next.nosy, '{}', id)
    }
    const other = await say(house, 'c2', 'what is there')
    assert.deepEqual([other.forger, other.nosy], [`${NOTHING} {}`, '{}'])
  })

  test('[GRANT1] without the grant "memory" nothing is remembered or read, and the grant is named', async () => {
    const house = createTestHouse({ pools: [trial.pool] })
    assert.equal((await say(house, 'c1', 'one')).denied, undefined)
    assert.match(lastFault(trial, 'denied'), /remembering needs the grant "memory"/)
    await say(house, 'c1', 'read')
    assert.match(lastFault(trial, 'denied'), /tools\.memory needs the grant "memory"/)
  })
})

test('[GRANT3] a Python plugin remembers, and reads what it may not change', async () => {
  const trial = await startReady(
    { py: pythonPlugin('py', COUNTER_PY, 'grants: [memory]\nlimits: { timeoutMs: 1000 }') },
    {},
    [],
    systemClock,
    1,
  )
  try {
    const house = createTestHouse({ pools: [trial.pool] })
    assert.deepEqual([(await say(house, 'c1', 'one')).py, (await say(house, 'c1', 'two')).py], ['{}', "{'asked': 1}"])
    assert.equal((await say(house, 'c1', 'change')).py, undefined)
    assert.match(lastFault(trial, 'py'), /mappingproxy.*\(at plugin\.py:6\)/)
    assert.deepEqual([(await say(house, 'c1', 'three')).py, (await say(house, 'c2', 'one')).py], ["{'asked': 2}", '{}'])
  } finally {
    await trial.end()
  }
})

test('[GRANT3] [TURN10] a replay remembers what the turn did', async () => {
  const voter = { voter: 'plugin:p', version: '1' }
  const pool: VoterPool = {
    tier: 'plugin',
    voters: [voter],
    ask: async (_question, cast, _signal, moment) =>
      cast({ ...voter, abstained: true, reason: 'silent', votes: [], ms: 1, memory: JSON.stringify({ before: moment?.memory }) }),
    close: async () => {},
  }
  const received = {
    ...outsideConversation,
    shop: SHOP,
    customer: ANNA,
    turn: 2,
    upTo: 2,
    texts: ['track'],
    locale: 'en',
    memory: { a: '{}' },
  } as const
  const stages = {
    mesh: createMesh(new Map()),
    effects: createEffects(new Map()),
    clock: createTestClock(),
    deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
  }
  const decision = await workOut(received, createTestShop([pool]), stages, new AbortController().signal)
  assert.deepEqual(decision.remembered, { 'plugin:p': '{"before":{"a":"{}"}}' })
  assert.ok(decision.votes.every(vote => !('memory' in vote)))
  assert.deepEqual(await replay(decision, received, createTestShop([]), stages), decision)
})
