// Plugins that look something up, in the real sandbox, with the demo shop behind the queries of their manifests.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { outsideConversation } from '@parley/core/pipeline/turn.ts'
import { NO_TURN } from '@parley/core/ports/voters.ts'
import { createEnsemble } from '@parley/ensembles/ensemble.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openBench } from '@parley/server/plugin-bench/bench.ts'
import { replayTurn } from '@parley/server/plugin-bench/replay-plugin.ts'
import { createTestShop, SHOP } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { QUERIES } from '../hostile/cases/queries.ts'
import { TEMPLATES } from '../hostile/cases/templates.ts'
import { graphOver, openJoinedShop } from '../mesh/joined-shop.ts'
import { type Files, pythonPlugin, startTrial, type Trial, typescriptPlugin, writeFolder } from './harness.ts'

const QUERIES_OF_MANIFEST = `sources: ['crm', 'orders'], queries: {
  orders: 'query ($status: OrderStatus) { customer { orders(status: $status) { number total } } }',
  one: 'query ($number: String!) { customer { order(number: $number) { number } } }',
}`

/** Votes with what the turn's words make of the facts as evidence. */
const looker = (id: string, grants = "grants: ['facts'],"): Files =>
  typescriptPlugin(
    id,
    `const facts: any = text === 'forged' ? null : arguments[1].facts
    const say = (what: unknown) => vote('COMPENSATE', 0.5, { evidence: JSON.stringify(what) })
    switch (text) {
      case 'shipped': return say(facts.query('orders', { status: 'SHIPPED' }))
      case 'two': return say([facts.query('one', { number: '2024-881' }), facts.query('one', { number: '2024-882' }), facts.query('one', { number: '2024-881' })].map(each => each.data.customer.order))
      case 'five': return say([1, 2, 3, 4, 5].map(number => facts.query('one', { number: String(number) })))
      case 'caught': try { return say(facts.query('orders')) } catch { return say('nothing') }
      case 'stranger': return say(facts.query('cases'))
      case 'misfit': return say(facts.query('orders', { status: 'LOST' }))
      case 'other': return say(facts.query('one', { number: '2024-881', customer: 'demo-lin' }))
      case 'kept': return say(keep())
      case 'forged': return { asks: '["orders",{"status":"SHIPPED"}]' }
      case 'garbled': return { asks: '["orders"' }
      default: keep = () => facts.query('orders'); return abstain
    }`,
    {
      manifest: `limits: { timeoutMs: 1000 }, ${grants} ${grants ? QUERIES_OF_MANIFEST : ''}`,
      outside: "let keep: any = () => 'nothing'",
    },
  )

/** Does what the turn's text is the id of. */
const hostile: Files = {
  'plugin.ts': `import { abstain, definePlugin, vote } from '@parley/plugin-sdk'
const templates: Record<string, string> = ${JSON.stringify(Object.fromEntries(TEMPLATES.map(({ id, template }) => [id, template])))}
const definition: any = definePlugin({
  manifest: {
    id: 'hostile', version: '1.0.0', sdk: '^0.1.0', languages: ['en'], actions: ['COMPENSATE', 'HOURS'], limits: { timeoutMs: 1000 }, grants: ['facts'],
    ${QUERIES_OF_MANIFEST},
  },
  onTurn({ text }: any, tools: any): any {
    const say = (what: unknown) => vote('COMPENSATE', 0.5, { evidence: JSON.stringify(what).slice(0, 500) })
    if (text in templates) return vote('HOURS', 0.9, { template: templates[text] })
    const { facts } = tools
    switch (text) {
      ${QUERIES.map(({ id, body }) => `case ${JSON.stringify(id)}: { ${body} }`).join('\n      ')}
    }
    return abstain
  },
})
export default definition
`,
}

const PYTHON = `
from parley_sdk import query, vote

class Plugin:
    async def on_turn(self, turn, settings):
        if turn.text == "shipped":
            found = await query("orders", status="SHIPPED")
            return vote("COMPENSATE", 0.5, evidence=f"{found.data['customer']['orders']} {found.missing}")
        if turn.text == "two":
            found = [(await query("one", number=number)).data["customer"]["order"] for number in ("2024-881", "2024-882")]
            return vote("COMPENSATE", 0.5, evidence=str(found))
        if turn.text == "stranger":
            await query("cases")
        if turn.text == "waits":
            await Forever()
        return None

class Forever:
    def __await__(self):
        yield
`

