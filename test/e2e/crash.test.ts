// kill -9 of the server at every labelled place of a turn's way, over one data folder all the way, while customers and agents go on over real sockets.
// After every kill the whole of what it left is held against the rules, and at the end all of it once more.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import { SNAPSHOT_VERSION } from '@parley/core/conversation/stretch.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import { drawShop } from '@parley/demo-shop/seed/draw-shop.ts'
import { readConfig } from '@parley/server/config.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { customerParts } from '@parley/server/customer-parts.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openFileSnapshots } from '@parley/server/drivers/snapshots.files.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import type { SnapshotObserver } from '@parley/server/snapshot-keeper.ts'
import { createRandom } from '../random.ts'
import { checkConversation, checkRest, type Standing, summary } from './check-conversation.ts'
import { LABELS, type Label } from './crash-labels.ts'
import { type Act, type Customer, createAgent, createCustomer, type DeskAgent, type Person } from './crash-people.ts'
import type { Orders, Told } from './mortal-server.ts'
import { makeAgents, NODE_FLAGS, temporaryFolder } from './running-server.ts'

const ROUNDS = 59
/** Data folders, each with rounds of its own: what the end of a run looks over stays of a size. */
const FOLDERS = process.env.PARLEY_TEST_FULL ? 17 : 1
const TALKERS = 6
const CLAIMANTS = 4
const AGENTS = 2
const SHOP = asShopId('demo')
/** A plugin with the effects of the demo shop. */
const CLAIMS = fileURLToPath(new URL('../../server/plugin-bench/templates/effect', import.meta.url))
const MORTAL = fileURLToPath(new URL('./mortal-server.ts', import.meta.url))

/** Rounds that once found something, to be gone through before all others. */
const LOST: readonly NonNullable<Orders['death']>[] = []

/** Of rarer things the first passings, so that a round does not wait for long. */
const mostPassings = (label: Label): number => (/message|decision|plugin|frame|fan-out|acknowledgement/.test(label) ? 8 : 2)

const SENTENCES = [
  '螃蟹死了怎么赔',
  'where is my parcel',
  '退款怎么还没到',
  'hello',
  '螃蟹怎么蒸好吃',
  'half of the eggs are broken',
  'asdf qwer',
]

/** A process that has its code loaded and waits for its orders. */
async function loadServer(cache: string): Promise<ChildProcess> {
  const child = fork(MORTAL, {
    execArgv: NODE_FLAGS,
    env: { ...process.env, NODE_COMPILE_CACHE: cache },
    stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
  })
  await heard(child, 'loaded')
  return child
}

/** Resolves with what the process tells of this type, and with undefined when it ends instead. */
function heard<T extends Told['type']>(child: ChildProcess, type: T): Promise<Extract<Told, { type: T }> | undefined> {
  return new Promise(resolve => {
    const hear = (told: Told): void => {
      if (told.type === type) resolve(told as Extract<Told, { type: T }>) // its type was compared
    }
    child.on('message', hear)
    child.once('exit', () => resolve(undefined))
  })
}

