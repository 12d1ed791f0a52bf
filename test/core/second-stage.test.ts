import assert from 'node:assert/strict'
import { test } from 'node:test'
import { emptyFrame } from '@parley/core/dialogue/frame.ts'
import { workOut } from '@parley/core/pipeline/pipeline.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shed } from '@parley/core/pipeline/shed.ts'
import { outsideConversation, type Received } from '@parley/core/pipeline/turn.ts'
import { type Ballot, LATE, type VoterPool } from '@parley/core/ports/voters.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { ANNA, createTestClock, createTestShop, literalVoter, poolOf, SHOP } from './house.ts'

const received = (text: string, frame: Received['frame'] = outsideConversation.frame): Received => ({
  ...outsideConversation,
  shop: SHOP,
  customer: ANNA,
  turn: 1,
  upTo: 1,
  texts: [text],
  locale: 'en',
  frame,
})
const answered = (): Promise<void> => new Promise(resolve => setImmediate(resolve))
const stages = (clock = createTestClock(), shed: Shed = 'none') => ({
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  clock,
  deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
  shed,
})

/** Of the second stage, with 1,500 ms. `asked`: the texts. */
function secondOf(answer: Parameters<typeof poolOf>[1], askBelow = 0.9, voter = 'other'): VoterPool & { readonly asked: string[] } {
  const asked: string[] = []
  const pool = poolOf(voter, question => {
    asked.push(question.text)
    return answer(question)
  })
  return { ...pool, tier: 'second', second: { askBelow, deadlineMs: 1_500 }, asked }
}
const votesFor =
  (action: string, confidence = 0.99) =>
  () => [{ action, confidence }]
const ballotOf = (decision: { readonly votes: readonly Pick<Ballot, 'voter' | 'reason' | 'abstained'>[] }, voter = 'other') =>
  decision.votes.filter(vote => vote.voter === voter).map(({ abstained, reason }) => reason ?? (abstained ? 'silent' : 'voted'))

test('[VOTE4] the second stage is asked where the first leaves a doubt, and its vote decides; where there is none it is not asked', async () => {
  const second = secondOf(votesFor('HELLO'))
  const shop = createTestShop([second, literalVoter()])
  const run = (text: string) => workOut(received(text), shop, stages(), new AbortController().signal)
  const doubt = await run('good day')
  assert.equal(doubt.action, 'HELLO')
  assert.deepEqual(ballotOf(doubt), ['voted'])
  const sure = await run('track')
  assert.equal(sure.action, 'TRACK')
  assert.deepEqual(ballotOf(sure), ['unasked'])
  assert.deepEqual(second.asked, ['good day'])
  const two = await run('when are your hours? and can you track my order?')
  assert.deepEqual(
    two.clauseVotes?.flat().map(({ voter }) => voter),
    ['literal', 'literal'],
  )
})

test('[VOTE4] at 1 it is asked at every turn; where the ensemble does not hear it, at none', async () => {
  const [always, unheard] = [secondOf(votesFor('TRACK'), 1), secondOf(votesFor('TRACK'), 1, 'stranger')]
  const decision = await workOut(
    received('track'),
    createTestShop([literalVoter(), always, unheard]),
    stages(),
    new AbortController().signal,
  )
  assert.deepEqual([ballotOf(decision), ballotOf(decision, 'stranger')], [['voted'], ['unasked']])
  assert.deepEqual(unheard.asked, [])
})

test('[VOTE4] an answer to what the bot asked, and what a risk has decided, need no second stage', async () => {
  const second = secondOf(votesFor('HELLO'))
  const shop = createTestShop([literalVoter(), second])
  const run = (text: string, frame?: Received['frame']) => workOut(received(text, frame), shop, stages(), new AbortController().signal)
  const form = { action: 'TRACK', slots: {}, template: 'track' }
  const frame = { ...emptyFrame, pending: { kind: 'slot', form, slot: 'order', asked: 1, choices: [] } } as const
  assert.equal((await run('2024-881', frame)).how, 'slot')
  assert.equal((await run('my lawyer')).disposition, 'handoff')
  assert.deepEqual(second.asked, [])
  await run('blah', frame)
  assert.deepEqual(second.asked, ['blah'])
})

