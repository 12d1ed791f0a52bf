// Compensation cases taken back, in the CRM's own file: the last first, and what the shop will not undo stands, with a person told what it is.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import { createTestHouse, createTestShop, keyOf, literalVoter, refOf } from '../core/house.ts'
import { openTestShop } from './shop.ts'

const key = keyOf('c1')
const shop = createTestShop([literalVoter()])
const { PAY } = shop.actions
const withCases: typeof shop = {
  ...shop,
  actions: {
    ...shop.actions,
    PAY: { ...PAY!, effect: { ...PAY!.effect!, do: 'open-compensation', undo: 'withdraw-compensation' } }, // the test shop has both
  },
}
interface CaseRow {
  readonly id: number
  readonly order_number: string
  readonly state: string
}

test('[EFF3] cases are withdrawn last first; one that is paid stands, and the agent reads which, of what and why', async t => {
  const source = await openTestShop(t)
  const database = source.connect()
  const { customer, numbers } = database
    .prepare(
      `SELECT customer, group_concat(number) AS numbers FROM purchases
       WHERE delivered_on >= -1 AND number NOT IN (SELECT order_number FROM refunds)
       GROUP BY customer HAVING count(*) = 2 ORDER BY customer LIMIT 1`,
    )
    .get() as { readonly customer: string; readonly numbers: string } // the columns named
  const [first = '', second = ''] = numbers.split(',')
  const runs: string[] = []
  const effects: Effects = {
    ...source.effects,
    async run(request, signal) {
      const outcome = await source.effects.run(request, signal)
      runs.push(`${request.name} ${outcome.state === 'done' ? outcome.result.order : outcome.reason}`)
      return outcome
    },
  }
  const house = createTestHouse({ shop: withCases, mesh: source.mesh, effects })
  const who = asCustomerId(customer)
  let said = 0
  const say = async (text: string): Promise<void> => {
    await house.engine.say(key, who, { ref: refOf(`m${said++}`), text, locale: 'en' })
    await house.settled()
  }
  await say('hello')
  const { seq } = (await house.events('c1')).at(-1)!
  for (const number of [first, second]) {
    await say(`pay for 1 pieces of ${number}`)
    await say('yes')
  }
  const cases = (): CaseRow[] => database.prepare('SELECT id, order_number, state FROM cases ORDER BY id').all() as unknown as CaseRow[] // the columns named
  assert.deepEqual(
    cases().map(row => [row.order_number, row.state]),
    [
      [first, 'open'],
      [second, 'open'],
    ],
  )
  database.prepare("UPDATE cases SET state = 'paid' WHERE order_number = ?").run(first)

  const queued = Promise.withResolvers<void>()
  house.fanOut.subscribe(key, sign => sign.type === 'state' && sign.state.with === 'queue' && queued.resolve())
  await house.engine.rollback(key, { toSeq: seq, by: { kind: 'operator' }, reason: 'opened for the wrong person' })
  await queued.promise
  assert.deepEqual(runs, [
    `open-compensation ${first}`,
    `open-compensation ${second}`,
    `withdraw-compensation ${second}`,
    'withdraw-compensation already-paid',
  ])
  assert.deepEqual(
    cases().map(row => row.state),
    ['paid', 'withdrawn'],
  )
  const stands = cases()[0]!
  const { events } = await house.engine.desk.watch(key, null)
  const marks = events.flatMap(event => (event.type === 'mark' && event.effect ? [event.effect] : []))
  assert.deepEqual(
    marks.map(({ what, result }) => [what, result.order]),
    [
      ['done', first],
      ['done', second],
      ['undone', second],
      ['stands', first],
    ],
  )
  const last = marks.at(-1)
  assert.equal(last?.name, 'open-compensation')
  assert.equal(last?.reason, 'already-paid')
  assert.equal(last?.result.case, `CP-${stands.id}`)
  assert.match(last?.result.amount ?? '', /\d/)
  const { card } = await house.engine.desk.about(key, 'en')
  assert.equal(card?.reason, 'effect')
  assert.deepEqual(
    card?.effects.map(({ state, reason }) => ({ state, reason })),
    [
      { state: 'undo-failed', reason: 'already-paid' },
      { state: 'undone', reason: undefined },
    ],
  )
  assert.deepEqual(house.bugs, [])
})
