import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Stages } from '@parley/core/pipeline/pipeline.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import { outsideConversation, type Received } from '@parley/core/pipeline/turn.ts'
import type { Mesh, OrderFact } from '@parley/core/ports/mesh.ts'
import type { Ballot, Quote, VoterPool } from '@parley/core/ports/voters.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, literalVoter, poolOf, SHOP } from './house.ts'

const received = (text: string): Received => ({
  ...outsideConversation,
  shop: SHOP,
  customer: ANNA,
  turn: 1,
  upTo: 1,
  texts: [text],
  locale: 'en',
})
const stages = (mesh: Mesh = createMesh(new Map())): Stages => ({
  mesh,
  effects: createEffects(new Map()),
  clock: createTestClock(),
  deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
})

const quoteOf = (action: string): Quote => ({
  action,
  article: 'opening-hours',
  version: '0123456789ab',
  title: 'When we are open',
  text: 'From *nine* to nine.\n- {{ not.liquid }}',
})
/** Votes for an action with a passage of an article. */
function articles(action: string, confidence: number, quotes: readonly Quote[] = [quoteOf(action)]): VoterPool {
  const info = { voter: 'other', version: '1' }
  const ballot: Ballot = { ...info, abstained: false, votes: [{ action, confidence }], quotes, ms: 1 }
  return { tier: 'model', voters: [info], ask: async (_question, cast) => cast(ballot), close: async () => {} }
}
const working = (text: string, pools: readonly VoterPool[], mesh?: Mesh): Promise<RecordedDecision> =>
  workOut(received(text), createTestShop(pools), stages(mesh), new AbortController().signal)

const ORDER = { number: '2024-881', status: 'on its way', state: 'shipped', items: [] } as unknown as OrderFact // as far as the test's templates read it

test('[KNOW1] the reply is the passage word for word with its title, and the decision names the article', async () => {
  const decision = await working('hours?', [literalVoter(), articles('HOURS', 0.9)])
  assert.equal(decision.reply, 'From *nine* to nine.\n- {{ not.liquid }} (When we are open)')
  assert.equal(decision.template, 'article')
  assert.deepEqual(decision.source, { article: 'opening-hours', version: '0123456789ab', title: 'When we are open' })
})

test('[KNOW1] a vote that names the template without a passage gets the own words of the action', async () => {
  const bold = poolOf('other', () => [{ action: 'HOURS', confidence: 0.9, template: 'article' }])
  const decision = await working('hours?', [literalVoter(), bold])
  assert.equal(decision.reply, 'hours')
  assert.equal(decision.source, undefined)
})

test('[KNOW2] a quote for another action than the one decided on is not told', async () => {
  const decision = await working('hello', [literalVoter(), articles('HOURS', 0.3)])
  assert.deepEqual([decision.action, decision.reply, decision.source], ['HELLO', 'hello', undefined])
  const strayed = await working('hours?', [literalVoter(), articles('HOURS', 0.9, [quoteOf('TRACK')])])
  assert.deepEqual([strayed.reply, strayed.source], ['hours', undefined])
})

test('[KNOW2] a vote that weighs more and has words of its own goes before', async () => {
  const shop = createTestShop([
    poolOf('literal', () => [{ action: 'HOURS', confidence: 0.99, template: 'declined' }]),
    articles('HOURS', 0.5),
  ])
  const decision = await workOut(received('hours?'), shop, stages(), new AbortController().signal)
  assert.deepEqual([decision.reply, decision.source], ['(declined)', undefined])
})

test("[KNOW2] what is known of the customer's own order goes before an article; a question for the order comes after it", async () => {
  const pools = [literalVoter(), articles('TRACK', 0.9)]
  const one: Mesh = { facts: async () => ({ orders: { isKnown: true, value: [ORDER] }, order: { isKnown: true, value: ORDER } }) }
  const known = await working('track', pools, one)
  assert.deepEqual([known.reply, known.source], ['track 2024-881: on its way', undefined])
  const two: Mesh = { facts: async () => ({ orders: { isKnown: true, value: [ORDER, { ...ORDER, number: '2024-882' }] } }) }
  const asked = await working('track', pools, two)
  assert.equal(asked.disposition, 'ask_slot')
  assert.match(asked.reply, /^From \*nine\*[\s\S]*\nwhich order\? 2 orders$/)
  assert.equal(asked.source?.article, 'opening-hours')
})

test('[KNOW2] what has an effect keeps its own words', async () => {
  const shop = createTestShop([literalVoter(), articles('PAY', 0.9)])
  const able = { ...stages(), effects: { ...createEffects(new Map()), has: () => true } }
  const decision = await workOut(received('pay'), shop, able, new AbortController().signal)
  assert.equal(decision.source, undefined)
})

test('[KNOW3] a risk is handed over whatever an article says', async () => {
  const decision = await working('hours? or my lawyer', [articles('HOURS', 1)])
  assert.deepEqual([decision.disposition, decision.source], ['handoff', undefined])
})

test('[KNOW3] an article outvotes nobody who finds that a person must take it', async () => {
  for (const confidence of [0.75, 0.9, 0.99]) {
    const alarm = poolOf('literal', () => [{ action: 'FOOD', confidence }])
    const decision = await working('x', [alarm, articles('HOURS', 1)])
    assert.deepEqual([decision.action, decision.disposition], ['FOOD', 'handoff'])
    const alone = await working('x', [alarm])
    assert.deepEqual(decision.ranking, alone.ranking)
  }
  // Where the others only wonder, it is heard.
  const wonder = poolOf('literal', () => [{ action: 'FOOD', confidence: 0.3 }])
  assert.equal((await working('x', [wonder, articles('HOURS', 1)])).source?.article, 'opening-hours')
})

test('[KNOW4] a replay from the record gives the same reply when the article is gone', async () => {
  const turn = received('hours?')
  const shop = createTestShop([literalVoter(), articles('HOURS', 0.9)])
  const decision = await workOut(turn, shop, stages(), new AbortController().signal)
  const stored = JSON.parse(JSON.stringify(decision)) as RecordedDecision // as the log keeps it
  const { placeFor: _, ...kept } = turn
  const again = await replay(stored, kept, createTestShop([]), stages())
  assert.deepEqual({ ...again, ms: 0 }, { ...stored, ms: 0 })
})
