// The queue of turns worth a label, and what is made of labels, on turns that a small house has recorded.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { asAgentId } from '@parley/core/ids.ts'
import { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import { recordedTurns } from '@parley/core/recorded-turns.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { labelledRows, queueOf, type RecordedLine } from '@parley/server/evaluation/turns-to-label.ts'
import { createCorrections } from '@parley/server/label-store/corrections.ts'
import { openLabelStore } from '@parley/server/label-store/label-store.ts'
import { createAgentSocket } from '@parley/server/realtime/agent-socket.ts'
import { ANNA, createTestHouse, createTestShop, keyOf, literalVoter, poolOf, refOf, SHOP } from '../core/house.ts'
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

test('[LAB1] a thumb down and a correction at the desk go first, and say so; what an agent said in passing is left for others', async () => {
  const lines = (await linesOf({ c1: ['hello', 'hours!', 'track'] })).map((line, i) =>
    i === 0 ? { ...line, thumb: 'down' as const } : line,
  )
  const corrected = { ...label('c1', lines[2]!, 'PAY'), atDesk: true as const }
  const confirmed = { ...label('c1', lines[0]!, 'HELLO', 'lin'), atDesk: true as const }
  const rows = await queueOf(stream(lines), [corrected, confirmed])
  const told = rows.map(row => [row.text, [row.why.filter(why => why === 'thumbs down' || why === 'corrected'), row.thumb, row.corrected]])
  assert.deepEqual(Object.fromEntries(told), {
    track: [['corrected'], undefined, ['PAY']],
    hello: [['thumbs down'], 'down', undefined], // what the bot took it for is no correction
    'hours!': [[], undefined, undefined],
  })
  assert.equal(rows.at(-1)!.text, 'hours!')
  const left = async (by?: string) =>
    (await queueOf(stream(lines), [corrected, label('c1', lines[1]!, 'HOURS')], by)).map(({ text }) => text).sort()
  assert.deepEqual([await left(), await left('chen'), await left('lin')], [['hello', 'track'], ['hello'], ['hello', 'hours!', 'track']])
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

test('[LAB4] [STUD8] labels and skips are kept by turn and person; an erased conversation has none', async () => {
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
    const skip = (conversation: string, who: string) => store.skip('demo', { conversation, turn: 2, who, at: 1 })
    await Promise.all([skip('c1', 'chen'), skip('c1', 'lin'), skip('c10', 'chen')])
    assert.deepEqual(
      store.skipped('demo', 'chen').map(({ conversation }) => conversation),
      ['c1', 'c10'],
    )
    await store.remove('demo', { conversation: 'c10', turn: 2, who: 'chen' })
    await store.forget('demo', 'c1')
    assert.deepEqual([store.skipped('demo', 'chen'), store.skipped('demo', 'lin')], [[], []])
  } finally {
    await store.close()
  }
})

test('[LAB6] over the desk’s socket: an action for a turn, the last word of each agent; what is not there is refused, and it goes with the conversation', async () => {
  const house = createTestHouse()
  const store = openLabelStore(temp.path)
  try {
    for (const text of ['hello', 'hours']) {
      await house.engine.say(keyOf('c1'), ANNA, { ref: refOf(text), text, locale: 'en' })
      await house.settled()
    }
    const corrections = createCorrections({
      conversations: { read: async key => ({ events: await house.events(key.conversation), seq: 0, position: 'x' as never }) }, // no driver looks at it
      erasures: house.erasures,
      labels: store,
      clock: house.clock,
      shop: id => (id === SHOP ? createTestShop([]) : undefined),
    })
    const consoleOf = (name: string) => {
      const frames: DeskMessage[] = []
      let wake = (): void => {}
      const wire = {
        send(text: string) {
          frames.push(DeskMessage.parse(JSON.parse(text)))
          wake()
        },
        close: () => {},
        bufferedBytes: 0,
      }
      const socket = createAgentSocket(
        wire,
        { id: asAgentId(name.replaceAll(' ', '')), name, shop: SHOP, isSupervisor: false },
        {
          engine: house.engine,
          fanOut: house.fanOut,
          clock: house.clock,
          epoch: house.log.epoch,
          aboutShop: () => ({ name: 'Demo', locale: 'en' }),
          pluginsOff: () => [],
          corrections,
          isAdmitted: async () => true,
          onFault: () => {},
          onBug: error => void house.bugs.push(error),
        },
      )
      const ask = (frame: object, type: DeskMessage['type']): Promise<DeskMessage> => {
        const from = frames.length
        return new Promise(resolve => {
          wake = () => {
            const found = frames.slice(from).find(each => each.type === type)
            if (found) resolve(found)
          }
          socket.frame(JSON.stringify(frame))
          wake()
        })
      }
      const say = (turn: number, action: string | null, answer: DeskMessage['type'] = 'labels') =>
        ask({ type: 'label', conversation: 'c1', turn, action }, answer)
      return { ask, say }
    }
    const [chen, liu] = [consoleOf('Chen'), consoleOf('Li U')]
    for (const each of [chen, liu]) await each.ask({ type: 'hello', protocol: 1 }, 'welcome')
    const catalogue = await chen.ask({ type: 'actions' }, 'actions')
    assert.ok(catalogue.type === 'actions' && catalogue.actions.some(({ action }) => action === 'HOURS'))
    for (const [turn, action] of [
      [3, 'HOURS'],
      [2, 'NOTHING'],
    ] as const) {
      const fault = await chen.say(turn, action, 'fault')
      assert.deepEqual(fault.type === 'fault' && [fault.code, fault.conversation], ['LABEL_INVALID', 'c1'])
    }
    await chen.say(2, 'TRACK')
    await chen.say(2, 'HOURS')
    const all = await liu.say(2, 'PAY')
    assert.deepEqual(all.type === 'labels' && all.labels.map(({ turn, by, isMine, action }) => [turn, by, isMine, action]), [
      [2, 'Chen', false, 'HOURS'],
      [2, 'Li_U', true, 'PAY'],
    ])
    assert.deepEqual(
      store.of(SHOP, 'c1').map(({ turn, who, action, atDesk }) => [turn, who, action, atDesk]),
      [
        [2, 'Chen', 'HOURS', true],
        [2, 'Li_U', 'PAY', true],
      ],
    )
    const left = await liu.say(2, null)
    assert.deepEqual(left.type === 'labels' && left.labels.map(({ by }) => by), ['Chen'])
    const shown = await liu.ask({ type: 'watch', conversation: 'c1', resumeAfter: null }, 'labels')
    assert.deepEqual(shown, left)
    await store.forget(SHOP, 'c1')
    assert.deepEqual(store.of(SHOP, 'c1'), [])
    assert.deepEqual(house.bugs, [])
  } finally {
    await store.forget(SHOP, 'c1')
    await store.close()
  }
})
