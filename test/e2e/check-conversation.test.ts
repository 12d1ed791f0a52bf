// The checker itself: a log as an engine leaves it passes, and every way of breaking a rule is named by its rule.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import { checkConversation, checkRest, type Witness } from './check-conversation.ts'

type Loose = Readonly<Record<string, unknown>> & { readonly type: string }
const text = (words: string) => ({ parts: [{ kind: 'text', text: words }] })
const message = (ref: string): Loose => ({ type: 'message', ref, ...text(ref) })
const decided = (turn: number, upTo = turn, decision: object = {}): Loose => ({ type: 'decided', turn, upTo, decision })
const reply = (turn: number): Loose => ({ type: 'reply', turn, locale: 'en', template: 't', ...text(`to ${turn}`) })
const effect = (verb: 'do' | 'undo', state = 'done'): Loose => ({ type: 'effect', key: `demo/c1/2/open/${verb}`, state, result: {} })
const notice: Loose = { type: 'notice', about: 'effect', locale: 'en', template: 't', ...text('so it is') }
const agent = { id: 'a1', name: 'Chen' }
const [opened, queued, claimed]: Loose[] = [
  { type: 'opened', customer: 'u1' },
  { type: 'queued', turn: 2 },
  { type: 'claimed', agent },
]
const written = (ref: string, by = agent): Loose => ({ type: 'agent_message', agent: by, ref, ...text(ref) })
const back = (toSeq: number): Loose => ({ type: 'rolled_back', toSeq, by: 'customer', reason: '' })

/** Events with their places; what the checker does not look at is left out, hence the cast. */
const log = (...events: readonly (Loose | undefined)[]): Logged[] =>
  events.flatMap(event => event ?? []).map((event, i) => ({ at: 0, seq: i + 1, ...event }) as unknown as Logged)
const check = (events: readonly Logged[], witness: Partial<Witness> = {}) =>
  checkConversation('demo/c1', events, { acknowledged: new Map(), ...witness })

const planned = [opened, message('m1'), decided(2, 2, { effect: { do: 'open' } })]

test('what an engine leaves passes', () => {
  const whole = log(
    opened,
    message('m1'),
    decided(2),
    reply(2),
    queued,
    claimed,
    written('a1'),
    { type: 'released', agent, to: 'bot' },
    notice,
  )
  checkRest('demo/c1', check(whole, { acknowledged: new Map(Object.entries({ m1: 2, a1: 7 })) }))
  const undone = log(
    ...planned,
    effect('do'),
    reply(2),
    message('m2'),
    decided(6, 6, { recall: 1 }),
    back(1),
    reply(6),
    effect('undo'),
    notice,
  )
  checkRest('demo/c1', check(undone))
  assert.equal(check(log(opened, message('m1'))).isUnsettled, true)
  assert.equal(check(log(...planned, effect('do'), reply(2), back(1))).isUnsettled, true)
})

const broken: readonly (readonly [string, string, () => unknown])[] = [
  ['LOG2', 'a gap', () => check([...log(opened), { ...log(message('m1'))[0]!, seq: 3 }])], // log gives one for each
  ['TURN1', 'an acknowledged message is not there', () => check(log(opened), { acknowledged: new Map([['m1', 2]]) })],
  ['TURN1', 'it is elsewhere', () => check(log(opened, message('m1')), { acknowledged: new Map([['m1', 3]]) })],
  ['TURN2', 'a message is there twice', () => check(log(opened, message('m1'), message('m1')))],
  [
    'TURN2',
    'with other words',
    () => check(log(opened, message('m1')), { acknowledged: new Map([['m1', 2]]), said: new Map([['m1', 'other']]) }),
  ],
  ['TURN3', 'two decisions', () => check(log(opened, message('m1'), decided(2), reply(2), decided(2), reply(2)))],
  ['TURN3', 'two replies', () => check(log(opened, message('m1'), decided(2), reply(2), reply(2)))],
  ['TURN3', 'no reply', () => check(log(opened, message('m1'), decided(2)))],
  ['TURN5', 'out of order', () => check(log(opened, message('m1'), message('m2'), decided(3), reply(3)))],
  ['TURN6', 'left undecided', () => checkRest('demo/c1', check(log(opened, message('m1'))))],
  ['RB1', 'shown what was taken back', () => check(log(opened, message('m1'), decided(2), reply(2), back(1)), { shown: shown(5, 2) })],
  ['RB3', 'taken back and not ended', () => check(log(opened, message('m1'), back(1)))],
  ['EFF1', 'never decided', () => check(log(opened, message('m1'), effect('do')))],
  ['EFF1', 'not told', () => check(log(...planned, effect('do')))],
  ['EFF3', 'undone without cause', () => check(log(...planned, effect('do'), reply(2), effect('undo'), notice))],
  ['EFF4', 'two outcomes', () => check(log(...planned, effect('do'), reply(2), effect('do'), notice))],
  ['EFF4', 'not undone', () => checkRest('demo/c1', check(log(...planned, effect('do'), reply(2), back(1))))],
  ['HND2', 'claimed from the bot', () => check(log(opened, claimed))],
  ['HND2', 'claimed twice', () => check(log(opened, queued, claimed, claimed))],
  ['HND3', 'the bot talks over a person', () => check(log(opened, message('m1'), queued, claimed, decided(2), reply(2)))],
  ['HND4', "another's message", () => check(log(opened, queued, claimed, written('a1', { id: 'a2', name: 'Li' })))],
]
const shown = (upTo: number, seq: number): NonNullable<Witness['shown']> => ({
  upTo,
  events: [{ type: 'message', seq, at: 0, ref: 'm1', parts: [{ kind: 'text', text: 'm1' }] }],
})

for (const [rule, what, run] of broken)
  test(`[${rule}] ${what}: it is noticed`, () => void assert.throws(run, (error: Error) => error.message.startsWith(`[${rule}] `)))
