// Effects: run once whatever happens, told in the reply or promised and told later, undone when their turn is taken back.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { EffectOutcome, EffectRequest, Effects } from '@parley/core/ports/effects.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { ANNA, createTestHouse, type HouseOptions, keyOf, refOf } from './house.ts'

const key = keyOf('c1')
const order = { number: '2024-881', placedOn: '', status: 'sent', items: [{ name: 'crabs', quantity: 6 }], total: '' }
const mesh: Mesh = {
  facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: true, value: name === 'orders' ? [order] : order }])),
}

/** A provider that keeps what it did by key, as a real one must; `before` may hold up, break or change a run. */
function createProvider(before: (request: EffectRequest, times: number) => Promise<void> = async () => {}) {
  const done = new Map<string, EffectOutcome>()
  const runs: string[] = []
  const effects: Effects = {
    has: () => true,
    async run(request, signal) {
      runs.push(request.key)
      const late = new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(new Error('late'))))
      await Promise.race([before(request, runs.filter(each => each === request.key).length), late])
      const kept = done.get(request.key)
      if (kept) return kept
      const outcome: EffectOutcome = { state: 'done', result: { case: request.undoes?.case ?? `CP-${done.size + 1}` } }
      done.set(request.key, outcome)
      return outcome
    },
  }
  return { effects, done, runs }
}

function talk(options: HouseOptions) {
  const house = createTestHouse({ mesh, ...options })
  let said = 0
  const say = async (text: string): Promise<void> => {
    await house.engine.say(key, ANNA, { ref: refOf(`m${Math.random().toString(36).slice(2)}${said++}`), text, locale: 'en' })
    await house.settled()
  }
  const seen = async (): Promise<string[]> =>
    (await house.engine.since(key, ANNA, null)).events.map(event => `${event.type}: ${event.parts.map(part => part.text).join(' / ')}`)
  return { house, say, seen }
}
/** Every promise that can settle without time has. */
const calm = async (): Promise<void> => {
  for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve))
}

test('[EFF1] an effect is asked for, confirmed, run once under its key, and told in the reply', async () => {
  const { effects, runs } = createProvider()
  const { say, seen, house } = talk({ effects })
  await say('pay for 3 pieces')
  assert.equal((await seen()).at(-1), 'reply: pay\npay 3 of 2024-881?')
  assert.deepEqual(runs, [])
  await say('yes')
  assert.equal((await seen()).at(-1), 'reply: paid: CP-1')
  assert.deepEqual(runs, ['demo/c1/5/open-case/do'])
  assert.deepEqual(
    (await house.events('c1')).slice(-3).map(event => event.type),
    ['decided', 'effect', 'reply'],
  )
})

test('[EFF1] a no does nothing; a corrected count is confirmed anew; more than was bought is asked for again', async () => {
  const { effects, runs } = createProvider()
  const { say, seen } = talk({ effects })
  await say('pay for 3 pieces')
  await say('no')
  assert.equal((await seen()).at(-1), 'reply: (declined)')
  await say('pay for 3 pieces')
  await say('it was 2 pieces')
  assert.equal((await seen()).at(-1), 'reply: pay 2 of 2024-881?')
  await say('it was 20 pieces')
  assert.match((await seen()).at(-1) ?? '', /how many\?/)
  await say('all of them')
  assert.equal((await seen()).at(-1), 'reply: pay 6 of 2024-881?')
  assert.deepEqual(runs, [])
})

test('[EFF1] the request said once more as it stands is no yes and no miss: the question is put again', async () => {
  const { effects, runs } = createProvider()
  const { say, seen } = talk({ effects })
  for (let i = 0; i < 4; i++) {
    await say('pay for 3 pieces of 2024-881')
    assert.match((await seen()).at(-1) ?? '', /pay 3 of 2024-881\?$/, `time ${i + 1}`)
  }
  assert.deepEqual(runs, [])
})

test('[EFF2] an effect that takes longer than the reply can wait is promised, and a notice tells its outcome', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { effects, done } = createProvider(() => gate)
  const { house, say, seen } = talk({ effects })
  await say('pay for 3 pieces')
  const confirmed = say('yes')
  await calm()
  house.clock.pass(1_000)
  await confirmed
  assert.equal((await seen()).at(-1), 'reply: will pay')
  open()
  await calm()
  assert.equal((await seen()).at(-1), 'notice: paid: CP-1')
  assert.equal(done.size, 1)
})

