// Chance against the console: two agents work on three conversations while lines are cut, go dead without a word, and come back at arbitrary points,
// frame by frame. In the end each console shows what the shop says. PARLEY_SEED runs one seed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createDesk, type Desk } from '@parley/web/desk/desk-client.ts'
import { rowsOf } from '@parley/web/desk/rows.ts'
import { createRandom } from '../random.ts'
import { bot, CHEN, COMPENSATE, customer, fillHouse, LIU } from './desk-people.ts'
import { createFakeDeskHouse, type FakeDeskHouse } from './fake-desk-lines.ts'

const COUNT = process.env.PARLEY_TEST_FULL ? 1_000 : 80
const SEEDS = process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : Array.from({ length: COUNT }, (_, i) => i + 1)
const STEPS = 250
const CASES = ['crab', 'refund', 'late']

interface Run {
  readonly house: FakeDeskHouse
  readonly desks: readonly Desk[]
  readonly said: readonly string[]
  readonly refused: number
}

async function play(seed: number): Promise<Run> {
  const random = createRandom(seed)
  const house = createFakeDeskHouse(random)
  const { desk } = house
  fillHouse(desk)
  desk.add('late', COMPENSATE)
  desk.append('late', customer('late'))
  desk.queue('late')
  const said: string[] = []
  let refused = 0
  const below = (bound: number): number => Math.floor(random() * bound)
  const any = <T>(list: readonly T[]): T => list[below(list.length)] as T // no list here is empty
  const desks: Desk[] = []
  for (const { name, password } of [CHEN, LIU]) {
    const console = createDesk(house.browser(), () => {})
    console.start()
    await house.deliver()
    await console.signIn({ shop: 'demo', name, password })
    desks.push(console)
  }

  function say(): void {
    const console = any(desks)
    const mine = console.view.groups.mine.map(item => item.conversation)
    const conversation = any([...CASES, ...mine, ...mine, ...mine])
    const text = `s${said.length}`
    const isAllowed = console.view.maySay(conversation)
    const isTaken = console.say(conversation, text)
    assert.ok(isAllowed || !isTaken, `seed ${seed}: a stale or foreign conversation was written to`)
    if (isTaken) said.push(text)
    else refused++
  }

  const acts: readonly (readonly [weight: number, act: () => unknown])[] = [
    [30, () => [...house.lines].map(line => house.moveToServer(line))],
    [30, () => [...house.lines].map(line => house.moveToConsole(line))],
    [8, () => house.deliver()],
    [14, say],
    [6, () => desk.append(any(CASES), customer(`c${below(1e9)}`))],
    [4, () => desk.append(any(CASES), bot(`b${below(1e9)}`))],
    [3, () => desk.skip(any(CASES))],
    [3, () => any(desks).open(any([...CASES, null]))],
    [8, () => any(desks).claim(any(CASES))],
    [1, () => any(desks).release(any(CASES), any(['queue', 'queue', 'bot'] as const), '')],
    [1, () => recall(house, any(CASES), random)],
    [12, () => house.clock.advance(random() * 2_000)],
    [2, () => house.clock.advance(random() * 60_000)],
    [4, () => house.lines[below(house.lines.length)]?.close(1006)],
    [1, () => house.lines[below(house.lines.length)]?.die()],
    [2, () => any(desks).wake()],
    [1, () => down(house)],
    [3, () => up(house)],
    [2, () => desk.faults.push({ code: 'RATE_LIMITED', retryAfterMs: 1 + below(900) })],
  ]
  const lots = acts.flatMap(([weight, act]) => Array.from({ length: weight }, () => act))
  for (let step = 0; step < STEPS; step++) {
    await any(lots)()
    await house.clock.advance(0)
    for (const console of desks) check(console, seed)
  }
  house.isDown = false
  desk.faults.length = 0
  for (let i = 0; i < 400 && !desks.every(console => isCaughtUp(house, console)); i++) {
    await house.clock.advance(1_000)
    await house.deliver()
  }
  return { house, desks, said, refused }
}

