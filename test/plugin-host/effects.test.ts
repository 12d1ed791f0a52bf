// Effects that plugins declare, in the real sandbox and in a real shop's database.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, type TestContext, test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { EffectRequest, Effects } from '@parley/core/ports/effects.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { createPluginEffects, withPluginEffects } from '@parley/server/drivers/effects.plugins.ts'
import { createTestHouse, createTestShop, keyOf, literalVoter, refOf, SHOP } from '../core/house.ts'
import { faultCodeOf } from '../fault-code.ts'
import { EFFECTS } from '../hostile/cases/effects.ts'
import { graphOver, type JoinedShop, openJoinedShop } from '../mesh/joined-shop.ts'
import { opening, patience, withdrawing } from '../mesh/questions.ts'
import { type Files, pythonPlugin, startTrial, type Trial } from './harness.ts'

const MANIFEST = `grants: ['effects'], sources: ['crm'],
    effects: { 'open-compensation': { undo: 'withdraw-compensation' } },
    mutations: {
      open: 'mutation ($order: String!, $count: Int!) { openCase(order: $order, count: $count) { case: number order count amount currency } }',
      withdraw: 'mutation ($case: String!) { withdrawCase(case: $case) { case: number order } }',
    },
    settings: { most: { type: 'number', about: 'Pieces.', default: 3 } },
    limits: { timeoutMs: 1000 },`

/** A shop's own rule before its system's: not more pieces than the setting says. */
const careful: Files = {
  'plugin.ts': `import { abstain, definePlugin, mutate, refuse } from '@parley/plugin-sdk'

export default definePlugin({
  manifest: { id: 'careful', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE'], ${MANIFEST} },
  onTurn: () => abstain,
  onAction({ slots }, { settings }) {
    if (slots.order === 'spin') for (;;) {}
    if (slots.order === 'time') return refuse(String(Date.now()))
    if (slots.order === 'stray') return { mutation: 'close' as 'open', variables: {} }
    if (slots.order === 'number') return 7 as any
    switch (slots.order) {
      ${EFFECTS.map(({ id, returns }) => `case '${id}': return ${returns} as any`).join('\n      ')}
    }
    const count = Number(slots.count)
    return count > settings.most ? refuse('ask-a-person') : mutate('open', { order: slots.order, count })
  },
  undo: ({ result }) => mutate('withdraw', { case: result.case }),
})
`,
}

const python = pythonPlugin(
  'careful',
  `
from parley_sdk import mutate, refuse

class Plugin:
    def process(self, text):
        return None
    def on_action(self, effect, settings):
        count = int(effect.slots["count"])
        return refuse("ask-a-person") if count > 3 else mutate("open", order=effect.slots["order"], count=count)
    def undo(self, effect, settings):
        return mutate("withdraw", case=effect.result["case"])
`,
  `limits: { timeoutMs: 1000 }
grants: [effects]
sources: [crm]
effects: { open-compensation: { undo: withdraw-compensation } }
mutations:
  open: 'mutation ($order: String!, $count: Int!) { openCase(order: $order, count: $count) { case: number order count amount currency } }'
  withdraw: 'mutation ($case: String!) { withdrawCase(case: $case) { case: number order } }'
`,
)

const effectsOver = (trial: Trial, { mesh }: JoinedShop): Effects =>
  withPluginEffects(createEffects(new Map()), graphOver(mesh), () => trial.effects)

/** Cases in the CRM's own file. */
function count({ services }: JoinedShop, where: string): number {
  const file = join(services.folder, 'crm.db')
  if (!existsSync(file)) return 0 // nothing was ever asked of it
  const database = new DatabaseSync(file)
  try {
    const counted = database.prepare(`SELECT count(*) AS n FROM cases WHERE ${where}`).get() as { readonly n: number } // the one column
    return counted.n
  } finally {
    database.close()
  }
}