test('[EFF2] a provider that breaks is tried again; when all tries are spent a person gets the conversation', async () => {
  const flaky = createProvider(async (_, times) => {
    if (times < 4) throw new Error('down')
  })
  const first = talk({ effects: flaky.effects })
  await first.say('pay for 3 pieces')
  await first.say('yes')
  assert.equal((await first.seen()).at(-1), 'reply: will pay')
  for (let i = 0; i < 4; i++) {
    await calm()
    first.house.clock.pass(10_000)
  }
  await calm()
  assert.equal((await first.seen()).at(-1), 'notice: paid: CP-1')
  assert.equal(flaky.done.size, 1)

  const dead = createProvider(async () => {
    throw new Error('down')
  })
  const second = talk({ effects: dead.effects })
  await second.say('pay for 3 pieces')
  await second.say('yes')
  for (let i = 0; i < 10; i++) {
    await calm()
    second.house.clock.pass(1_000_000)
  }
  await calm()
  assert.equal((await second.house.engine.state(key)).with, 'queue')
  assert.equal((await second.seen()).at(-1), 'notice: (trouble)')
})

test('[EFF3] a turn that is taken back has its effect undone, and the customer is told', async () => {
  const { effects, runs } = createProvider()
  const { say, seen } = talk({ effects })
  await say('pay for 3 pieces')
  await say('yes')
  await say('recall that')
  await calm()
  assert.deepEqual((await seen()).slice(-2), ['reply: (recalled)', 'notice: unpaid: CP-1'])
  assert.deepEqual(
    runs.map(run => run.split('/').at(-1)),
    ['do', 'undo'],
  )
})

test('[EFF3] taken back while it runs: it is brought to its end, then undone', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { effects, runs } = createProvider(({ name }) => (name === 'open-case' ? gate : Promise.resolve()))
  const { house, say, seen } = talk({ effects })
  await say('pay for 3 pieces')
  const confirmed = say('yes')
  await calm()
  house.clock.pass(1_000)
  await confirmed
  await say('recall that')
  open()
  await calm()
  assert.equal((await seen()).at(-1), 'notice: unpaid: CP-1')
  assert.equal(runs.at(-1)?.endsWith('/undo'), true)
})

test('[EFF3] what was done by several turns is undone in reverse, each when what became of the later one is known', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { effects, runs } = createProvider(({ name, undoes }) =>
    name === 'withdraw-case' && undoes?.case === 'CP-2' ? gate : Promise.resolve(),
  )
  const { house, say, seen } = talk({ effects })
  for (let i = 0; i < 2; i++) {
    await say('pay for 3 pieces')
    await say('yes')
  }
  const turns = runs.map(run => run.split('/')[2])
  await house.engine.rollback(key, { toSeq: 0, by: { kind: 'operator' }, reason: '' })
  await calm()
  assert.deepEqual(runs.slice(2), [`demo/c1/${turns[1]}/open-case/undo`])
  open()
  await calm()
  assert.deepEqual(runs.slice(3), [`demo/c1/${turns[0]}/open-case/undo`])
  assert.deepEqual(await seen(), ['notice: unpaid: CP-2', 'notice: unpaid: CP-1'])
})

test('[EFF3] an undo that never answers leaves what was done standing, and the others are undone; a person reads which', async () => {
  const { effects } = createProvider(async ({ name, undoes }) => {
    if (name === 'withdraw-case' && undoes?.case === 'CP-2') throw new Error('down')
  })
  const { house, say } = talk({ effects })
  for (let i = 0; i < 2; i++) {
    await say('pay for 3 pieces')
    await say('yes')
  }
  await house.engine.rollback(key, { toSeq: 0, by: { kind: 'operator' }, reason: '' })
  for (let i = 0; i < 10; i++) {
    await calm()
    house.clock.pass(1_000_000)
  }
  await calm()
  assert.equal((await house.engine.state(key)).with, 'queue')
  const { events } = await house.engine.desk.watch(key, null)
  assert.deepEqual(events.flatMap(event => (event.type === 'mark' && event.effect ? [event.effect] : [])).slice(2), [
    { name: 'open-case', what: 'stands', result: { case: 'CP-2' }, reason: 'no answer' },
    { name: 'open-case', what: 'undone', result: { case: 'CP-1' } },
  ])
})

