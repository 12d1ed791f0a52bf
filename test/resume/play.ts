// Chance against resuming: the real pages (two tabs of one customer, a second customer, two agents' consoles) and the real server on its real stores,
// over lines that are cut for both sides or for one, go dead without a word, and deliver late, twice and out of order; machines sleep, wall clocks are
// set, the server is killed, started again, and put back from a backup. At every step what a page shows is one of the states that its store's life has
// had; in the end it is the last, and every message is in the log once. As a process it plays the seeds that it is sent: the test runner watches every
// promise, which here costs more than all else.
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isFault } from '@parley/core/faults.ts'
import { asAgentId, type Epoch } from '@parley/core/ids.ts'
import type { DeskEvent } from '@parley/core/protocol/desk-message.ts'
import type { ConversationState } from '@parley/core/protocol/server-message.ts'
import type { Client } from '@parley/web/client/client.ts'
import { rowsOf } from '@parley/web/client/rows.ts'
import { recallableOf } from '@parley/web/client/timeline.ts'
import type { Desk } from '@parley/web/desk/desk-client.ts'
import { rowsOf as deskRowsOf } from '@parley/web/desk/rows.ts'
import { SHOP } from '../core/house.ts'
import { createRandom } from '../random.ts'
import { createShelf } from '../web/fake-shop.ts'
import type { Line } from './lines.ts'
import { type Browser, openConsole, openPage, type Page } from './pages.ts'
import { createShopOnDisk, keyOf, type ShopOnDisk, thumbsShown } from './shop-on-disk.ts'

const STEPS = 250
export const AGENTS = ['Chen', 'Liu'].map(name => ({ id: asAgentId(name.toLowerCase()), name, isSupervisor: name === 'Liu' }))
const WORDS = [
  'hello',
  'hours',
  'track it',
  'human please',
  'human, now',
  'human?',
  'recall that',
  'blah',
  'track 2024-881',
  'food made me ill',
]

/** What happened, so that a test which tests nothing is noticed. */
const counts = new Map<string, number>()
const count = (what: string): void => void counts.set(what, (counts.get(what) ?? 0) + 1)

