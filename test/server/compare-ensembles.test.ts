// Two ensembles of a small shop on a file of turns, and on turns of its log, against what comes out by hand.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { type RecordedTurn, recordedTurns } from '@parley/core/recorded-turns.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { againstGate, compareEnsembles } from '@parley/server/evaluation/compare-ensembles.ts'
import { compareLogged } from '@parley/server/evaluation/compare-logged.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import type { Label } from '@parley/server/label-store/label-store.ts'
import { ANNA, createTestClock, createTestHouse, createTestShop, keyOf, literalVoter, poolOf, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)

/** Hears the one more than the other. */
const ensemble = (name: string, literal: number, other: number) =>
  parseEnsemble(
    `name: ${name}\nversion: 1\nvoters: { literal: { weight: { zh: ${literal}, en: ${literal} } }, other: { weight: { zh: ${other}, en: ${other} } } }`,
    `${name}.yaml`,
  )
const [ofLiteral, ofOther] = [ensemble('of-literal', 1, 0), ensemble('of-other', 0, 1)]

/** Votes for what stands behind `!`, with 0.99; with 0.5 each for what stands behind `?`. */
const other = (): VoterPool =>
  poolOf('other', ({ text }) => {
    const [, mark, names = ''] = /([!?])(\S+)/.exec(text) ?? []
    const actions = names.toUpperCase().split('+')
    return mark === undefined ? [] : actions.map(action => ({ action, confidence: mark === '!' ? 0.99 : 0.5 }))
  })
const shop = (): Shop => createTestShop([literalVoter(), other()])
const stages = {
  mesh: createMesh(new Map()),
  effects: createEffects(new Map()),
  clock: createTestClock(),
  deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
}

function compare(rows: readonly object[], pinned: readonly object[] = []): Promise<Comparison> {
  const read = (lines: readonly object[]) => {
    const { dialogues, problems } = parseTurns(lines.map(line => JSON.stringify(line)).join('\n'), new Set(shop().situation.domain))
    assert.deepEqual(problems, [])
    return dialogues
  }
  return compareEnsembles({
    dialogues: read(rows),
    pinned: read(pinned),
    shop: shop(),
    stages,
    a: ofLiteral,
    b: ofOther,
    cache: join(temp.path, 'votes'),
    seed: 1,
    signal: new AbortController().signal,
    onProgress: () => {},
  })
}

test('[COMP1] [COMP2] each turn of a file is decided by both with the same votes; costs and figures are B less A', async () => {
  const compared = await compare([
    { text: 'track !hours', action: 'HOURS' }, // A wrong: 10, B right: 0
    { text: 'hours !pay', action: 'HOURS' }, // A right: 0, B wrong: 10
    { text: 'hello !pay', action: 'HOURS' }, // both wrong, otherwise
    { text: 'track ?hours+pay', action: 'HOURS' }, // A wrong: 10; B asks back: 3.5
    { text: 'food !food', action: 'FOOD' }, // a person's by both
    { text: 'lawyer hello !pay', action: 'HELLO' }, // a risk's by both
    { turns: [{ text: 'pay !pay' }, { text: '2024-881', action: 'PAY' }, { text: 'hello !hello', action: 'HELLO' }] },
  ])
  assert.deepEqual([compared.a, compared.b], [ofLiteral.version, ofOther.version])
  assert.deepEqual([compared.turns, compared.conversations, compared.known, compared.incomplete], [8, 7, 8, 0])
  assert.deepEqual(
    compared.changed.map(({ group, place, text, right }) => [group, place, text, right]),
    [
      ['fixed', 'line 1', 'track !hours', 'HOURS'],
      ['broken', 'line 2', 'hours !pay', 'HOURS'],
      ['both-wrong', 'line 3', 'hello !pay', 'HOURS'],
      ['to-abstention', 'line 4', 'track ?hours+pay', 'HOURS'],
    ],
  )
  assert.deepEqual([...compared.changed[3]!.b.options].sort(), ['HOURS', 'PAY'])
  assert.deepEqual(compared.sign, { better: 1, worse: 1, p: 1 })
  const { accuracy, costPer1000, abstention } = compared.figures!
  assert.ok(Math.abs(costPer1000.difference.value! - (1_000 * (0 + 10 + 0 - 6.5 - 10)) / 8) < 1e-3, String(costPer1000.difference.value))
  assert.equal(abstention.difference.value, 0.125)
  assert.ok(!accuracy.difference.isShown)
  assert.deepEqual(againstGate(compared, {}), [])
  assert.deepEqual(againstGate(compared, { maxBroken: 1 }), [])
  assert.match(againstGate(compared, { maxBroken: 0 }).join(), /^1 turn broke, and 0 may$/)
})

