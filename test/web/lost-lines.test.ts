// Chance against the client: lines are cut, go dead without a word, and come back at arbitrary points, frame by frame. In the end the client shows
// what the shop's log says. PARLEY_SEED runs one seed.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { type Client, createClient } from '@parley/web/client/client.ts'
import { rowsOf } from '@parley/web/client/rows.ts'
import { createRandom } from '../random.ts'
import { createFakeShop, type FakeShop } from './fake-shop.ts'

const COUNT = process.env.PARLEY_TEST_FULL ? 2_000 : 150
const SEEDS = process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : Array.from({ length: COUNT }, (_, i) => i + 1)
const STEPS = 200

interface Page {
  readonly client: Client
  /** As a browser closes it: nothing of it runs on. */
  close(): void
}

function openPage(shop: FakeShop): Page {
  let isOpen = true
  const whileOpen = (callback: () => void) => () => {
    if (isOpen) callback()
  }
  const clock = { ...shop.clock, after: (ms: number, callback: () => void) => shop.clock.after(ms, whileOpen(callback)) }
  const client = createClient({ ...shop.world, clock }, 'demo', 'zh-CN', () => {})
  client.start()
  return {
    client,
    close() {
      isOpen = false
      for (const line of [...shop.lines]) line.close(1001)
    },
  }
}

interface Run {
  readonly shop: FakeShop
  readonly client: Client
  readonly said: readonly string[]
}

async function play(seed: number, may: { readonly restore?: boolean; readonly recall?: boolean } = {}): Promise<Run> {
  const random = createRandom(seed)
  const shop = createFakeShop(random)
  const said: string[] = []
  let page = openPage(shop)
  const below = (bound: number): number => Math.floor(random() * bound)

  const acts: Readonly<Record<string, readonly [weight: number, act: () => unknown]>> = {
    toServer: [30, () => shop.lines.map(line => shop.moveToServer(line))],
    toClient: [30, () => [...shop.lines].map(line => shop.moveToClient(line))],
    say: [12, () => page.client.say(`m${said.length}`) && said.push(`m${said.length}`)],
    reply: [8, () => shop.reply(`a${shop.log.length}`)],
    wait: [15, () => shop.clock.advance(random() * 2_000)],
    waitLong: [3, () => shop.clock.advance(random() * 60_000)],
    cut: [8, () => shop.lines[below(shop.lines.length)]?.close(1006)],
    die: [2, () => shop.lines.map(line => line.die())],
    wake: [3, () => page.client.wake()],
    down: [1, () => shop.goDown()],
    up: [3, () => shop.goUp()],
    busy: [2, () => shop.faults.push({ code: 'RATE_LIMITED', message: 'busy', retryAfterMs: 1 + below(900) })],
    expire: [1, () => shop.tokens.clear()],
    reload: [
      2,
      () => {
        page.close()
        page = openPage(shop)
      },
    ],
    restore: [may.restore ? 2 : 0, () => shop.restore(below(shop.log.length + 1))],
    recall: [may.recall ? 3 : 0, () => shop.recall(below(shop.log.length + 1))],
    look: [3, () => page.client.setInSight(random() < 0.5)],
    person: [2, () => shop.agentMessage('Chen', `p${shop.log.length}`)],
    custody: [2, () => shop.setState({ with: (['bot', 'queue', 'agent'] as const)[below(3)] ?? 'bot' })],
  }
  const lots = Object.values(acts).flatMap(([weight, act]) => Array.from({ length: weight }, () => act))
  for (let step = 0; step < STEPS; step++) {
    await lots[below(lots.length)]?.()
    await shop.clock.advance(0)
    checkRows(page.client, seed)
  }
  shop.goUp()
  shop.faults.length = 0
  page.client.setInSight(true)
  for (let i = 0; i < 400 && !isCaughtUp(shop, page.client); i++) {
    await shop.clock.advance(1_000)
    await shop.deliver()
  }
  await shop.clock.advance(1_000)
  await shop.deliver()
  return { shop, client: page.client, said }
}