for (let number = 0; number < FOLDERS; number++)
  test(`[LOG1] [LOG2] [LOG3] [LOG4] [LOG5] [TURN1] [TURN2] [TURN3] [TURN5] [TURN6] [RB1] [RB3] [EFF1] [EFF3] [EFF4] [PEFF1] [HND2] [HND3] [HND4] [HND6] [RT1] kill -9 at every label, ${ROUNDS} rounds over folder ${number}`, {
    timeout: 3_600_000,
  }, async t => {
    const folder = temporaryFolder()
    t.after(folder.remove)
    const data = join(folder.path, 'data')
    const cache = join(folder.path, 'compiled')
    const seed = Number(process.env.PARLEY_SEED ?? 20261124) + number
    const random = createRandom(seed)

    const cookies = await makeAgents(
      data,
      Array.from({ length: AGENTS }, (_, i) => `Agent ${i}`),
    )
    const agents = cookies.map((cookie, i) => createAgent(`agent-${i}`, cookie, random))
    const customers = [
      ...Array.from({ length: TALKERS }, (_, i) => createTalker(i, data, random)),
      ...Array.from({ length: CLAIMANTS }, (_, i) => createClaimant(i, data, random)),
    ]
    const people: readonly Person[] = [...customers, ...agents]
    const checked = createCheck(data, customers, agents)
    t.after(() => people.forEach(person => person.leave()))

    const hits = new Map<Label, number>(LABELS.map(label => [label, 0]))
    const deaths = [...LOST, ...drawDeaths(Math.max(ROUNDS, LABELS.length), random)]
    let port = 0
    let stderr = ''
    let next = loadServer(cache)
    let running: ChildProcess | undefined
    t.after(async () => {
      running?.kill('SIGKILL')
      ;(await next).kill('SIGKILL')
    })

    /** Starts the server that was loaded ahead, and loads the one after it. */
    async function start(death: Orders['death']): Promise<string | undefined> {
      running = await next
      next = loadServer(cache)
      running.stderr?.on('data', chunk => (stderr += chunk))
      const ready = heard(running, 'ready')
      const hasPlugin = death?.label.includes('plugin') || random() < 0.2
      // Cases are opened and withdrawn by a plugin in some rounds and by the shop's own source in others, whoever did the other half.
      const hasClaims = /effect|outcome|undoing/.test(death?.label ?? '') && random() < 0.5
      const plugins = [...(hasPlugin ? ['fresh-goods'] : []), ...(hasClaims ? [CLAIMS] : [])]
      running.send({ data, port, death, plugins } satisfies Orders)
      return (await ready)?.url
    }

    let where = ''
    let before = where
    // For whoever looks why it does not end.
    const stalled = setInterval(() => {
      if (where === before) console.error([`waiting: ${where}`, ...customers.map(customer => customer.waitsFor())].join('\n'))
      before = where
    }, 60_000)
    t.after(() => clearInterval(stalled))
    for (const [round, death] of deaths.entries()) {
      where = `round ${round}, passing ${death.passing} ${death.label}`
      const url = await start(death)
      const ended = running!.exitCode ?? running!.signalCode ?? once(running!, 'exit') // `start` has set it
      if (url !== undefined) {
        port = Number(new URL(url).port)
        for (const person of people) person.join(url)
      }
      await ended
      assert.equal(running?.signalCode, 'SIGKILL', `${where}: it ended by itself\n${stderr}`)
      hits.set(death.label, (hits.get(death.label) ?? 0) + 1)
      assert.doesNotMatch(stderr, /"level":[56]0/, where)
      await checked.afterKill(where)
      freeOrders(data)
    }

    const url = await start(null)
    assert.ok(url !== undefined, stderr)
    for (const person of people) person.join(url)
    where = 'at rest'
    await Promise.all(people.map(person => person.rest()))
    const atRest = heard(running!, 'at rest') // `start` has set it
    running?.send('rest')
    await atRest
    for (const person of people) person.leave()
    const ended = once(running!, 'exit') // as above
    running?.kill('SIGTERM')
    await ended
    const found = await checked.atRest()

    console.log([...hits].map(([label, count]) => `${String(count).padStart(5)}  killed ${label}`).join('\n'))
    console.log(`seed ${seed}: ${JSON.stringify(found)}`)
    assert.deepEqual(
      [...hits].filter(([, count]) => count === 0),
      [],
      'labels that were never hit',
    )
  })

/** Every label as often as any other, in an order of its own each time round. */
function drawDeaths(count: number, random: () => number): NonNullable<Orders['death']>[] {
  const deaths: NonNullable<Orders['death']>[] = []
  while (deaths.length < count) {
    const order = LABELS.map(label => ({ label, at: random() })).sort((a, b) => a.at - b.at)
    for (const { label } of order)
      deaths.push({ label, passing: 1 + Math.floor(random() * mostPassings(label)), turnsIn: Math.floor(random() * 6) })
  }
  return deaths.slice(0, count)
}

const newToken = async (data: string, customer: string) => {
  const config = readConfig({ PARLEY_DATA: data })
  // Nobody fetches a new one in the midst of a conversation.
  const { tokens } = customerParts({ ...config, tokens: { ...config.tokens, visitorMinutes: 60 } }, loadOrMakeSecret(data))
  const visitor = { shop: SHOP, customer: asCustomerId(customer), conversation: asConversationId(randomBytes(8).toString('hex')) }
  return { token: (await tokens.issue(visitor)).token, conversation: visitor.conversation }
}

/** Says this and that, now and then several at once, takes messages back, asks for a person, and comes again as somebody else. */
function createTalker(number: number, data: string, random: () => number): Customer {
  const pick = <T>(all: readonly T[]): T => all[Math.floor(random() * all.length)]! // not empty
  let said = 0
  return createCustomer(
    `talker-${number}`,
    () => newToken(data, `talker-${number}-${said++}`),
    (): Act => {
      const chance = random()
      if (chance < 0.08) return 'start afresh'
      if (chance < 0.2) return 'take back'
      if (chance < 0.27) return { say: ['上一条发错了'] }
      if (chance < 0.34) return { say: ['转人工'] }
      return { say: Array.from({ length: chance < 0.6 ? 3 : 1 }, () => `${pick(SENTENCES)} ${said++}`) }
    },
  )
}