for (const [language, files] of Object.entries({ TypeScript: careful, Python: python }))
  describe(`an effect of a ${language} plugin`, () => {
    let trial: Trial
    before(async () => {
      trial = await startTrial({ careful: files })
      await trial.ready
      assert.deepEqual(trial.invalid, [])
    })
    after(() => trial.end())

    test('[PEFF1] [MESH4] is done in the shop, once for its key, and undone by what it gave', async t => {
      const shop = await openJoinedShop(t)
      const effects = effectsOver(trial, shop)
      const done = { state: 'done', result: { case: 'CP-1007', order: '2024-881', count: '3', amount: '162.00', currency: 'CNY' } } as const
      const request = opening('demo/c1/2/open-compensation/do', 'demo-lin', { order: '2024-881', count: '3' })
      assert.deepEqual(await effects.run(request, patience()), done)
      assert.deepEqual(await effects.run(request, patience()), done)
      assert.equal(count(shop, "state = 'open'"), 1)
      assert.deepEqual(await effects.run(withdrawing('demo/c1/2/open-compensation/undo', 'demo-lin', done.result), patience()), {
        state: 'done',
        result: { case: 'CP-1007', order: '2024-881' },
      })
      assert.equal(count(shop, "state = 'open'"), 0)
    })

    test('[PEFF2] goes by the plugin’s rule before the shop’s own, and the shop’s refusals stand', async t => {
      const shop = await openJoinedShop(t)
      const run = (request: EffectRequest) => effectsOver(trial, shop).run(request, patience())
      assert.deepEqual(await run(opening('a/do', 'demo-lin', { order: '2024-881', count: '4' })), {
        state: 'refused',
        reason: 'ask-a-person',
      })
      assert.deepEqual(await run(opening('b/do', 'demo-lin', { order: '2024-882', count: '1' })), {
        state: 'refused',
        reason: 'unknown-order',
      })
      assert.equal(count(shop, "state = 'open'"), 0)
    })
  })

describe('a plugin that does not say what is to be done', () => {
  let trial: Trial
  before(async () => {
    trial = await startTrial({ careful })
    await trial.ready
  })
  after(() => trial.end())

  test('[PEFF3] leaves the effect to be tried again, and nothing done: late, thrown, malformed, or of a mutation it does not list', async t => {
    const shop = await openJoinedShop(t)
    const effects = effectsOver(trial, shop)
    const codeOf = (order: string) => faultCodeOf(effects.run(opening(`${order}/do`, 'demo-lin', { order, count: '1' }), patience()))
    assert.equal(await codeOf('spin'), 'PLUGIN_TIMEOUT')
    assert.equal(await codeOf('stray'), 'PLUGIN_FAILED')
    assert.equal(await codeOf('number'), 'PLUGIN_FAILED')
    await assert.rejects(effects.run(opening('time/do', 'demo-lin', { order: 'time' }), patience()), {
      message: /needs the grant "clock".*plugin\.ts:15/,
    })
    assert.equal(count(shop, "state = 'open'"), 0)
  })
})

describe('a plugin that forges effects', () => {
  let trial: Trial
  before(async () => {
    trial = await startTrial({ careful }, {}, [], undefined, 1)
    await trial.ready
  })
  after(() => trial.end())

  test('[PEFF3] [PLG4] has nothing done by what is no outcome, by a mutation that is not its own, or in another name', async t => {
    const shop = await openJoinedShop(t)
    const effects = effectsOver(trial, shop)
    for (const { id } of EFFECTS) {
      const code = await faultCodeOf(effects.run(opening(`${id}/do`, 'demo-lin', { order: id, count: '1' }), patience()))
      assert.ok(code === 'PLUGIN_FAILED' || code === 'QUERY_REFUSED', `${id}: ${code}`)
    }
    assert.equal(count(shop, "state = 'open'"), 0)
  })

  test('[PEFF1] undoes nothing that was never done, and nothing of another customer', async t => {
    const shop = await openJoinedShop(t)
    const effects = effectsOver(trial, shop)
    const done = await effects.run(opening('a/do', 'demo-lin', { order: '2024-881', count: '1' }), patience())
    assert.ok(done.state === 'done')
    const open = () => count(shop, "state = 'open'")
    const never = await effects.run(withdrawing('b/undo', 'demo-lin', { case: 'CP-9999' }), patience())
    assert.equal(never.state, 'refused')
    const stranger = await effects.run(withdrawing('a/undo', 'demo-wang', done.result), patience())
    assert.equal(stranger.state, 'refused')
    assert.equal(open(), 1)
  })
})

test('[PEFF3] [EFF2] an effect does not wait for a plugin that has not started longer than its signal says', async t => {
  const trial = await startTrial({ careful })
  t.after(() => trial.end())
  await trial.ready
  const effects = createPluginEffects({ plugins: trial.plugins, ready: new Promise(() => {}), ask: () => assert.fail('it is not ready') })
  const deadline = new AbortController()
  const deciding = faultCodeOf(effects.decide(opening('a/do', 'demo-lin', { order: '2024-881', count: '1' }), deadline.signal))
  deadline.abort()
  assert.equal(await deciding, 'PLUGIN_OFF')
})