const isCaughtUp = (shop: FakeShop, { view }: Client): boolean =>
  view.connection.name === 'connected' && view.timeline.outbox.length === 0 && view.timeline.position?.seq === shop.log.length

function checkRows({ view: { timeline } }: Client, seed: number): void {
  const keys = rowsOf(timeline).map(row => row.key)
  assert.equal(new Set(keys).size, keys.length, `seed ${seed}: a bubble is there twice`)
  const isAscending = timeline.log.every((event, i) => event.seq > (timeline.log[i - 1]?.seq ?? 0))
  assert.ok(isAscending, `seed ${seed}: out of order`)
}

test(`[RT1] [RT2] lines cut at arbitrary points: the timeline ends as the log, every message once and in order (${SEEDS.length} seeds)`, async t => {
  const counts = { messages: 0, connections: 0, resends: 0 }
  for (const seed of SEEDS) {
    const { shop, client, said } = await play(seed)
    assert.deepEqual(client.view.timeline.log, shop.visible(), `seed ${seed}`)
    assert.deepEqual(client.view.timeline.outbox, [], `seed ${seed}`)
    const texts = shop.visible().flatMap(event => (event.type === 'message' ? event.parts.map(part => part.text) : []))
    assert.deepEqual(texts, said, `seed ${seed}`)
    counts.messages += said.length
    counts.connections += shop.received.filter(({ type }) => type === 'hello').length
    counts.resends += shop.received.filter(({ type }) => type === 'say').length - said.length
  }
  t.diagnostic(JSON.stringify(counts))
  if (SEEDS.length > 1)
    assert.ok(
      counts.connections > 3 * SEEDS.length && counts.resends > SEEDS.length / 2,
      'the lines were hardly cut: the test tests nothing',
    )
})

test(`[RT3] with restores from old backups in between, the timeline still ends as the log (${SEEDS.length} seeds)`, async () => {
  for (const seed of SEEDS) {
    const { shop, client } = await play(seed, { restore: true })
    assert.deepEqual(client.view.timeline.log, shop.visible(), `seed ${seed}`)
    assert.deepEqual(client.view.timeline.outbox, [], `seed ${seed}`)
  }
})

test(`[WEB2] with what was said taken back in between, the timeline ends as the dialogue, and nothing is said twice (${SEEDS.length} seeds)`, async t => {
  let recalls = 0
  for (const seed of SEEDS) {
    const { shop, client, said } = await play(seed, { recall: true })
    assert.deepEqual(client.view.timeline.log, shop.visible(), `seed ${seed}`)
    assert.deepEqual(client.view.timeline.outbox, [], `seed ${seed}`)
    const kept = shop.log.flatMap(entry => (entry.type === 'message' ? entry.parts.map(part => part.text) : []))
    assert.deepEqual(kept, said, `seed ${seed}`)
    recalls += shop.log.filter(({ type }) => type === 'recalled').length
  }
  t.diagnostic(`${recalls} recalls`)
  if (SEEDS.length > 1) assert.ok(recalls > SEEDS.length, 'hardly anything was taken back: the test tests nothing')
})

test(`[WEB3] the shop learns how far its messages have got: only forward, and in the end up to the newest (${SEEDS.length} seeds)`, async () => {
  for (const seed of SEEDS) {
    const { shop, client } = await play(seed, { recall: true, restore: true })
    const newest = shop.visible().findLast(({ type }) => type !== 'message')?.seq ?? 0
    assert.ok(shop.state.shop.delivered >= newest && shop.state.shop.read >= newest, `seed ${seed}: ${JSON.stringify(shop.state.shop)}`)
    assert.ok(shop.state.shop.delivered <= shop.log.length, `seed ${seed}: a seq of another life was told`)
    assert.equal(client.view.unread, 0, `seed ${seed}`)
    let told = { delivered: 0, read: 0 }
    for (const frame of shop.received) {
      if (frame.type === 'hello') told = { delivered: 0, read: 0 }
      if (frame.type !== 'seen') continue
      assert.ok(frame.seq > told[frame.state], `seed ${seed}: ${frame.state} ${frame.seq} was told after ${told[frame.state]}`)
      told[frame.state] = frame.seq
    }
  }
})
