// Three engines on one log: one conversation, whichever of them is asked.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import type { AgentId, ConversationKey } from '@parley/core/ids.ts'
import type { Sign } from '@parley/core/ports/fan-out.ts'
import { ANNA, keyOf, refOf, SHOP } from '../core/house.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'
import { type EngineNode, type EngineNodes, type NodesOptions, openEngines } from './engines.ts'
import { openLine } from './line.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const cluster = noNats ? undefined : await startNatsCluster()
after(() => cluster?.remove())

const agent = (name: string): Agent => ({ id: name.toLowerCase() as AgentId, name }) // a test's id
const CHEN = agent('Chen')
const LI = agent('Li')
const key = keyOf('c1')
let refs = 0
const message = (text: string, ref = `m${refs++}`) => ({ ref: refOf(ref), text, locale: 'en' as const })

function on(
  title: string,
  run: (nodes: EngineNodes, ...each: [EngineNode, EngineNode, EngineNode]) => Promise<void>,
  options: NodesOptions = {},
): void {
  test(title, { skip: noNats, timeout: 120_000 }, async () => {
    const opened = await openEngines(cluster!, options) // there is one where it is not skipped
    try {
      const [one, two, three] = opened.nodes
      await run(opened, one!, two!, three!)
      assert.deepEqual(
        opened.nodes.flatMap(({ bugs }) => bugs),
        [],
      )
    } finally {
      await opened.remove()
    }
  })
}

/** Resolves when a sign of the conversation comes to the node that `isIt` holds for. */
function sign(node: EngineNode, isIt: (sign: Sign) => boolean, of: ConversationKey = key): Promise<Sign> {
  return new Promise(resolve => {
    const end = node.fanOut.subscribe(of, given => {
      if (!isIt(given)) return
      end()
      resolve(given)
    })
  })
}

/** A page of the conversation as a customer's socket keeps it: what it is told, and what it asks for where something is missing. */
function follow(node: EngineNode, of = key) {
  let upTo = 0
  let texts: { readonly seq: number; readonly text: string }[] = []
  let asked = 0
  let asking = Promise.resolve()
  const take = (
    after: number,
    end: number,
    events: readonly { readonly seq: number; readonly parts: readonly { readonly text: string }[] }[],
    stands?: number,
  ): void => {
    if (end <= upTo) return
    if (stands === undefined ? after > upTo : after !== upTo) return again()
    const known = upTo
    if (stands !== undefined) texts = texts.filter(({ seq }) => seq <= stands)
    texts.push(
      ...events.filter(({ seq }) => seq > (stands ?? known)).map(({ seq, parts }) => ({ seq, text: parts.map(({ text }) => text).join() })),
    )
    upTo = end
  }
  function again(): void {
    asked++
    const mine = node.engine.since(of, ANNA, { epoch: node.log.epoch, seq: upTo }).then(caught => {
      assert.ok(caught.isRecovered)
      take(caught.after, caught.upTo, caught.events, caught.stands)
    })
    asking = Promise.all([asking, mine]).then(() => {})
  }
  node.fanOut.subscribe(of, given => {
    if (given.type === 'resync') again()
    if (given.type === 'delivery') take(given.delivery.after, given.delivery.upTo, given.delivery.events, given.delivery.stands)
  })
  return {
    settled: () => asking,
    get texts() {
      return texts.map(({ text }) => text)
    },
    get asked() {
      return asked
    },
  }
}

const textsAt = async ({ engine }: EngineNode, of = key): Promise<string[]> =>
  (await engine.since(of, ANNA, null)).events.map(({ parts }) => parts.map(({ text }) => text).join())

on(
  '[LOG16] [RT1] whoever listens at one node is told what is appended at another, in order, and without asking once memory has it',
  async (nodes, one, two, three) => {
    const pages = [follow(one), follow(two)]
    await one.engine.say(key, ANNA, message('hello'))
    await one.settled()
    await nodes.caughtUp(key)
    for (const page of pages) await page.settled()
    const asked = pages.map(page => page.asked)
    for (let i = 0; i < 10; i++) {
      const speaker = [one, two, three][i % 3]!
      await speaker.engine.say(key, ANNA, message(`hello ${i}`))
      await speaker.settled()
    }
    await nodes.caughtUp(key)
    for (const page of pages) await page.settled()
    const texts = await textsAt(three)
    assert.equal(texts.length, 22)
    assert.deepEqual(
      pages.map(page => page.texts),
      [texts, texts],
    )
    assert.deepEqual(
      pages.map(page => page.asked),
      asked,
      'only what memory did not have was asked for',
    )
  },
)

