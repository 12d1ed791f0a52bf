// What every driver of core/ports/fan-out.ts must do. A driver's test hands in how to open nodes; one engine has one.
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { FanOut, Sign, Word } from '@parley/core/ports/fan-out.ts'

export interface FanOutUnderTest {
  /** One for each node, and whatever came to them of bugs. */
  readonly nodes: readonly FanOut[]
  readonly broken: unknown[]
  /** Resolves when all that was told so far would have been heard by now. */
  settled(): Promise<void>
  remove(): Promise<void>
}

export const keyOf = (conversation: string, shop = 'demo'): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})
const state = (place: number): Sign => ({
  type: 'state',
  state: { with: 'queue', position: place, customer: { delivered: 0, read: 0 }, shop: { delivered: 0, read: 0 } },
})
export const marks = (read: number): Word => ({
  marks: { customer: { delivered: read, read }, shop: { delivered: 0, read: 0 } },
})

/** An engine that writes down what it hears, and knows what it was given. */
export function listenAs(fanOut: FanOut, known: ReadonlyMap<string, Word> = new Map()): string[] {
  const heard: string[] = []
  fanOut.meet({
    heard: ({ conversation }, { marks, typing = [] }) =>
      void heard.push(
        [
          conversation,
          marks?.customer.read ?? '-',
          ...typing.map(({ forMs, ...typist }) => `${Object.values(typist).join(' ')} ${forMs}`),
        ].join(' '),
      ),
    known: ({ conversation }) => known.get(conversation),
  })
  return heard
}

export function fanOutContract(name: string, open: (nodes: number) => Promise<FanOutUnderTest>): void {
  const on = (title: string, nodes: number, run: (under: FanOutUnderTest, t: TestContext) => Promise<void>): void => {
    test(`${name}: ${title}`, async t => {
      const under = await open(nodes)
      try {
        await run(under, t)
      } finally {
        await under.remove()
      }
    })
  }

  on('[FAN1] a sign comes to every listener of its conversation at this node, in order, and to no other', 2, async ({ nodes, settled }) => {
    const heard: string[] = []
    const listen = (who: string, fanOut: FanOut, key: ConversationKey) =>
      fanOut.subscribe(key, sign => heard.push(`${who} ${sign.type === 'state' ? sign.state.position : sign.type}`))
    const [one, two] = nodes
    const end = listen('a', one!, keyOf('c'))
    listen('b', one!, keyOf('c'))
    listen('other shop', one!, keyOf('c', 'other'))
    listen('other', one!, keyOf('d'))
    if (two) listen('other node', two, keyOf('c'))
    for (const place of [1, 2]) one!.publish(keyOf('c'), state(place))
    end()
    end()
    one!.publish(keyOf('c'), { type: 'resync' })
    await settled()
    assert.deepEqual(heard, ['a 1', 'b 1', 'a 2', 'b 2', 'b resync'])
  })

  on('[FAN1] a listener that throws keeps the sign from nobody', 1, async ({ nodes: [fanOut], broken }) => {
    const heard: string[] = []
    fanOut!.subscribe(keyOf('c'), () => {
      throw new Error('a bug of its own')
    })
    fanOut!.subscribe(keyOf('c'), ({ type }) => heard.push(type))
    fanOut!.publish(keyOf('c'), { type: 'resync' })
    assert.deepEqual(heard, ['resync'])
    assert.equal(broken.splice(0).length, 1)
  })

  on('[FAN1] a conversation is listened to from its first listener to its last', 1, async ({ nodes: [fanOut] }) => {
    const key = keyOf('c')
    assert.equal(fanOut!.isHeard(key), false)
    const ends = [fanOut!.subscribe(key, () => {}), fanOut!.subscribe(key, () => {})]
    assert.equal(fanOut!.isHeard(key), true)
    ends[0]?.()
    assert.equal(fanOut!.isHeard(key), true)
    ends[1]?.()
    assert.equal(fanOut!.isHeard(key), false)
    fanOut!.subscribe(key, () => {})
    ends[1]?.() // it has ended before
    assert.equal(fanOut!.isHeard(key), true)
  })

  on('[FAN2] a word comes to the other nodes that listen to its conversation, and to no other', 3, async ({ nodes, settled }, t) => {
    const [one, two, three] = nodes
    if (!one || !two || !three) return t.skip('there is one node')
    const heard = nodes.map(node => listenAs(node))
    for (const node of [one, two]) node.subscribe(keyOf('c'), () => {})
    three.subscribe(keyOf('d'), () => {})
    await settled()
    for (const read of [1, 2, 3]) one.tell(keyOf('c'), marks(read))
    one.tell(keyOf('c'), { typing: [{ who: 'agent', name: 'Chen', forMs: 5_000 }] })
    two.tell(keyOf('d'), { typing: [{ who: 'customer', forMs: 5_000 }] }) // it may tell where it does not listen
    await settled()
    const said = (node: number): string[] => heard[node]!.filter(each => !each.endsWith(' -')) // what was asked says nothing
    assert.deepEqual(said(0), [])
    assert.deepEqual(said(1), ['c 1', 'c 2', 'c 3', 'c - agent Chen 5000'])
    assert.deepEqual(said(2), ['d - customer 5000'])
  })

  on('[FAN3] where the first listener comes, the others tell what they know, and hear what this node knows', 3, async (under, t) => {
    const [one, two, three] = under.nodes
    if (!one || !two || !three) return t.skip('there is one node')
    const heard = [
      listenAs(one, new Map([['c', { ...marks(7), typing: [{ who: 'customer', forMs: 1_200 }] } satisfies Word]])),
      listenAs(two, new Map([['c', marks(5)]])),
      listenAs(three),
    ]
    one.subscribe(keyOf('c'), () => {})
    three.subscribe(keyOf('d'), () => {})
    await under.settled()
    two.subscribe(keyOf('c'), () => {})
    await under.settled()
    two.subscribe(keyOf('c'), () => {}) // the second asks nobody
    await under.settled()
    assert.deepEqual(heard, [['c 5'], ['c 7 customer 1200'], []])
  })
}