/** Orders for which the demo shop opens a case, by customer; those of a claimant are nobody else's. */
const DELIVERED = Map.groupBy(
  drawShop('2026-11-24').orders.filter(
    ({ status, deliveredOn, refund, parcel }) => status === 'delivered' && (deliveredOn ?? -9) >= -6 && !refund && parcel,
  ),
  order => order.customer.id,
)

/** An order has one living case, and some stay open: without this the claimants would run out of orders, and wait for ever to have one withdrawn. */
function freeOrders(data: string): void {
  const file = join(data, 'demo-shop', 'services', 'crm.db')
  if (!existsSync(file)) return
  const book = new DatabaseSync(file, { enableForeignKeyConstraints: false })
  try {
    if (book.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'cases'").get() === undefined) return
    // As if it were of an order of its own: it can be withdrawn still.
    book.exec(`
      INSERT INTO purchases SELECT 'kept-' || id, customer, delivered_on, quantity, unit_price
        FROM cases JOIN purchases ON number = order_number WHERE state = 'open' AND order_number NOT LIKE 'kept-%';
      UPDATE cases SET order_number = 'kept-' || id WHERE state = 'open' AND order_number NOT LIKE 'kept-%'`)
  } finally {
    book.close()
  }
}

/** Opens a case and withdraws it, over and over. */
function createClaimant(number: number, data: string, random: () => number): Customer {
  const mine = [...DELIVERED].filter((_, i) => i % CLAIMANTS === number)
  let [turn, step] = [0, 0]
  const at = () => mine[turn % mine.length]! // there are dozens
  return createCustomer(
    `claimant-${number}`,
    () => newToken(data, at()[0]),
    owner => {
      step = (step + 1) % 12
      if (step === 0 || owner !== 'bot') {
        step = 0
        turn++
        return 'start afresh'
      }
      if (step % 3 === 1) return { say: [`订单 ${at()[1][0]!.number} 的东西坏了 1 件，怎么赔`] } // each has one
      if (step % 3 === 2) return { say: ['好的'] }
      return random() < 0.5 ? 'take back' : { say: ['上一条发错了'] }
    },
  )
}

/** Holds a folder that no server has open against the rules and against what people were told. */
function createCheck(data: string, customers: readonly Customer[], agents: readonly DeskAgent[]) {
  const opened = { snapshot: 0, log: 0 }
  const observer: SnapshotObserver = {
    opened: from => void opened[from]++,
    written() {},
    failed(error) {
      throw error
    },
  }
  const known = new Map<string, { readonly seq: number; readonly standing: Standing }>()
  let epoch: string | undefined

  function witnessOf(conversation: string) {
    const told = customers.flatMap(customer => customer.told).find(each => each.conversation === conversation)
    const acknowledged = new Map(told?.acknowledged)
    const said = new Map(told?.said)
    for (const [ref, { text, seq }] of agents.flatMap(agent => [...(agent.said.get(conversation) ?? [])])) {
      said.set(ref, text)
      if (seq > 0) acknowledged.set(ref, seq)
    }
    assert.ok(told, `[TURN9] ${conversation} is nobody's`)
    return { acknowledged, said, shown: { upTo: told.upTo, events: told.shown } }
  }

  async function check(conversations: Conversations, key: ConversationKey): Promise<Standing> {
    const { events } = await conversations.read(key, 0)
    const standing = checkConversation(`${key.shop}/${key.conversation}`, events, witnessOf(key.conversation))
    const { dialogue } = await conversations.open(key) // from its snapshot, where it has one
    assert.deepEqual(
      entriesAfter(dialogue, 0).map(summary),
      standing.seen,
      `[RB1] ${key.conversation} opens as another than its events say`,
    )
    known.set(key.conversation, { seq: events.length, standing })
    return standing
  }

  async function withLog<T>(work: (conversations: Conversations, log: Awaited<ReturnType<typeof openLmdbLog>>) => Promise<T>): Promise<T> {
    const log = await openLmdbLog(join(data, 'log'))
    const vault = await openLmdbVault(join(data, 'keys'))
    const files = await openFileSnapshots(join(data, 'snapshots'), SNAPSHOT_VERSION)
    // Whoever only looks leaves none behind.
    const conversations = createConversations(log, vault, { snapshots: { ...files, put: async () => {} }, observer })
    try {
      return await work(conversations, log)
    } finally {
      await conversations.close()
      await vault.close()
      await log.close()
    }
  }

  /** The two tables say what the events say, and the shop's cases are those of the log. */
  async function checkTables(
    log: Awaited<ReturnType<typeof openLmdbLog>>,
    isAtRest: boolean,
  ): Promise<{ readonly cases: number; readonly withdrawn: number }> {
    for (const [table, rule, isIn] of [
      [log.unsettled(), 'LOG5', (standing: Standing) => standing.isUnsettled],
      [log.withPeople(), 'HND6', (standing: Standing) => standing.isWithPeople],
    ] as const) {
      const marked: string[] = []
      for await (const key of table) marked.push(key.conversation)
      const wanted = [...known].filter(([, { standing }]) => isIn(standing)).map(([conversation]) => conversation)
      assert.deepEqual(marked.sort(), wanted.sort(), `[${rule}] the table is not what the events say`)
    }
    const effects = new Map([...known.values()].flatMap(({ standing }) => standing.effects.map(effect => [effect.key, effect] as const)))
    const file = join(data, 'demo-shop', 'services', 'crm.db')
    if (!existsSync(file)) return { cases: 0, withdrawn: 0 }
    const book = new DatabaseSync(file)
    const cases = new Map<string, string>()
    try {
      if (book.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'cases'").get() === undefined) return { cases: 0, withdrawn: 0 }
      const opened = book.prepare(`
        SELECT key, state FROM cases JOIN outcomes ON outcomes.status = 201 AND json_extract(body, '$.number') = 'CP-' || cases.id`)
      for (const { key, state } of opened.all()) {
        assert.ok(!cases.has(String(key)), `[EFF4] ${key} has two cases`)
        cases.set(String(key), String(state))
      }
    } finally {
      book.close()
    }
    for (const [key, state] of cases) {
      const effect = effects.get(key)
      assert.ok(
        effect && (effect.state === 'planned' || effect.state === 'done'),
        `[EFF1] the case of ${key} is ${effect?.state} in the log`,
      )
      if (state === 'withdrawn') assert.ok(effect.isTakenBack, `[EFF3] the case of ${key} is withdrawn, and its turn stands`)
    }
    for (const { key, state, undo } of effects.values()) {
      if (state === 'done') assert.ok(cases.has(key), `[EFF4] ${key} is done in the log and not in the shop`)
      if (undo === 'done') assert.equal(cases.get(key), 'withdrawn', `[EFF3] ${key} is undone in the log and not in the shop`)
      if (isAtRest && cases.get(key) === 'withdrawn') assert.equal(undo, 'done', `[EFF4] ${key}`)
    }
    return { cases: cases.size, withdrawn: [...cases.values()].filter(state => state === 'withdrawn').length }
  }

  const problems = (): readonly string[] => [
    ...customers.flatMap(({ told }) => told.flatMap(each => each.problems)),
    ...agents.flatMap(agent => agent.problems),
  ]

  return {
    async afterKill(where: string): Promise<void> {
      assert.deepEqual(problems(), [], where)
      await withLog(async (conversations, log) => {
        epoch ??= log.epoch
        assert.equal(log.epoch, epoch, '[LOG4] the epoch is another')
        for await (const key of log.conversations()) {
          const { seq } = await log.head(key)
          if (known.get(key.conversation)?.seq !== seq) await check(conversations, key)
        }
        await checkTables(log, false)
      }).catch((error: unknown) => {
        throw new Error(`${where}: ${error instanceof Error ? error.message : error}`, { cause: error })
      })
    },
    async atRest(): Promise<Readonly<Record<string, number>>> {
      assert.deepEqual(problems(), [])
      return withLog(async (conversations, log) => {
        let events = 0
        for await (const key of log.conversations()) {
          checkRest(key.conversation, await check(conversations, key))
          events += (await log.head(key)).seq
        }
        for (const { conversation, acknowledged } of customers.flatMap(customer => customer.told))
          assert.ok(acknowledged.size === 0 || known.has(conversation), `[TURN1] ${conversation} is lost`)
        return { conversations: known.size, events, openedFromSnapshots: opened.snapshot, ...(await checkTables(log, true)) }
      })
    },
  }
}