on(
  '[LOG16] whoever listens where memory has let go of the conversation is told to ask',
  async (nodes, one, two) => {
    const page = follow(two)
    for (const each of [key, keyOf('c2')]) {
      await one.engine.say(each, ANNA, message('hello'))
      await one.settled()
    }
    await nodes.caughtUp(key)
    await nodes.caughtUp(keyOf('c2')) // memory holds one
    await page.settled()
    assert.equal(page.texts.length, 2)
    await one.engine.rollback(key, { toSeq: 2, by: { kind: 'operator' }, reason: 'test' }) // one append, and none behind it
    await nodes.caughtUp(key)
    await page.settled()
    assert.deepEqual(page.texts, ['hello'])
    assert.deepEqual(page.texts, await textsAt(one))
  },
  { limits: { conversations: 1 } },
)

test('[LOG16] what is appended while a node reads the conversation is not missed there', { skip: noNats, timeout: 60_000 }, async () => {
  let gate: Promise<void> | undefined
  const nodes = await openEngines(cluster!, { count: 2, opened: async node => (node === 1 ? gate : undefined) })
  const [one, two] = nodes.nodes
  try {
    const hello = await one!.engine.say(key, ANNA, message('hello'))
    await one!.settled()
    await two!.log.caughtUp(key, 10_000)
    const { promise, resolve } = Promise.withResolvers<void>()
    gate = promise
    const reading = two!.engine.state(key) // has read it, and nobody has it yet
    const { seq } = await one!.engine.say(key, ANNA, message('hello again'))
    await one!.settled()
    await two!.log.caughtUp(key, 10_000)
    assert.ok((await two!.log.head(key)).seq > seq && seq > hello.seq)
    resolve() // and nothing comes behind it
    await reading
    assert.deepEqual(await textsAt(two!), await textsAt(one!))
  } finally {
    await nodes.remove()
  }
})

on('[LOG16] a node that nobody asks about a conversation opens nothing of it', async (nodes, one, _two, three) => {
  await one.engine.say(key, ANNA, message('hello'))
  await one.settled()
  await nodes.caughtUp(key) // asks, so that three has it in memory
  const before = three.reads.length
  for (let i = 0; i < 5; i++) {
    await one.engine.say(key, ANNA, message('hello'))
    await one.engine.say(keyOf('c2'), ANNA, message('hello'))
    await one.settled()
  }
  await three.log.caughtUp(key, 10_000)
  await three.log.caughtUp(keyOf('c2'), 10_000)
  assert.equal(three.reads.length, before)
  assert.equal((await textsAt(three)).length, 12, 'and has all of it when somebody asks')
})

on('[TURN2] a message that is sent again to another node is found by its id, and is there once', async (nodes, one, two, three) => {
  for (let round = 0; round < 10; round++) {
    const same = message(`hello ${round}`)
    const said = await Promise.all([one, two, three].map(({ engine }) => engine.say(key, ANNA, same)))
    assert.equal(new Set(said.map(({ seq }) => seq)).size, 1, `round ${round}`)
    assert.equal(said.filter(({ isResend }) => !isResend).length, 1, `round ${round}`)
    assert.equal(await faultCodeOf(two.engine.say(key, ANNA, { ...same, text: 'other' })), 'REF_REUSED')
  }
  for (const node of [one, two, three]) await node.settled()
  await nodes.caughtUp(key)
  const events = await one.events('c1')
  assert.equal(events.filter(({ type }) => type === 'message').length, 10)
  const decided = events.flatMap(event => (event.type === 'decided' ? [event.turn] : []))
  assert.equal(new Set(decided).size, decided.length, '[TURN3] no turn is decided twice')
})

on('[HND2] of agents at three nodes who claim at once one has it, and the others are told who', async (nodes, one, two, three) => {
  const agents = [CHEN, LI, agent('Wang')]
  for (let round = 0; round < 8; round++) {
    const of = keyOf(`claim${round}`)
    await one.engine.say(of, ANNA, message('human please'))
    await one.settled()
    await nodes.caughtUp(of)
    const outcomes = await Promise.allSettled([one, two, three].map(({ engine }, i) => engine.desk.claim(of, agents[i]!)))
    const winner = outcomes.findIndex(({ status }) => status === 'fulfilled')
    for (const [i, outcome] of outcomes.entries()) {
      if (i === winner) continue
      assert.ok(outcome.status === 'rejected' && isFault(outcome.reason, 'ALREADY_CLAIMED'), `round ${round}`)
      assert.deepEqual(outcome.reason.details, { by: agents[winner]!.name })
    }
  }
})