test('[VOTE4] [VOTE2] a turn waits for it until its own deadline and is told so; what comes later changes nothing', async () => {
  const clock = createTestClock()
  let late: (() => void) | undefined
  const reasons: unknown[] = []
  const hanging: VoterPool = {
    ...secondOf(votesFor('HELLO')),
    ask: (_question, cast, signal) =>
      new Promise(() => {
        late = () => cast({ voter: 'other', version: '1', abstained: false, votes: [{ action: 'HELLO', confidence: 1 }], ms: 1 })
        signal.addEventListener('abort', () => reasons.push(signal.reason))
      }),
  }
  const working = workOut(received('blah'), createTestShop([literalVoter(), hanging]), stages(clock), new AbortController().signal)
  await answered()
  clock.pass(1_499)
  await answered()
  assert.deepEqual(reasons, [])
  clock.pass(1)
  late?.()
  const decision = await working
  assert.deepEqual(ballotOf(decision), ['late'])
  assert.deepEqual(reasons, [LATE])
  assert.equal(decision.ms, 1_500)
  assert.notEqual(decision.action, 'HELLO')
})

test('[VOTE4] where the turn ends it is no longer waited for, and not called late', async () => {
  const turn = new AbortController()
  const reasons: unknown[] = []
  const hanging: VoterPool = {
    ...secondOf(votesFor('HELLO')),
    ask: (_question, _cast, signal) => new Promise(() => signal.addEventListener('abort', () => reasons.push(signal.reason))),
  }
  const working = workOut(received('blah'), createTestShop([literalVoter(), hanging]), stages(), turn.signal)
  await answered()
  turn.abort()
  assert.deepEqual(ballotOf(await working), ['late'])
  assert.equal(reasons.length, 1)
  assert.notEqual(reasons[0], LATE)
})

test('[VOTE3] [VOTE4] a second stage that throws fails no turn, and two are asked at once', async () => {
  const [throws, votes] = [secondOf(() => Promise.reject(new Error('a bug of the pool'))), secondOf(votesFor('HELLO'), 0.9, 'literal')]
  const decision = await workOut(received('blah'), createTestShop([throws, votes]), stages(), new AbortController().signal)
  assert.deepEqual(ballotOf(decision), ['late'])
  assert.equal(decision.action, 'HELLO')
})

test('[TURN11] [VOTE4] under overload it is the first to go', async () => {
  const second = secondOf(votesFor('HELLO'))
  const shop = createTestShop([literalVoter(), second])
  const decision = await workOut(received('blah'), shop, stages(createTestClock(), 'second'), new AbortController().signal)
  assert.deepEqual(ballotOf(decision), ['shed'])
  assert.deepEqual(second.asked, [])
})

test('[TURN10] [VOTE4] a replay has what it said, and asks it nothing', async () => {
  const second = secondOf(votesFor('HELLO'))
  const shop = createTestShop([literalVoter(), second])
  const decision = await workOut(received('blah'), shop, stages(), new AbortController().signal)
  const stored = JSON.parse(JSON.stringify(decision)) as typeof decision // as the log gives it back
  const again = await replay(stored, received('blah'), shop, stages())
  assert.deepEqual({ ...JSON.parse(JSON.stringify(again)), ms: 0 }, { ...stored, ms: 0 })
  assert.deepEqual(second.asked, ['blah'])
})

test('[VOTE5] it does not talk a turn out of a person’s hands: a vote against a likely matter for a person is kept, and not heard', async () => {
  const first = (confidence: number) => poolOf('literal', () => [{ action: 'FOOD', confidence }])
  const shop = (confidence: number) => createTestShop([first(confidence), secondOf(votesFor('HELLO'), 1)])
  const run = (confidence: number) => workOut(received('blah'), shop(confidence), stages(), new AbortController().signal)
  const likely = await run(0.75) // times 10, the cost of a wrong answer, is more than 7, that of a person
  assert.deepEqual([likely.disposition, ballotOf(likely)], ['handoff', ['voted']])
  assert.ok(likely.breakdown.every(({ voter }) => voter !== 'other'))
  const unlikely = await run(0.5)
  assert.equal(unlikely.action, 'HELLO')
  assert.ok(unlikely.breakdown.some(({ voter }) => voter === 'other'))
})

test('[VOTE4] it is shown what the first stage has found in the shop’s articles', async () => {
  const quote = { action: 'HOURS', article: 'hours', version: '1', title: 'Opening hours', text: 'From nine.' }
  const reader: VoterPool = {
    ...poolOf('literal', () => []),
    async ask(_question, cast) {
      cast({ voter: 'literal', version: '1', abstained: false, votes: [{ action: 'HOURS', confidence: 0.2 }], quotes: [quote], ms: 1 })
    },
  }
  const shown: unknown[] = []
  const second: VoterPool = {
    ...secondOf(votesFor('HELLO')),
    async ask(_question, _cast, _signal, moment) {
      shown.push(moment?.quotes)
    },
  }
  await workOut(received('blah'), createTestShop([reader, second]), stages(), new AbortController().signal)
  assert.deepEqual(shown, [[quote]])
})