test('[EFF3] taken back while nobody knows whether it was done: a person is told just that', async () => {
  const { effects } = createProvider(async () => {
    throw new Error('down')
  })
  const { house, say } = talk({ effects })
  await say('pay for 3 pieces')
  await say('yes')
  await say('recall that')
  for (let i = 0; i < 10; i++) {
    await calm()
    house.clock.pass(1_000_000)
  }
  await calm()
  assert.equal((await house.engine.state(key)).with, 'queue')
  const { card } = await house.engine.desk.about(key, 'en')
  assert.deepEqual(card?.effects, [{ name: 'open-case', state: 'failed', result: {}, reason: 'no answer' }])
})

test('[EFF4] a crash after the decision, before or after the provider did it: one effect, one reply', async () => {
  for (const isDoneBefore of [false, true]) {
    const log = createMemoryLog()
    const vault = createMemoryVault()
    let crashes = true
    const provider = createProvider(async () => {
      if (crashes && !isDoneBefore) await new Promise(() => {})
    })
    const crashing: Effects = {
      has: () => true,
      async run(request, signal) {
        const outcome = await provider.effects.run(request, signal)
        if (crashes) await new Promise(() => {}) // the process ends here: the outcome is never kept
        return outcome
      },
    }
    const before = talk({ effects: crashing, log, vault })
    await before.say('pay for 3 pieces')
    await before.house.engine.say(key, ANNA, { ref: refOf('confirm'), text: 'yes', locale: 'en' })
    await calm()
    crashes = false
    const after = talk({ effects: provider.effects, log, vault })
    assert.equal(await after.house.engine.finishUnsettled(), 1)
    assert.equal((await after.seen()).at(-1), 'reply: paid: CP-1')
    assert.equal(provider.done.size, 1)
    const kinds = (await after.house.events('c1')).map(event => event.type)
    assert.equal(kinds.filter(kind => kind === 'reply').length, 2)
    assert.equal(kinds.filter(kind => kind === 'effect').length, 1)
  }
})

test('[JOB11] [EFF2] a queue that loses an effect which is promised is told of it again while the engine serves', async () => {
  const flaky = createProvider(async (_, times) => {
    if (times < 3) throw new Error('down')
  })
  const { house, say, seen } = talk({ effects: flaky.effects })
  await say('pay for 3 pieces')
  await say('yes')
  await calm()
  const [job] = (await house.jobs.list({ kind: 'effect', limit: 1 })).jobs
  assert.equal(job?.state, 'waiting')
  await house.jobs.cancel(job?.id ?? '')
  house.clock.pass(1_000_000)
  await calm()
  assert.equal((await seen()).at(-1), 'reply: will pay')
  await house.engine.findJobsAgain()
  await calm()
  assert.equal((await seen()).at(-1), 'notice: paid: CP-1')
  assert.equal(flaky.done.size, 1)
  await house.engine.findJobsAgain()
  await calm()
  assert.deepEqual((await house.jobs.list({ limit: 10 })).jobs, [])
})

test('[HND3] an outcome that comes while a person has the conversation is not said by the bot', async () => {
  let open = (): void => {}
  const gate = new Promise<void>(resolve => {
    open = resolve
  })
  const { effects } = createProvider(() => gate)
  const { house, say, seen } = talk({ effects })
  await say('human')
  await say('pay for 3 pieces')
  const confirmed = say('yes')
  await calm()
  await house.engine.desk.claim(key, { id: 'a1' as never, name: 'Chen' }) // a test's id
  open()
  await calm()
  await confirmed
  assert.equal((await seen()).at(-1), 'notice: Chen joined')
  const watched = await house.engine.desk.watch(key, null)
  assert.deepEqual(
    watched.events.flatMap(event => (event.type === 'mark' ? [event.about] : [])),
    ['queued', 'claimed', 'effect'],
  )
})