export async function play(seed: number): Promise<void> {
  const random = createRandom(seed)
  const below = (bound: number): number => Math.floor(random() * bound)
  const any = <T>(list: readonly T[]): T | undefined => list[below(list.length)]
  const shop = createShopOnDisk(newFolder(), random)
  const { lines, clock } = shop
  await shop.start()
  const browsers: readonly Browser[] = [0, 1].map(() => ({ shelf: createShelf(), refs: [] }))
  const desks: readonly Browser[] = AGENTS.map(() => ({ shelf: createShelf(), refs: [] }))
  const customerPage = (browser: Browser): Page<Client> => openPage(shop, random, browser)
  const console = (i: number): Page<Desk> => openConsole(shop, random, AGENTS[i]!, desks[i]!) // one of them each
  const tabs: { readonly browser: Browser; page: Page<Client> }[] = []
  for (const browser of [browsers[0]!, browsers[0]!, browsers[1]!]) {
    tabs.push({ browser, page: customerPage(browser) })
    await deliver(shop) // the second tab finds the conversation of the first
  }
  const consoles = AGENTS.map((_, i) => console(i))
  const gone = new Set<string>()
  const seen = new Map<string, { epoch: number; seq: number }>()

  const conversations = (): string[] => [...new Set(tabs.flatMap(({ page }) => page.client.view.timeline.conversation ?? []))]
  /** Those that an agent can have heard of. */
  const spoken = (): string[] => conversations().filter(id => shop.engine && shop.events(id).length > 0)
  const held = (): Line[] => lines.all.filter(line => line.isPages)
  const old = (): Line[] => lines.all.filter(line => !line.isPages)
  const onLine = (act: (line: Line) => void): void => {
    const line = any(held())
    if (line) act(line)
  }
  const onDesk = (act: (desk: Desk, conversation: string) => unknown): void => {
    const desk = any(consoles)?.client
    const mine = desk?.view.groups.mine.map(item => item.conversation) ?? []
    const conversation = random() < 0.85 && mine.length > 0 ? any(mine) : any(spoken())
    if (desk && conversation) act(desk, conversation)
  }
  const anyPage = (): Page<unknown> | undefined => any([...tabs.map(({ page }) => page), ...consoles])

  const acts: readonly (readonly [weight: number, name: string, act: () => unknown])[] = [
    [30, 'to server', () => [...lines.all].map(line => lines.toServer(line))],
    [30, 'to pages', () => [...lines.all].map(line => lines.toPage(line))],
    [70, 'deliver', () => deliver(shop)],
    [20, 'say', () => any(tabs)?.page.client.say(any(WORDS) ?? '')],
    [5, 'recall', () => recallLast(any(tabs)?.page.client)],
    [8, 'rate', () => rateAny(any(tabs)?.page.client)],
    [3, 'type', () => any(tabs)?.page.client.typing()],
    [3, 'look', () => any(tabs)?.page.client.setInSight(random() < 0.5)],
    [3, 'open', () => any(consoles)?.client.open(any([...spoken(), null]) ?? null)],
    [16, 'claim', () => onDesk((desk, conversation) => desk.claim(conversation) && count('claims'))],
    [20, 'agent says', () => onDesk((desk, conversation) => desk.say(conversation, 'yes?') && count('agent messages'))],
    [3, 'agent types', () => onDesk((desk, conversation) => desk.typing(conversation))],
    [3, 'release', () => onDesk((desk, conversation) => desk.release(conversation, any(['bot', 'queue', 'closed'] as const) ?? 'bot', ''))],
    [3, 'consider', () => onDesk((desk, id) => desk.considerRollback(id, below(shop.engine ? shop.events(id).length + 1 : 1)))],
    [
      3,
      'roll back',
      () => onDesk((desk, id) => desk.rollback(id, below(shop.engine ? shop.events(id).length + 1 : 1), '') && count('rollbacks')),
    ],
    [1, 'operator', () => operatorRollsBack(shop, any(spoken()), random)],
    [2, 'hide or show', () => any(consoles)?.client.setVisible(random() < 0.5)],
    [12, 'wait', () => clock.advance(random() * 2_000)],
    [6, 'wait long', () => clock.advance(random() * 60_000)],
    [6, 'cut', () => onLine(lines.cut)],
    [2, 'cut for page', () => onLine(lines.cutForPage)],
    [1, 'cut for server', () => onLine(lines.cutForServer)],
    [1, 'die', () => onLine(lines.die)],
    [1, 'stuff', () => onLine(lines.stuff)],
    [8, 'late', () => moveLate()],
    [2, 'forget old', () => old().map(line => random() < 0.5 && lines.cut(line))],
    [1, 'sleep', () => anyPage()?.sleep()],
    [6, 'awake', () => awake(random() < 0.5)],
    [2, 'set clock', () => (random() < 0.5 ? anyPage()?.setClock((random() - 0.5) * 1e7) : shop.setClock((random() - 0.5) * 1e7))],
    [3, 'reload', reload],
    [1, 'kill', () => shop.engine && shop.kill(() => random() < 0.6).then(() => count('kills'))],
    [1, 'stop', () => shop.engine && shop.stop()],
    [12, 'start', () => !shop.engine && shop.start()],
    [3, 'back up', backUp],
    [2, 'restore', restore],
  ]
  const lots = acts.flatMap(([weight, name, act]) => Array.from({ length: weight }, () => ({ name, act })))

  function rateAny(client: Client | undefined): void {
    const reply = any(client?.view.timeline.log.filter(({ type }) => type === 'reply') ?? [])
    if (!client || !reply) return
    client.rate(reply.seq, any(['up', 'down', null] as const) ?? null)
    count('ratings')
  }
  function moveLate(): void {
    const line = any(old())
    if (line && lines.moveLate(line, below, random() < 0.3)) count('late frames')
  }
  function awake(isTold: boolean): void {
    for (const page of [...tabs.map(tab => tab.page), ...consoles]) {
      page.wake()
      if (isTold) page.client.wake()
    }
  }
  function reload(): void {
    const i = below(tabs.length + consoles.length)
    const tab = tabs[i]
    if (tab) {
      tab.page.close()
      tab.page = customerPage(tab.browser)
      seen.delete(`tab ${i}`)
      return
    }
    consoles[i - tabs.length]?.close()
    consoles[i - tabs.length] = console(i - tabs.length)
    for (const key of [...seen.keys()]) if (key.startsWith(`console ${i - tabs.length}`)) seen.delete(key)
  }
  async function backUp(): Promise<void> {
    await shop.settle()
    if (spoken().length === 2) await shop.backUp()
  }
  async function restore(): Promise<void> {
    if (shop.engine) await shop.kill(() => random() < 0.6)
    for (const ref of await shop.restore()) gone.add(ref)
    await shop.start()
  }

  function check(where: string): void {
    for (const [i, { page }] of tabs.entries()) {
      const { timeline } = page.client.view
      const keys = rowsOf(timeline).map(({ key }) => key)
      assert.equal(new Set(keys).size, keys.length, `${where}: a bubble is there twice`)
      const { conversation, position, log, thumbs } = timeline
      const rated = thumbsShown(log, reply => thumbs[reply])
      if (position && conversation) standsAt(`tab ${i}`, conversation, position, { log: JSON.stringify(log), rated }, 'customer', where)
      else assert.deepEqual(log, [], where)
    }
    for (const [i, { client }] of consoles.entries()) {
      for (const watched of client.view.watched.values()) {
        const keys = deskRowsOf(watched, 'x').map(({ key }) => key)
        assert.equal(new Set(keys).size, keys.length, `${where}: a row is there twice`)
        const { conversation, position, log } = watched
        if (position)
          standsAt(
            `console ${i} ${conversation}`,
            conversation,
            position,
            { log: JSON.stringify(log), rated: thumbsShown(log, reply => watched.thumbs[reply]) },
            'agent',
            where,
          )
        else assert.deepEqual(log, [], where)
      }
      const { waiting, mine, colleagues } = client.view.groups
      const listed = [...waiting, ...mine, ...colleagues].map(({ conversation }) => conversation)
      assert.equal(new Set(listed).size, listed.length, `${where}: a conversation is listed twice`)
    }
  }

  function standsAt(
    who: string,
    conversation: string,
    { epoch, seq }: { readonly epoch: string; readonly seq: number },
    { log, rated }: { readonly log: string; readonly rated?: string },
    as: 'customer' | 'agent',
    where: string,
  ): void {
    const life = shop.epochs.indexOf(epoch as Epoch) // -1 where it is none of ours
    const sight = shop.sight(epoch, conversation, seq)
    assert.equal(log, sight?.[as], `${where}: ${who} shows what never stood at ${seq} of life ${life}`)
    if (rated !== undefined) assert.equal(rated, sight?.thumbs, `${where}: ${who} shows thumbs that never stood at ${seq} of life ${life}`)
    const before = seen.get(who)
    // A console that has let a conversation go begins again.
    const isAhead = !before || (as === 'agent' && seq === 0) || life > before.epoch || (life === before.epoch && seq >= before.seq)
    assert.ok(isAhead, `${where}: ${who} went back to ${life}/${seq}`)
    seen.set(who, { epoch: life, seq })
  }

  try {
    for (let step = 0; step < STEPS; step++) {
      const { name, act } = any(lots)! // there are some
      const where = `seed ${seed}, step ${step} (${name})`
      await act()
      if (random() < 0.75) await shop.settle()
      check(where)
    }
    await settleDown()
    await checkEnd(`seed ${seed}, at the end`)
  } finally {
    for (const { page } of tabs) page.close()
    for (const page of consoles) page.close()
    await shop.close()
  }

  async function settleDown(): Promise<void> {
    if (!shop.engine) await shop.start()
    awake(false)
    for (const { client } of consoles) client.setVisible(true)
    // What a closed tab has left unsent goes with the next visit.
    for (const browser of browsers) {
      const i = tabs.findIndex(tab => tab.browser === browser)
      tabs[i]!.page.close()
      tabs[i]!.page = customerPage(browser)
      seen.delete(`tab ${i}`)
    }
    for (const { page } of tabs) page.client.setInSight(true)
    for (let i = 0; i < 400 && !isCaughtUp(); i++) {
      await clock.advance(1_000)
      await deliver(shop)
      check(`seed ${seed}, second ${i}`)
    }
    // Marks are told, places in line gathered, typing fades, and whichever line is dead was found to be.
    for (let i = 0; i < 80; i++) {
      await clock.advance(1_000)
      await deliver(shop)
    }
    check(`seed ${seed}, quiet`)
  }

  function isCaughtUp(): boolean {
    return (
      shop.engine?.turnsUnderWay === 0 &&
      tabs.every(({ page: { client } }) => {
        const { connection, timeline } = client.view
        const end = timeline.conversation === null ? 0 : shop.events(timeline.conversation).length
        return (
          connection.name === 'connected' && timeline.outbox.length === 0 && timeline.ratings.length === 0 && timeline.position?.seq === end
        )
      }) &&
      consoles.every(
        ({ client: { view } }) =>
          view.connection.name === 'connected' &&
          view.pending.size === 0 &&
          [...view.watched.values()].every(
            ({ stage, position, outbox, conversation }) =>
              stage === 'synced' &&
              position?.seq === shop.events(conversation).length &&
              outbox.every(({ delivery }) => delivery.state === 'failed'),
          ),
      )
    )
  }

  function whereTheyAre(): string {
    const ofTabs = tabs.map(({ page: { client } }) => {
      const { connection, timeline } = client.view
      return { connection, position: timeline.position, outbox: timeline.outbox }
    })
    const ofConsoles = consoles.map(({ client: { view } }) => ({
      connection: view.connection,
      pending: [...view.pending],
      watched: [...view.watched.values()].map(({ conversation, stage, position, outbox }) => ({ conversation, stage, position, outbox })),
    }))
    return JSON.stringify({ turns: shop.engine?.turnsUnderWay, ofTabs, ofConsoles, lines: lines.all }, null, 1)
  }

  async function checkEnd(where: string): Promise<void> {
    const engine = shop.engine!
    assert.deepEqual(shop.bugs, [], where)
    assert.ok(isCaughtUp(), `${where}: somebody is not caught up\n${whereTheyAre()}`)
    await shop.compareWithDisk()
    for (const { page } of tabs) {
      const { timeline, typist, isReplyAwaited, unread } = page.client.view
      const state = await engine.state(keyOf(timeline.conversation!))
      assert.deepEqual(asShown(timeline.state, timeline.log), asShown(state, timeline.log), `${where}: state of a tab`)
      assert.deepEqual([typist, isReplyAwaited, unread], [undefined, false, 0], where)
      const newest = timeline.log.findLast(({ type }) => type !== 'message')?.seq ?? 0
      assert.ok(Math.min(state.shop.delivered, state.shop.read) >= newest, `${where}: what was seen was not told`)
      assert.equal(
        JSON.stringify(timeline.log),
        shop.sight(shop.epochs.at(-1)!, timeline.conversation!, shop.events(timeline.conversation!).length)?.customer ?? '[]',
      )
    }
    const { items } = engine.queue.view(SHOP)
    for (const [i, { client }] of consoles.entries()) {
      const { view } = client
      for (const watched of view.watched.values()) {
        const { state, log, conversation } = watched
        assert.deepEqual(asShown(state, log), asShown(await engine.state(keyOf(conversation)), log), `${where}: state of a console`)
        assert.deepEqual(watched.typing, [], where)
        const holder = items.find(item => item.conversation === conversation)
        const who = holder?.with === 'agent' ? (holder.agent?.id === AGENTS[i]?.id ? 'me' : 'colleague') : (holder?.with ?? 'bot')
        assert.equal(view.owner(conversation).who, who, `${where}: who has ${conversation}`)
      }
      const { waiting, mine, colleagues } = view.groups
      assert.deepEqual(
        [...waiting, ...mine, ...colleagues].map(item => JSON.stringify(item)).sort(),
        items.map(item => JSON.stringify(item)).sort(),
        `${where}: the queue`,
      )
      const ours = items.filter(item => item.agent?.id === AGENTS[i]?.id).map(item => item.conversation)
      assert.deepEqual(mine.map(item => item.conversation).sort(), ours.sort(), `${where}: mine`)
    }
    for (const line of lines.all) assert.equal(line.isPages, line.isServers, `${where}: one side has not found out`)
    assert.equal(held().length, tabs.length + consoles.length, where)
    const stored = new Map<string, number>()
    for (const id of conversations())
      for (const event of shop.events(id))
        if (event.type === 'message' || event.type === 'agent_message') stored.set(event.ref, (stored.get(event.ref) ?? 0) + 1)
    const failed = new Set(
      consoles.flatMap(({ client }) => [...client.view.watched.values()].flatMap(({ outbox }) => outbox.map(({ ref }) => ref))),
    )
    for (const ref of [...browsers, ...desks].flatMap(browser => browser.refs)) {
      const times = stored.get(ref) ?? 0
      const isExcused = gone.has(ref) || failed.has(ref)
      assert.ok(times === 1 || (times === 0 && isExcused), `${where}: ${ref} is in the log ${times} times`)
      count('messages')
    }
    counts.set('restores', (counts.get('restores') ?? 0) + shop.epochs.length - 1)
  }
}

