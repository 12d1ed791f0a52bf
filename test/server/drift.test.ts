// How turns drift from week to week, on a small house's conversations that are put into weeks of their own.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import { mondayOf, stabilityOf } from '@parley/ensembles/drift.ts'
import type { Label } from '@parley/server/label-store/label-store.ts'
import type { LogParts } from '@parley/server/read-log.ts'
import { openDrift } from '@parley/server/studio/drift.ts'
import { ANNA, createTestHouse, keyOf, literalVoter, poolOf, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)

const DAY = 86_400_000
const dayOf = (date: string): number => Date.parse(`${date}T00:00:00Z`)

test('[STUD9] a mix that is the same has an index of 0, and one that moves has what the formula says', () => {
  assert.equal(stabilityOf({ A: 500, B: 500 }, { A: 50, B: 50 }), 0)
  const expected = (p: number, q: number): number => (q - p) * Math.log(q / p)
  const [p, q] = [500.5 / 1_001, 90.5 / 101]
  assert.ok(Math.abs(stabilityOf({ A: 500, B: 500 }, { A: 90, B: 10 })! - (expected(p, q) + expected(1 - p, 1 - q))) < 1e-12)
  assert.ok(stabilityOf({ A: 500, B: 500 }, { A: 50, C: 50 })! > 0.25, 'an action that is gone and one that is new')
  assert.equal(stabilityOf({ A: 99 }, { A: 500 }), null)
  assert.equal(stabilityOf({ A: 500 }, { A: 49 }), null)
})

test('[STUD9] a week begins on its Monday', () => {
  for (const [day, monday] of [
    ['2026-11-23', '2026-11-23'],
    ['2026-11-29', '2026-11-23'],
    ['2026-11-30', '2026-11-30'],
    ['1970-01-01', '1969-12-29'],
  ] as const)
    assert.equal(mondayOf(dayOf(day)), dayOf(monday), day)
})

/** For PAY where there is a `!`, with 0.9. */
const contrary = poolOf('other', ({ text }) => (text.includes('!') ? [{ action: 'PAY', confidence: 0.9 }] : []))

test('[STUD9] weeks are counted by the shop’s clock, kept, and brought forward without reading again what has settled', async () => {
  const house = createTestHouse({ pools: [literalVoter(), contrary] })
  const stored = new Map<string, readonly Logged[]>()
  async function say(conversation: string, at: number, texts: readonly string[]): Promise<void> {
    for (const [i, text] of texts.entries()) {
      await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(`${conversation}-${i}`), text, locale: 'en' })
      await house.settled()
    }
    stored.set(
      conversation,
      (await house.events(conversation)).map(event => ({ ...event, at })),
    )
  }
  // 1 March 2026 is a Sunday in London and a Monday in Shanghai from 16 o'clock on.
  await say('c1', dayOf('2026-03-01') + 10 * 3_600_000, ['hello', 'hours!'])
  await say('c2', dayOf('2026-03-01') + 17 * 3_600_000, ['hello'])
  let read: string[] = []
  const log: LogParts = {
    isStrained: () => false,
    erasures: {
      async *ages() {
        for (const [conversation, events] of stored) yield { key: keyOf(conversation), lastAt: events.at(-1)!.at }
      },
    },
    conversations: {
      async read(key) {
        read.push(key.conversation)
        return { events: stored.get(key.conversation) ?? [], position: 'x', seq: 0 } as never // no driver looks at it
      },
    },
  }
  let now = dayOf('2026-03-04')
  const labels: Label[] = []
  const open = () =>
    openDrift({
      data: temp.path,
      shop: 'demo',
      timeZone: 'Asia/Shanghai',
      log,
      labels: { list: () => labels },
      now: () => now,
      broke: assert.ifError,
    })
  const drift = await open()
  assert.deepEqual(drift.view().weeks, [], 'nothing is known at first')
  await drift.settled()
  const { at, weeks, reference } = drift.view()
  assert.equal(at, now)
  assert.deepEqual(
    weeks.map(({ start, turns }) => [start, turns]),
    [
      [dayOf('2026-02-23'), 2],
      [dayOf('2026-03-02'), 1],
    ],
  )
  assert.deepEqual(reference, [dayOf('2026-02-23'), dayOf('2026-03-02')])
  const [first] = weeks
  assert.equal(first!.shares.answered + first!.shares.askedBack + first!.shares.handedOver + first!.shares.byRule, 1)
  assert.deepEqual(first!.voters.other, { turns: 1, agreed: first!.actions.some(({ action }) => action === 'PAY') ? 1 : 0 })
  assert.equal(first!.labelled, null)
  await drift.close()

  // Half a year later: what was new then, and what has come since, and no more.
  now = dayOf('2026-09-02')
  await say('c3', dayOf('2026-08-31') + DAY, ['hello'])
  const turn = stored.get('c1')!.find(({ type }) => type === 'decided') as Extract<Logged, { readonly type: 'decided' }> // it was said
  labels.push({ conversation: 'c1', turn: turn.turn, who: 'chen', action: turn.decision.action, at: now })
  const later = await open()
  assert.equal(later.view().weeks.length, 2, 'what is kept is shown at once')
  await later.settled()
  const after = later.view()
  assert.deepEqual(
    after.weeks.map(({ start, turns }) => [start, turns]),
    [
      [dayOf('2026-02-23'), 2],
      [dayOf('2026-03-02'), 1],
      [dayOf('2026-08-31'), 1],
    ],
  )
  assert.deepEqual([after.weeks[0]!.labelled?.turns, after.weeks[0]!.labelled?.accuracy.value], [1, 1])
  await later.close()

  now += 30 * DAY
  read = []
  labels.length = 0
  const again = await open()
  again.view()
  await again.settled()
  assert.deepEqual(read, ['c3'], 'the weeks of spring have settled')
  assert.deepEqual(
    again.view().weeks.map(({ turns }) => turns),
    [2, 1, 1],
  )
  await again.close()
})