test('[PEFF1] [EFF1] [EFF3] a dialogue opens a case by a plugin, and a rollback withdraws it by the plugin', async t => {
  const { house, source, say } = await openHouse(t, careful)
  await say('hello')
  const { seq } = (await house.events('c1')).at(-1)!
  await say('pay for 2 pieces of 2024-881')
  await say('yes')
  assert.equal(count(source, "state = 'open' AND count = 2"), 1)
  const undone = Promise.withResolvers<void>()
  house.fanOut.subscribe(keyOf('c1'), sign => {
    if (sign.type === 'delivery' && JSON.stringify(sign).includes('notice')) undone.resolve()
  })
  await house.engine.rollback(keyOf('c1'), { toSeq: seq, by: { kind: 'operator' }, reason: 'opened for the wrong person' })
  await undone.promise
  assert.equal(count(source, "state = 'open'"), 0)
  assert.equal(count(source, "state = 'withdrawn' AND count = 2"), 1)
  const effects = (await house.events('c1')).flatMap(event =>
    event.type === 'effect' ? [[event.key.split('/').slice(2).join('/'), event.state]] : [],
  )
  assert.deepEqual(
    effects.map(([name, state]) => [name?.replace(/^\d+/, '#'), state]),
    [
      ['#/open-compensation/do', 'done'],
      ['#/open-compensation/undo', 'done'],
    ],
  )
  assert.deepEqual(house.bugs, [])
})

test('[PEFF2] [EFF1] what the plugin refuses is told to the customer with its reason, and nothing is done', async t => {
  const { house, source, say } = await openHouse(t, careful)
  await say('pay for 4 pieces of 2024-881')
  await say('yes')
  assert.equal(count(source, "state = 'open'"), 0)
  const events = await house.events('c1')
  const effect = events.findLast(event => event.type === 'effect')
  assert.deepEqual(effect?.type === 'effect' && [effect.state, effect.result], ['refused', { reason: 'ask-a-person' }])
})

test('[PEFF3] [SDK3] what a plugin’s effects lack is told when it is loaded', async () => {
  const bad = (id: string, manifest: string, hooks = ''): Files => ({
    'plugin.ts': `export default {
  manifest: { id: '${id}', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE'], ${manifest} },
  onTurn: () => null,
  ${hooks}
}
`,
  })
  const effects = "effects: { 'open-compensation': { undo: 'withdraw-compensation' } },"
  const hooks = 'onAction: () => null, undo: () => null,'
  const trial = await startTrial({
    hookless: bad('hookless', `grants: ['effects'], ${effects}`, 'onAction: () => null,'),
    ungranted: bad('ungranted', effects, hooks),
    wrong: bad(
      'wrong',
      `grants: ['effects'], ${effects}\n    sources: ['crm'],\n    mutations: { all: 'mutation { openCase(order: "1") { number } }' },`,
      hooks,
    ),
    first: bad('first', `grants: ['effects'], ${effects}`, hooks),
    second: bad('second', `grants: ['effects'], ${effects}`, hooks),
    python: pythonPlugin('python', 'class Plugin:\n    def process(self, text):\n        return None\n', 'grants: [effects]\n'),
  })
  try {
    await trial.ready
    const told = trial.invalid.map(({ message }) => message).join('\n')
    assert.match(told, /plugin hookless: plugin\.ts: .*its manifest lists effects, and it has no undo/)
    assert.match(told, /plugin ungranted: plugin\.ts:2: .*needs the grant "effects"/)
    assert.match(told, /plugin wrong: plugin\.ts:4: manifest\.mutations\.all: .*\(count:\)/)
    assert.match(told, /plugin second: effects: open-compensation is done by plugin "first" already/)
    assert.match(told, /plugin python: .*class Plugin has the grant "effects" and no on_action/)
  } finally {
    await trial.end()
  }
})

async function openHouse(t: TestContext, files: Files) {
  const trial = await startTrial({ careful: files })
  t.after(() => trial.end())
  await trial.ready
  const source = await openJoinedShop(t)
  const shop = createTestShop([literalVoter()])
  const { PAY } = shop.actions
  const withCases: typeof shop = {
    ...shop,
    actions: {
      ...shop.actions,
      PAY: { ...PAY!, effect: { ...PAY!.effect!, do: 'open-compensation', undo: 'withdraw-compensation' } }, // the test shop has both
    },
  }
  const house = createTestHouse({ shop: withCases, mesh: createMesh(new Map()), effects: effectsOver(trial, source) })
  let said = 0
  const say = async (text: string): Promise<void> => {
    await house.engine.say(keyOf('c1'), asCustomerId('demo-lin'), { ref: refOf(`m${said++}`), text, locale: 'en' })
    await house.settled()
  }
  assert.equal(withCases.id, SHOP)
  return { house, source, say }
}