describe('a plugin that looks something up', () => {
  let trial: Trial
  before(async () => {
    trial = await startTrial({
      looker: looker('looker'),
      hostile,
      ungranted: looker('ungranted', ''),
      python: pythonPlugin(
        'python',
        PYTHON,
        `limits: { timeoutMs: 1000 }\ngrants: [facts]\nsources: [crm, orders]\nqueries:\n  orders: 'query ($status: OrderStatus) { customer { orders(status: $status) { number } } }'\n  one: 'query ($number: String!) { customer { order(number: $number) { number } } }'\n`,
      ),
    })
    await trial.ready
    assert.deepEqual(trial.invalid, [])
  })
  after(() => trial.end())

  const asking = async (t: Parameters<typeof openJoinedShop>[0]) => {
    const shop = await openJoinedShop(t)
    const graph = graphOver(shop.mesh)
    const asker = { shop: SHOP, customer: asCustomerId('demo-lin'), locale: 'en' } as const
    let questions = 0
    const lookUp = (_voter: string, request: Parameters<typeof graph.query>[0]) => {
      questions++
      return graph.query(request, asker, AbortSignal.timeout(30_000))
    }
    return async (voter: string, text: string) => {
      questions = 0
      const from = trial.faults.length
      const ballots = await trial.ask(text, undefined, { ...NO_TURN, lookUp })
      const ballot = ballots.find(each => each.voter === `plugin:${voter}`)!
      const faults = trial.faults.slice(from).flatMap(fault => (fault?.message.includes(`"${voter}"`) ? [fault.message] : []))
      return { ballot, evidence: ballot.votes[0]?.evidence, fault: faults[0] ?? '', questions }
    }
  }

  test('[QRY1] [QRY2] has the answers of its own customer, and they are in its ballot', async t => {
    const ask = await asking(t)
    const shipped = { data: { customer: { orders: [{ number: '2024-875', total: '180.00' }] } }, missing: [] }
    const { ballot, evidence } = await ask('looker', 'shipped')
    assert.deepEqual(JSON.parse(evidence!), shipped) // it has voted
    assert.deepEqual(ballot.lookedUp, [{ query: 'orders', variables: { status: 'SHIPPED' }, ...shipped }])
    // An order of somebody else is as if it did not exist.
    const two = await ask('looker', 'two')
    assert.equal(two.evidence, '[{"number":"2024-881"},null,{"number":"2024-881"}]')
    assert.equal(two.ballot.lookedUp?.length, 2)
    assert.equal((await ask('looker', 'none of ours')).ballot.lookedUp, undefined)
  })

  test('[QRY1] [QRY2] is answered alike in Python, whose queries are awaited', async t => {
    const ask = await asking(t)
    const { evidence, ballot } = await ask('python', 'shipped')
    assert.equal(evidence, "[{'number': '2024-875'}] []")
    assert.equal(ballot.lookedUp?.[0]?.query, 'orders')
    assert.equal((await ask('python', 'two')).evidence, "[{'number': '2024-881'}, None]")
    assert.match((await ask('python', 'stranger')).fault, /there is no query "cases" in its manifest/)
    assert.match((await ask('python', 'waits')).fault, /waits for something that is no query/)
    assert.equal((await ask('python', 'none')).fault, '')
  })

  test('[QRY1] can ask for nothing that its manifest does not list, name no customer, and have nothing without the grant', async t => {
    const ask = await asking(t)
    assert.match((await ask('looker', 'stranger')).fault, /there is no query "cases" in its manifest/)
    assert.match((await ask('looker', 'misfit')).fault, /query orders: .*"LOST"/)
    assert.equal((await ask('looker', 'other')).evidence, '{"data":{"customer":{"order":{"number":"2024-881"}}},"missing":[]}')
    assert.match((await ask('looker', 'five')).fault, /more than 4 queries/)
    assert.match((await ask('ungranted', 'shipped')).fault, /needs the grant "facts"/)
    assert.equal((await ask('ungranted', 'shipped')).ballot.lookedUp, undefined)
    assert.match((await ask('ungranted', 'forged')).fault, /there is no query "orders" in its manifest/)
    assert.match((await ask('looker', 'garbled')).fault, /failed/)
  })

  test('[QRY1] [QRY2] a forged query finds nothing of anybody else, and what is recorded is what was answered', async t => {
    const ask = await asking(t)
    for (const { id, ends, lookedUp = [] } of QUERIES) {
      const { ballot, evidence, fault } = await ask('hostile', id)
      if (typeof ends === 'string') assert.equal(evidence, ends, `${id}: ${fault}`)
      else assert.match(fault, ends, id)
      assert.deepEqual(ballot.lookedUp?.map(({ query }) => query) ?? [], lookedUp, id)
      assert.doesNotMatch(JSON.stringify(ballot.lookedUp?.map(({ data }) => data) ?? ''), /2024-882/, id)
    }
  })

  test('[PLG4] a template that is none of its shop is left aside, and the action’s own is the reply', async () => {
    const ensemble = createEnsemble('name: test\nversion: 1\nvoters: { "plugin:hostile": { weight: { zh: 1, en: 1 } } }', 'test.yaml')
    const shop = { ...createTestShop([trial.pool]), ensemble: () => ensemble }
    const mesh = createMesh(new Map())
    const effects = createEffects(new Map())
    const stages = {
      mesh,
      effects,
      clock: systemClock,
      deadlines: { voters: 10_000, mesh: 10_000, effect: 1_000, turn: 30_000 },
    }
    for (const { id, template } of TEMPLATES) {
      const turn = {
        ...outsideConversation,
        shop: SHOP,
        customer: asCustomerId('demo-lin'),
        turn: 1,
        upTo: 1,
        texts: [id],
        locale: 'en',
      } as const
      const { votes, action, template: chosen, reply } = await workOut(turn, shop, stages, new AbortController().signal)
      assert.equal(votes.find(({ voter }) => voter === 'plugin:hostile')?.votes[0]?.template, template, 'it is in its vote')
      assert.equal(action, 'HOURS', id)
      assert.deepEqual([chosen, reply], ['hours', 'hours'], id)
    }
  })

  test('[QRY2] an answer comes also to who catches what the tool throws; the tool of a turn is not there in the next', async t => {
    const ask = await asking(t)
    assert.match((await ask('looker', 'caught')).evidence ?? '', /2024-881.*2024-875/)
    await ask('looker', 'keep it')
    assert.equal((await ask('looker', 'kept')).evidence, '"nothing"')
  })

  test('[QRY2] [TURN10] a turn in which plugins looked something up is replayed from its record, to the letter', async t => {
    const { mesh } = await openJoinedShop(t)
    const stages = {
      mesh: createMesh(new Map()),
      effects: createEffects(new Map()),
      graph: graphOver(mesh),
      clock: systemClock,
      deadlines: { voters: 10_000, mesh: 10_000, effect: 1_000, turn: 30_000 },
    }
    const shop = createTestShop([trial.pool])
    const turn = {
      ...outsideConversation,
      shop: SHOP,
      customer: asCustomerId('demo-lin'),
      turn: 1,
      upTo: 1,
      texts: ['shipped'],
      locale: 'en',
    } as const
    const decision = await workOut(turn, shop, stages, new AbortController().signal)
    assert.equal(decision.votes.find(({ voter }) => voter === 'plugin:looker')?.lookedUp?.length, 1)
    const recorded = JSON.parse(JSON.stringify(decision)) as typeof decision
    const dead = { ...stages, graph: { query: () => Promise.reject(new Error('it must not be asked')) } }
    const again = await replay(recorded, turn, shop, dead)
    assert.deepEqual({ ...JSON.parse(JSON.stringify(again)), ms: 0 }, { ...recorded, ms: 0 })
  })
})

