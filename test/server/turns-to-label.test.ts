// The queue of turns worth a label, and what is made of labels, on turns that a small house has recorded.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { recordedTurns } from '@parley/core/recorded-turns.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { labelledRows, queueOf, type RecordedLine } from '@parley/server/evaluation/turns-to-label.ts'
import { openLabelStore } from '@parley/server/label-store/label-store.ts'
import { ANNA, createTestHouse, keyOf, literalVoter, poolOf, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)

/** For PAY where there is a `!`, with 0.9. */
const contrary = poolOf('other', ({ text }) => (text.includes('!') ? [{ action: 'PAY', confidence: 0.9 }] : []))

async function linesOf(said: Readonly<Record<string, readonly string[]>>): Promise<readonly RecordedLine[]> {
  const house = createTestHouse({ pools: [literalVoter(), contrary] })
  const lines: RecordedLine[] = []
  for (const [conversation, texts] of Object.entries(said)) {
    for (const [i, text] of texts.entries()) {
      await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(`${conversation}-${i}`), text, locale: 'en' })
      await house.settled()
    }
    const events = await house.events(conversation)
    for (const turn of recordedTurns(keyOf(conversation), events, 'x' as never)) lines.push({ turn, takenBack: false }) // no driver looks at it
  }
  return lines
}
async function* stream(lines: readonly RecordedLine[]): AsyncGenerator<RecordedLine> {
  yield* lines
}
const label = (conversation: string, { turn }: RecordedLine, action: string, who = 'chen') => ({
  conversation,
  turn: turn.received.turn,
  who,
  action,
  at: 1,
})

test('[LAB1] the worthiest first, the same words once, what came before with them; who has labelled one is done with its words', async () => {
  const lines = await linesOf({
    c1: ['hello', 'hours!'],
    c2: ['blah'], // nobody votes
    c3: ['Hours!'],
  })
  const rows = await queueOf(stream(lines), [])
  assert.deepEqual(
    rows.map(({ conversation, text, times, said, action }) => [conversation, text, times, said, action]),
    [
      ['c1', 'hours!', 2, rows[0]!.said, ''],
      ['c1', 'hello', 1, 'HELLO', ''],
    ],
  )
  assert.deepEqual(rows[0]!.before, ['customer: hello', `shop: ${lines[0]!.turn.decision.reply}`])
  assert.ok(rows[0]!.why.includes('contradicted'))
  assert.deepEqual([...rows[0]!.likely].slice(0, 2).sort(), ['HOURS', 'PAY'])
  const left = await queueOf(stream(lines), [label('c3', lines[3]!, 'HOURS')])
  assert.deepEqual(
    left.map(({ text }) => text),
    ['hello'],
  )
})

test('[LAB5] labelled turns come out as dialogues that an evaluation reads; a disputed one is told, and labels nothing', async () => {
  const lines = await linesOf({ c1: ['hello', 'hours!', 'track'], c2: ['pay!'] })
  const labels = [
    label('c1', lines[1]!, 'HOURS'),
    label('c1', lines[1]!, 'HOURS', 'lin'),
    label('c2', lines[3]!, 'PAY'),
    label('c2', lines[3]!, 'TRACK', 'lin'),
  ]
  const { rows, agreed, disputed } = await labelledRows(stream(lines), labels)
  assert.deepEqual([agreed, disputed], [1, 1])
  assert.deepEqual(rows, [
    { turns: [{ text: 'hello' }, { text: 'hours!', action: 'HOURS' }], lang: 'en', source: 'labels', conversation: 'c1' },
  ])
  const { dialogues, problems } = parseTurns(JSON.stringify(rows[0]), new Set(['HOURS']))
  assert.deepEqual([dialogues.length, problems], [1, []])
})

test('[LAB4] labels are kept by turn and person; an erased conversation has none', async () => {
  const store = openLabelStore(temp.path)
  try {
    const [one] = await linesOf({ c1: ['hello'] })
    await store.put('demo', [
      label('c1', one!, 'HELLO'),
      label('c1', one!, 'PAY', 'lin'),
      label('c10', one!, 'HELLO'),
      label('c1', one!, 'HOURS'),
    ])
    await store.put('other', [label('c1', one!, 'HELLO')])
    const said = (shop: string) => store.list(shop).map(({ conversation, who, action }) => `${conversation} ${who} ${action}`)
    assert.deepEqual(said('demo'), ['c1 chen HOURS', 'c1 lin PAY', 'c10 chen HELLO'])
    await store.forget('demo', 'c1')
    assert.deepEqual([said('demo'), said('other')], [['c10 chen HELLO'], ['c1 chen HELLO']])
  } finally {
    await store.close()
  }
})