on('[HND6] the queue is the same at every node, from the handover until it is given back', async (nodes, one, two, three) => {
  const viewAt = ({ engine }: EngineNode) => engine.queue.view(SHOP).items
  const same = async (of: ConversationKey, what: string) => {
    await nodes.caughtUp(of)
    assert.deepEqual(viewAt(two), viewAt(one), what)
    assert.deepEqual(viewAt(three), viewAt(one), what)
    return viewAt(one).map(({ conversation, with: who, position }) => [conversation, who, position].join(' ').trim())
  }
  const [a, b] = [keyOf('a'), keyOf('b')]
  for (const [node, of] of [
    [one, a],
    [two, b],
  ] as const) {
    await node.engine.say(of, ANNA, message('human please'))
    await node.settled()
  }
  await nodes.caughtUp(a)
  assert.deepEqual(await same(b, 'queued'), ['a queue 1', 'b queue 2'])
  const told = sign(one, given => given.type === 'state' && given.state.with === 'queue' && given.state.position === 1, b)
  await three.engine.desk.claim(a, CHEN)
  assert.deepEqual(await same(a, 'claimed'), ['b queue 1', 'a agent'])
  await told
  await three.engine.desk.release(a, CHEN, 'bot', '')
  assert.deepEqual(await same(a, 'given back'), ['b queue 1'])
  await one.engine.desk.claim(b, LI)
  await one.engine.desk.release(b, LI, 'closed', '')
  assert.deepEqual(await same(b, 'closed'), [])
})

on(
  '[FAN3] who types at one node is seen typing at the other, what was read there is read here, and who comes later is told',
  async (nodes, one, two, three) => {
    await one.engine.say(key, ANNA, message('human please'))
    await one.settled()
    await nodes.caughtUp(key)
    await three.engine.desk.claim(key, CHEN)
    one.fanOut.subscribe(key, () => {})
    const joined = sign(three, ({ type }) => type === 'typing')
    await nodes.caughtUp(key)
    // It may take a moment until the servers know who listens; a customer who types goes on typing.
    const again = setInterval(() => one.engine.types(key, { who: 'customer' }), 20)
    assert.deepEqual(await joined, { type: 'typing', who: 'customer', forMs: 5_000 })
    clearInterval(again)
    const { seq } = await three.engine.desk.say(key, CHEN, { ref: refOf('a1'), text: 'here I am' })
    await nodes.caughtUp(key) // before its page has it, nobody has read it
    three.fanOut.subscribe(key, () => {})
    const isRead = sign(three, given => given.type === 'state' && given.state.shop.read === seq)
    await one.engine.seen(key, 'customer', 'read', seq)
    await isRead
    // Two has heard of none of it: it asks when its first page comes.
    const isTold = sign(two, given => given.type === 'state' && given.state.shop.read === seq)
    await isTold
    assert.deepEqual((await two.engine.state(key)).shop, { delivered: seq, read: seq })
  },
)

test('[RT3] a client that knows more than this node is waited for; what no node knows is foreign', {
  skip: noNats,
  timeout: 60_000,
}, async () => {
  const line = await openLine(cluster!.urls[2]!)
  const nodes = await openEngines(cluster!, { count: 2, serversOf: node => (node === 1 ? [line.url] : undefined) })
  const [one, two] = nodes.nodes
  try {
    await one!.engine.say(key, ANNA, message('hello'))
    await one!.settled()
    await nodes.caughtUp(key)
    line.deafen() // two hears nothing from here on
    const { seq } = await one!.engine.say(key, ANNA, message('hello again'))
    await one!.settled()
    assert.ok((await two!.log.head(key)).seq < seq, 'two is behind')
    const position = { epoch: one!.log.epoch, seq }
    const caught = two!.engine.since(key, ANNA, position)
    const watched = two!.engine.desk.watch(key, position)
    line.cut()
    assert.deepEqual([(await caught).isRecovered, (await caught).after], [true, seq])
    assert.deepEqual([(await watched).isRecovered, (await watched).after], [true, seq])
    assert.equal((await two!.engine.since(key, ANNA, { ...position, seq: 1_000 })).isRecovered, false)
    assert.equal((await two!.engine.since(key, ANNA, { epoch: 'other' as never, seq: 1 })).isRecovered, false)
  } finally {
    await nodes.remove()
    await line.close()
  }
})

test('[RT3] while no server says how far the log goes, who knows more is told to come again', {
  skip: noNats,
  timeout: 60_000,
}, async () => {
  const line = await openLine(cluster!.urls[2]!)
  const nodes = await openEngines(cluster!, { count: 2, serversOf: node => (node === 1 ? [line.url] : undefined) })
  const [one, two] = nodes.nodes
  try {
    await one!.engine.say(key, ANNA, message('hello'))
    await one!.settled()
    await nodes.caughtUp(key)
    line.deafen()
    const position = { epoch: one!.log.epoch, seq: (await two!.log.head(key)).seq + 1 }
    assert.equal(await faultCodeOf(two!.engine.since(key, ANNA, position)), 'LOG_UNAVAILABLE')
    assert.ok((await two!.engine.since(key, ANNA, null)).events.length > 0, 'what is there is served')
    line.cut()
  } finally {
    await nodes.remove()
    await line.close()
  }
})