test('[COMP3] the gate: what is pinned, in the file or beside it, and what costs more for sure', async () => {
  const good = Array.from({ length: 30 }, (_, i) => ({ text: `hello ${i} !hello`, action: 'HELLO' }))
  const compared = await compare(
    [...good, { text: 'pay now !hours', action: 'PAY', pinned: true }],
    [{ text: 'track !food', action: 'TRACK' }],
  )
  assert.equal(compared.turns, 31)
  assert.deepEqual(
    compared.pinned.broken.map(({ place, right }) => [place, right]),
    [
      ['line 31', 'PAY'],
      ['line 1 of the pinned', 'TRACK'],
    ],
  )
  assert.deepEqual(againstGate(compared, {}), ['2 of 2 pinned turns broke']) // one of 31 costs more, but not for sure
  const dear = await compare(Array.from({ length: 12 }, (_, i) => ({ text: `hello ${i} !pay`, action: 'HELLO' })))
  assert.deepEqual(againstGate(dear, { maxBroken: 12 }), ['it costs 10000 more per 1,000 turns'])
})

test('[COMP4] turns of the log are decided with the votes of then, where they stood; what is right is what the customer chose', async () => {
  const asked: string[] = []
  const counting: VoterPool = {
    ...other(),
    async ask(question, ...rest) {
      asked.push(question.text)
      await other().ask(question, ...rest)
    },
  }
  const both = ensemble('both', 1, 1)
  const house = createTestHouse({ shop: { ...createTestShop([literalVoter(), counting]), ensemble: () => ensembleOf(both) } })
  const say = async (conversation: string, text: string): Promise<void> => {
    await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(`${conversation}-${text.length}-${asked.length}`), text, locale: 'en' })
    await house.settled()
  }
  await say('c1', 'track !hello') // they cannot agree: asked back
  await say('c1', 'the first one')
  await say('c2', 'hello !hours') // asked back, and nothing came of it
  await say('c3', 'hello !hello')
  const turns: RecordedTurn[] = []
  for (const name of ['c1', 'c2', 'c3']) turns.push(...recordedTurns(keyOf(name), await house.events(name), 'x' as never)) // no driver looks at it
  assert.deepEqual(
    turns.map(({ decision }) => decision.how),
    ['plain', 'chosen', 'plain', 'plain'],
  )
  assert.equal(turns[0]!.decision.disposition, 'clarify')
  asked.length = 0
  const compareWith = (labels: readonly Label[]) =>
    compareLogged({
      turns: (async function* () {
        yield* turns
      })(),
      labels,
      shop: { ...createTestShop([counting]) },
      stages,
      a: ofLiteral,
      b: ofOther,
      seed: 1,
      signal: new AbortController().signal,
    })
  const compared = await compareWith([])
  assert.deepEqual(asked, [])
  assert.deepEqual([compared.turns, compared.conversations, compared.known, compared.figures], [4, 3, 1, null])
  // Of the first it is known by what was chosen next; the choice itself is the same whoever is heard.
  const chosen = turns[1]!.decision.action
  assert.ok(chosen === 'HELLO' || chosen === 'TRACK')
  assert.deepEqual(
    compared.changed.map(({ group, place, text, right }) => [group, place, text, right]),
    [
      [chosen === 'HELLO' ? 'fixed' : 'broken', 'c1 turn 2', 'track !hello', chosen],
      ['unknown', 'c2 turn 2', 'hello !hours', null],
    ],
  )
  // A label counts as people agree on it.
  const label = (who: string, action: string): Label => ({ conversation: 'c2', turn: 2, who, action, at: 1 })
  const groupWith = async (...labels: readonly Label[]) => (await compareWith(labels)).changed[1]?.group
  assert.equal(await groupWith(label('chen', 'HOURS')), 'fixed')
  assert.equal(await groupWith(label('chen', 'HELLO'), label('lin', 'HELLO')), 'broken')
  assert.equal(await groupWith(label('chen', 'HELLO'), label('lin', 'HOURS'), label('mo', 'HOURS')), 'unknown')
  // Figures are of what is known: what was chosen in c1, HOURS in c2, which B alone has, and HELLO in c3, which both have.
  const { figures, known } = await compareWith([label('chen', 'HOURS'), { ...label('chen', 'HELLO'), conversation: 'c3' }])
  assert.equal(known, 3)
  const ofA = (chosen === 'TRACK' ? 1 : 0) + 0 + 1
  const ofB = (chosen === 'HELLO' ? 1 : 0) + 1 + 1
  assert.ok(Math.abs(figures!.accuracy.difference.value! - (ofB - ofA) / 3) < 1e-4)
  assert.ok(Math.abs(figures!.costPer1000.difference.value! - (1_000 * 10 * (ofA - ofB)) / 3) < 1e-2)
})