test('[QRY2] [SDK10] another version is told in a replay what the one before was told, and may ask nothing else', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const { mesh } = await openJoinedShop(t)
  const version = (evidence: string): Files =>
    typescriptPlugin(
      'looker',
      `const { data } = (arguments[1] as any).facts.query('orders', { status: text === 'other' ? 'PAID' : 'SHIPPED' })
      return vote('COMPENSATE', 0.5, { evidence: ${evidence} })`,
      { manifest: `limits: { timeoutMs: 1000 }, grants: ['facts'], ${QUERIES_OF_MANIFEST}` },
    )
  const first = await startTrial({ looker: version('data.customer.orders[0].number') })
  t.after(() => first.end())
  await first.ready
  const stages = {
    mesh: createMesh(new Map()),
    effects: createEffects(new Map()),
    graph: graphOver(mesh),
    clock: systemClock,
    deadlines: { voters: 10_000, mesh: 10_000, effect: 1_000, turn: 30_000 },
  }
  const received = {
    ...outsideConversation,
    shop: SHOP,
    customer: asCustomerId('demo-lin'),
    turn: 1,
    upTo: 1,
    texts: ['shipped'],
    locale: 'en',
  } as const
  const shop = createTestShop([first.pool])
  const decision = await workOut(received, shop, stages, new AbortController().signal)
  const bench = await openBench(writeFolder(join(folder.path, 'looker'), version('data.customer.orders[0].total')))
  t.after(() => bench.close())
  const turn = { at: 0, received, decision }
  const replayed = await replayTurn(bench, turn, shop, stages)
  assert.deepEqual([replayed.before, replayed.now], [['COMPENSATE 0.5 «2024-875»'], ['COMPENSATE 0.5 «180.00»']])
  const other = await replayTurn(bench, { ...turn, received: { ...received, texts: ['other'] } }, shop, stages)
  assert.match(other.now[0] ?? '', /^! .*the record of the turn has no answer to it/)
})

test('[QRY1] [SDK3] a query that cannot be asked, and one without its grant, are told when the plugin is loaded, with their line', async () => {
  const bad = (id: string, manifest: string): Files => typescriptPlugin(id, 'return abstain', { manifest })
  const trial = await startTrial({
    wrong: bad('wrong', `grants: ['facts'],\n    queries: {\n      mine: 'query { customer { password } }' }`),
    ungranted: bad('ungranted', `\n    queries: { mine: 'query { customer { name } }' }`),
    python: pythonPlugin(
      'python',
      'class Plugin:\n    def process(self, text):\n        return None\n',
      'grants: [facts]\nqueries:\n  mine: mutation { x }\n',
    ),
  })
  try {
    const told = trial.invalid.map(({ message }) => message).join('\n')
    assert.match(told, /plugin\.ts:6.*manifest\.queries\.mine: Cannot query field "password" on type "Customer"/)
    assert.match(told, /plugin\.ts:5.*manifest\.queries: looking something up needs the grant "facts"/)
    assert.match(told, /plugin\.yaml:11.*manifest\.queries\.mine: it is a mutation, not a query/)
  } finally {
    await trial.end()
  }
})
