// A turn whose voters look something up: who is waited for, and for how long.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { outsideConversation, type Received } from '@parley/core/pipeline/turn.ts'
import type { Graph, GraphAnswer } from '@parley/core/ports/graph.ts'
import type { Ballot, VoterPool } from '@parley/core/ports/voters.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, SHOP } from './house.ts'

const received: Received = { ...outsideConversation, shop: SHOP, customer: ANNA, turn: 1, upTo: 1, texts: ['track'], locale: 'en' }
const deadlines = { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 }
const request = { document: 'query { customer { refund { status } } }', variables: {}, sources: ['crm'] }
const answered = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

const ballot = (voter: string, votes: Ballot['votes']): Ballot => ({ voter, version: '1', abstained: votes.length === 0, votes, ms: 1 })

/** Its voters ask `request` and vote with what was missing; `slow` votes when it is told to. */
function pool(): VoterPool & { voteSlowly(): void } {
  let voteSlowly = (): void => {}
  return {
    tier: 'plugin',
    voters: ['first', 'second', 'slow'].map(voter => ({ voter, version: '1' })),
    async ask(_question, cast, signal, moment) {
      voteSlowly = () => cast(ballot('slow', [{ action: 'HELLO', confidence: 1 }]))
      const look = async (voter: string): Promise<void> => {
        const { missing } = await moment!.lookUp!(voter, request) // of a customer's turn
        cast(ballot(voter, [{ action: 'TRACK', confidence: 0.6, evidence: missing.join() }]))
      }
      await Promise.race([Promise.all([look('first'), look('second'), new Promise(() => {})]), over(signal)])
    },
    close: async () => {},
    voteSlowly: () => voteSlowly(),
  }
}
const over = (signal: AbortSignal): Promise<void> => new Promise(resolve => signal.addEventListener('abort', () => resolve()))

function start(query: Graph['query']) {
  const clock = createTestClock()
  const voters = pool()
  const stages = { mesh: createMesh(new Map()), effects: createEffects(new Map()), graph: { query }, clock, deadlines }
  return { clock, voters, working: workOut(received, createTestShop([voters]), stages, new AbortController().signal) }
}

test('[QRY3] [VOTE1] who looks something up is waited for beyond the deadline, nobody else is; two ask the source once', async () => {
  let questions = 0
  const { promise, resolve } = Promise.withResolvers<GraphAnswer>()
  const { clock, voters, working } = start(async () => {
    questions++
    return promise
  })
  await answered()
  clock.pass(50)
  await answered()
  voters.voteSlowly()
  clock.pass(250)
  resolve({ data: { customer: { refund: null } }, missing: [] })
  const decision = await working
  assert.deepEqual(
    decision.votes.map(({ voter, reason, votes }) => [voter, reason, votes.length]),
    [
      ['first', undefined, 1],
      ['second', undefined, 1],
      ['slow', 'late', 0],
    ],
  )
  assert.equal(decision.ms, 300)
  assert.equal(questions, 1)
})

test('[QRY3] a source that is silent costs a turn its deadline, and the voters say what was missing; they have their own time after it', async () => {
  const { clock, working } = start(async (_request, asker, signal) => {
    assert.deepEqual(asker, { shop: SHOP, customer: ANNA, locale: 'en' })
    await over(signal)
    return { data: { customer: { refund: null } }, missing: ['customer.refund'] }
  })
  await answered()
  clock.pass(50)
  await answered()
  clock.pass(750)
  const decision = await working
  assert.equal(decision.ms, 800)
  assert.equal(decision.votes[0]?.votes[0]?.evidence, 'customer.refund')
})

test('[QRY3] a source that never answers, against its port, holds no turn longer than its deadline and the voters’', async () => {
  const { clock, working } = start(() => new Promise(() => {}))
  await answered()
  clock.pass(50)
  await answered()
  clock.pass(850)
  const decision = await working
  assert.deepEqual(
    decision.votes.map(({ reason }) => reason),
    ['late', 'late', 'late'],
  )
})
