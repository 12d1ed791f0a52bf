// Seeds of `play.ts`, in two processes. PARLEY_SEED plays one seed.
import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'
import { NODE_FLAGS } from '../e2e/running-server.ts'
import { createShelf } from '../web/fake-shop.ts'
import { type Browser, openConsole, openPage } from './pages.ts'
import { AGENTS, deliver, newFolder, type Played } from './play.ts'
import { createShopOnDisk } from './shop-on-disk.ts'

/** Seeds that have lost once: a console that asked twice for a conversation kept of the first answer what was taken back before the second. */
const LOST = [133]
const COUNT = process.env.PARLEY_TEST_FULL ? 5_000 : 300
const SEEDS = process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : [...LOST, ...Array.from({ length: COUNT }, (_, i) => i + 1)]
const PROCESSES = 2

const playAll = (seeds: readonly number[]): Promise<Played> =>
  new Promise((resolve, reject) => {
    const child = fork(join(import.meta.dirname, 'play.ts'), { execArgv: NODE_FLAGS })
    child.once('message', (played: Played) => resolve(played))
    child.once('exit', code => reject(new Error(`the players' process ended with ${code}`))) // after an answer it changes nothing
    child.send(seeds)
  })

test(`[RT1] [RT2] [RT3] [RT12] [THUMB1] [THUMB4] [WEB2] [WEB3] whatever befalls lines, machines and server, every page shows what the log says (${SEEDS.length} seeds)`, async t => {
  const hands = Array.from({ length: Math.min(PROCESSES, SEEDS.length) }, (_, i) => SEEDS.filter((_, at) => at % PROCESSES === i))
  const counts = new Map<string, number>()
  for (const played of await Promise.all(hands.map(playAll))) {
    if ('lost' in played) assert.fail(`seed ${played.lost}: ${played.why}`)
    for (const [what, times] of Object.entries(played.counts)) counts.set(what, (counts.get(what) ?? 0) + times)
  }
  t.diagnostic(JSON.stringify(Object.fromEntries(counts)))
  if (SEEDS.length === 1) return
  for (const what of ['messages', 'agent messages', 'claims', 'recalls', 'ratings', 'rollbacks', 'kills', 'restores', 'late frames'])
    assert.ok((counts.get(what) ?? 0) > SEEDS.length / 4, `${what} hardly came up: ${counts.get(what)}`)
})

test('[RT12] a page that comes back while an agent types shows who it is, and not for longer than the others do', async () => {
  const shop = createShopOnDisk(newFolder(), () => 0.5)
  await shop.start()
  const chen = AGENTS[0]! // there are two
  const browser: Browser = { shelf: createShelf(), refs: [] }
  const page = openPage(shop, () => 0.5, browser)
  const console = openConsole(shop, () => 0.5, chen, { shelf: createShelf(), refs: [] })
  try {
    await deliver(shop)
    page.client.say('human please')
    await deliver(shop)
    await shop.clock.advance(2_000) // the queue is told
    await deliver(shop)
    const conversation = page.client.view.timeline.conversation! // it has been welcomed
    console.client.claim(conversation)
    await deliver(shop)
    await shop.clock.advance(1_000) // the orders are told beside the conversation
    await deliver(shop)
    console.client.typing(conversation)
    await deliver(shop)
    assert.deepEqual(page.client.view.typist, { name: chen.name })
    for (const line of shop.lines.all) shop.lines.cut(line)
    await shop.clock.advance(1_000)
    const another = openPage(shop, () => 0.5, browser)
    await deliver(shop)
    assert.deepEqual(another.client.view.timeline.state, page.client.view.timeline.state)
    assert.deepEqual([page.client.view.typist, another.client.view.typist], [{ name: chen.name }, { name: chen.name }])
    await shop.clock.advance(3_999)
    assert.deepEqual(another.client.view.typist, { name: chen.name })
    await shop.clock.advance(1)
    assert.deepEqual([page.client.view.typist, another.client.view.typist], [undefined, undefined])
    another.close()
  } finally {
    page.close()
    console.close()
    await shop.close()
  }
})