/** Kept: every seed that once found a fault stays here. PARLEY_SEED tries another one. */
const SEEDS = [1, 2, 3, ...(process.env.PARLEY_SEED ? [Number(process.env.PARLEY_SEED)] : [])]

for (const seed of SEEDS)
  on(
    `[RB7] [LOG11] what three nodes do at random to the same conversations is one history for every page and node (seed ${seed})`,
    async (nodes, ...all) => {
      const random = createRandom(seed)
      const below = (n: number): number => Math.floor(random() * n)
      const keys = [keyOf('c1'), keyOf('c2')]
      const pages = keys.flatMap(of => all.map(node => ({ of, page: follow(node, of) })))
      const allowed = [
        'NOT_WAITING',
        'ALREADY_CLAIMED',
        'NOT_OWNER',
        'ROLLBACK_INVALID',
        'RATING_INVALID',
        'UNKNOWN_CONVERSATION',
        'OVERLOADED',
      ]
      const acknowledged = new Map<string, number>()
      const steps: ((node: EngineNode, of: ConversationKey, who: Agent, n: number) => Promise<unknown>)[] = [
        async ({ engine }, of, _who, n) =>
          acknowledged.set(`m${seed}-${n}`, (await engine.say(of, ANNA, message(`hello ${n}`, `m${seed}-${n}`))).seq),
        ({ engine }, of) => engine.say(of, ANNA, message('human please')),
        ({ engine }, of, who) => engine.desk.claim(of, who),
        ({ engine }, of, who, n) => engine.desk.say(of, who, { ref: refOf(`a${seed}-${n}`), text: `agent ${n}` }),
        ({ engine }, of, who) => engine.desk.release(of, who, (['bot', 'queue', 'closed'] as const)[below(3)]!, ''),
        async ({ engine }, of) => {
          const replies = (await engine.since(of, ANNA, null)).events.filter(({ type }) => type === 'reply')
          const reply = replies[below(replies.length)]?.seq
          if (reply !== undefined) await engine.rate(of, ANNA, { reply, thumb: random() < 0.5 ? 'up' : 'down' })
        },
        async ({ engine }, of) => {
          const { upTo } = await engine.since(of, ANNA, null)
          await engine.rollback(of, { toSeq: 1 + below(Math.max(1, upTo)), by: { kind: 'operator' }, reason: 'test' })
        },
      ]
      for (let round = 0; round < 12; round++)
        await Promise.all(
          Array.from({ length: 6 }, async (_, i) => {
            const code = await faultCodeOf(
              steps[below(steps.length)]!(all[below(3)]!, keys[below(2)]!, [CHEN, LI][below(2)]!, round * 6 + i),
            )
            assert.ok(code === 'none' || allowed.includes(code), `seed ${seed}, round ${round}: ${code}`)
          }),
        )
      for (const node of all) await node.settled()
      for (const of of keys) await nodes.caughtUp(of)
      for (const { page } of pages) await page.settled()
      for (const of of keys) {
        const [first, ...others] = await Promise.all(
          all.map(async node => {
            const { events, thumbs, upTo, state } = await node.engine.since(of, ANNA, null)
            const { position: _, ...stands } = state
            const desk = await node.engine.desk.watch(of, null)
            return { events, thumbs, upTo, stands, desk: desk.events, queue: node.engine.queue.view(SHOP).items }
          }),
        )
        for (const other of others) assert.deepEqual(other, first, `seed ${seed}`)
        for (const { of: its, page } of pages)
          if (its === of)
            assert.deepEqual(
              page.texts,
              first!.events.map(({ parts }) => parts.map(({ text }) => text).join()),
              `seed ${seed}`,
            )
        const logged = await all[0].events(of.conversation)
        const decided = logged.flatMap(event => (event.type === 'decided' ? [event.turn] : []))
        assert.equal(new Set(decided).size, decided.length, `seed ${seed}`)
        assert.deepEqual(
          logged.map(({ seq }) => seq),
          logged.map((_, i) => i + 1),
        )
      }
      const said = (await Promise.all(keys.map(of => all[0].events(of.conversation)))).flat()
      for (const [ref, seq] of acknowledged) {
        const found = said.filter(event => event.type === 'message' && event.ref === ref)
        assert.deepEqual(
          found.map(event => event.seq),
          [seq],
          `seed ${seed}, ${ref}`,
        )
      }
    },
  )