function recall({ desk }: FakeDeskHouse, id: string, random: () => number): void {
  const { shown } = desk.conversations.get(id)!
  const last = shown.findLastIndex(({ type }) => type === 'agent_message' || type === 'mark')
  const seqs = shown.slice(Math.max(0, last)).map(({ seq }) => seq) // what an agent said is not the customer's to take back
  desk.recall(id, seqs[Math.floor(random() * seqs.length)] ?? 0)
}

function down(house: FakeDeskHouse): void {
  house.isDown = true
  for (const line of [...house.lines]) line.close(1006)
}

const up = (house: FakeDeskHouse): void => {
  house.isDown = false
}

const isCaughtUp = (house: FakeDeskHouse, { view }: Desk): boolean =>
  view.connection.name === 'connected' &&
  view.pending.size === 0 && // an answer under way still tells who has a conversation
  [...view.watched.values()].every(
    ({ stage, position, outbox, conversation }) =>
      stage === 'synced' &&
      position?.seq === house.desk.conversations.get(conversation)?.end &&
      outbox.every(({ delivery }) => delivery.state === 'failed'),
  )

function check({ view }: Desk, seed: number): void {
  for (const watched of view.watched.values()) {
    const keys = rowsOf(watched, 'x').map(({ key }) => key)
    assert.equal(new Set(keys).size, keys.length, `seed ${seed}: a row is there twice`)
    assert.ok(
      watched.log.every((event, i) => event.seq > (watched.log[i - 1]?.seq ?? 0)),
      `seed ${seed}: out of order`,
    )
  }
  const { waiting, mine, colleagues } = view.groups
  const listed = [...waiting, ...mine, ...colleagues].map(({ conversation }) => conversation)
  assert.equal(new Set(listed).size, listed.length, `seed ${seed}: a conversation is listed twice`)
}

test(`[RT1] [RT2] lines cut at arbitrary points: each console ends with what the shop has (${SEEDS.length} seeds)`, async t => {
  const counts = { said: 0, refused: 0, lines: 0, watches: 0, claims: 0 }
  for (const seed of SEEDS) {
    const { house, desks, said, refused } = await play(seed)
    for (const { view } of desks) {
      assert.equal(view.connection.name, 'connected', `seed ${seed}`)
      for (const [id, watched] of view.watched) {
        const truth = house.desk.conversations.get(id)!
        assert.deepEqual(watched.log, truth.shown, `seed ${seed}: ${id}`)
        const holder = typeof truth.holder === 'string' ? truth.holder : truth.holder.id === view.session?.agent.id ? 'me' : 'colleague'
        assert.equal(view.owner(id).who, holder, `seed ${seed}: who has ${id}`)
      }
      const held = [...house.desk.conversations.values()]
      const waiting = held.filter(({ holder }) => holder === 'queue').map(({ id }) => id)
      const mine = held.filter(({ holder }) => typeof holder === 'object' && holder.id === view.session?.agent.id).map(({ id }) => id)
      assert.deepEqual(view.groups.waiting.map(item => item.conversation).sort(), waiting.sort(), `seed ${seed}: the queue`)
      assert.deepEqual(view.groups.mine.map(item => item.conversation).sort(), mine.sort(), `seed ${seed}: mine`)
    }
    const failed = desks.flatMap(({ view }) => [...view.watched.values()].flatMap(({ outbox }) => outbox.map(({ text }) => text)))
    const stored = [...house.desk.conversations.values()].flatMap(({ refs }) => [...refs.keys()])
    assert.equal(stored.length + failed.length, said.length, `seed ${seed}: every message is stored once, or shown as refused`)
    counts.said += said.length
    counts.refused += refused
    counts.lines += house.desk.received.filter(({ request }) => request.type === 'hello').length
    counts.watches += house.desk.received.filter(({ request }) => request.type === 'watch').length
    counts.claims += house.desk.received.filter(({ request }) => request.type === 'claim').length
  }
  t.diagnostic(JSON.stringify(counts))
  if (SEEDS.length > 1)
    assert.ok(counts.said > SEEDS.length && counts.lines > 5 * SEEDS.length && counts.claims > SEEDS.length, JSON.stringify(counts))
})