export async function deliver({ lines, settle }: ShopOnDisk): Promise<void> {
  do await settle()
  while ([...lines.all].flatMap(line => [lines.toServer(line), lines.toPage(line)]).some(Boolean))
}

/** With each mark at the message that it stands at: beyond that an event that nobody sees may have moved it. */
function asShown(state: ConversationState | null, log: readonly DeskEvent[]): ConversationState | null {
  const of = (isOfSide: (event: DeskEvent) => boolean, { delivered, read }: ConversationState['shop']) => ({
    delivered: log.findLast(event => isOfSide(event) && event.seq <= delivered)?.seq ?? 0,
    read: log.findLast(event => isOfSide(event) && event.seq <= read)?.seq ?? 0,
  })
  return (
    state && {
      ...state,
      customer: of(({ type }) => type === 'message', state.customer),
      shop: of(({ type }) => type !== 'message' && type !== 'mark', state.shop),
    }
  )
}

function recallLast(client: Client | undefined): void {
  const ref = client && recallableOf(client.view.timeline)
  if (ref && client.recall(ref)) count('recalls')
}

async function operatorRollsBack({ engine, events }: ShopOnDisk, conversation: string | undefined, random: () => number): Promise<void> {
  if (!engine || !conversation) return
  const toSeq = Math.floor(random() * (events(conversation).length + 1))
  try {
    await engine.rollback(keyOf(conversation), { toSeq, by: { kind: 'operator' }, reason: '' })
    count('rollbacks')
  } catch (error) {
    if (!isFault(error)) throw error
  }
}

/** In memory where the system has such a place: what a flush is worth is another test's matter. */
export const newFolder = (): string => mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'parley-resume-'))

export type Played = { readonly counts: Readonly<Record<string, number>> } | { readonly lost: number; readonly why: string }

process.on('message', async (seeds: readonly number[]) => {
  for (const seed of seeds) {
    try {
      await play(seed)
    } catch (error) {
      process.send?.({ lost: seed, why: error instanceof Error ? (error.stack ?? error.message) : String(error) } satisfies Played)
      process.exit(1)
    }
  }
  process.send?.({ counts: Object.fromEntries(counts) } satisfies Played)
  process.disconnect()
})
