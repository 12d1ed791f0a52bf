// What a customer's connection may rely on, whether the engine is in the same process or at the other end of a link.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asCustomerId } from '@parley/core/ids.ts'
import type { FanOut, Sign } from '@parley/core/ports/fan-out.ts'
import type { EngineFace } from '@parley/server/link/messages.ts'
import { ANNA, createTestHouse, keyOf, refOf, type TestHouse } from '../core/house.ts'
import { faultCodeOf } from '../fault-code.ts'

export interface Face {
  readonly engine: EngineFace
  readonly fanOut: Pick<FanOut, 'subscribe'>
  close(): Promise<void>
}

/** Listens to a conversation, and waits for what it hears. */
export function hear(fanOut: Pick<FanOut, 'subscribe'>, conversation: string) {
  const signs: Sign[] = []
  const waiting = new Set<() => void>()
  const unsubscribe = fanOut.subscribe(keyOf(conversation), sign => {
    signs.push(sign)
    for (const look of waiting) look()
  })
  return {
    signs,
    unsubscribe,
    /** Resolves when the signs heard so far are as wanted. */
    until: (wanted: (signs: readonly Sign[]) => boolean) =>
      new Promise<void>(resolve => {
        const look = (): void => {
          if (!wanted(signs)) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
  }
}

export const message = (ref: string, text = ref) => ({ ref: refOf(ref), text, locale: 'en' as const })
export const deliveries = (signs: readonly Sign[]) => signs.flatMap(sign => (sign.type === 'delivery' ? [sign.delivery] : []))

export function engineFaceContract(name: string, join: (house: TestHouse) => Promise<Face>): void {
  const on = (title: string, run: (face: Face, house: TestHouse) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const house = createTestHouse()
      const face = await join(house)
      try {
        await run(face, house)
      } finally {
        await face.close()
      }
      assert.deepEqual(house.bugs, [])
    })
  }
  const key = keyOf('c1')

  on('[TURN1] [TURN2] a message is stored once, however often it is sent, and its id stands for one text', async ({ engine }, house) => {
    const first = await engine.say(key, ANNA, message('m1', '螃蟹 hello'))
    assert.deepEqual(first, { seq: 2, isResend: false })
    await house.settled()
    assert.deepEqual(await engine.say(key, ANNA, message('m1', '螃蟹 hello')), { seq: 2, isResend: true })
    await assert.rejects(engine.say(key, ANNA, message('m1', 'other')), {
      code: 'REF_REUSED',
      details: { ref: 'm1', seq: 2 },
      message: 'message id "m1" stands for another text already, at seq 2',
    })
    const all = await Promise.all(Array.from({ length: 50 }, () => engine.say(key, ANNA, message('m2', 'track'))))
    assert.equal(all.filter(said => !said.isResend).length, 1)
    await house.settled()
    assert.deepEqual(
      (await house.events('c1')).flatMap(event => (event.type === 'message' ? [event.ref] : [])),
      ['m1', 'm2'],
    )
  })

  on('[TURN9] to anybody but its customer a conversation does not exist', async ({ engine }, house) => {
    await engine.say(key, ANNA, message('m1'))
    await house.settled()
    const bert = asCustomerId('bert')
    assert.equal(await faultCodeOf(engine.say(key, bert, message('m2'))), 'UNKNOWN_CONVERSATION')
    assert.equal(await faultCodeOf(engine.since(key, bert, null)), 'UNKNOWN_CONVERSATION')
  })

  on(
    '[RT1] [RT3] what was missed since a position; the whole for none, for another epoch and beyond the end',
    async ({ engine }, house) => {
      await engine.say(key, ANNA, message('m1', 'hello'))
      await house.settled()
      const { epoch } = house.log
      const whole = await engine.since(key, ANNA, null)
      assert.deepEqual(whole, await house.engine.since(key, ANNA, null))
      assert.deepEqual(
        whole.events.map(event => [event.seq, event.type]),
        [
          [2, 'message'],
          [4, 'reply'],
        ],
      )
      const missed = await engine.since(key, ANNA, { epoch, seq: 2 })
      assert.deepEqual([missed.isRecovered, missed.after, missed.upTo, missed.events.map(e => e.seq)], [true, 2, 4, [4]])
      for (const position of [
        { epoch: 'another', seq: 2 },
        { epoch, seq: 5 },
      ]) {
        const lost = await engine.since(key, ANNA, position)
        assert.deepEqual([lost.isRecovered, lost.after, lost.events.length], [false, 0, 2])
      }
      assert.equal((await engine.since(keyOf('empty'), ANNA, null)).upTo, 0)
    },
  )

  on('[RT1] signs come in order and without a gap, to whoever listens and as long as they do', async ({ engine, fanOut }, house) => {
    const one = hear(fanOut, 'c1')
    const two = hear(fanOut, 'c1')
    const other = hear(fanOut, 'c2')
    await engine.since(key, ANNA, null) // whoever listens asks; the answer tells that the subscription stands
    await Promise.all(Array.from({ length: 8 }, (_, i) => engine.say(key, ANNA, message(`m${i}`, 'hello'))))
    await house.settled()
    const last = (await engine.since(key, ANNA, null)).upTo
    await one.until(signs => deliveries(signs).at(-1)?.upTo === last)
    assert.deepEqual(two.signs, one.signs)
    const told = deliveries(one.signs)
    for (const [i, delivery] of told.entries()) assert.equal(delivery.after, told[i - 1]?.upTo ?? 0)
    assert.deepEqual(
      told.flatMap(delivery => delivery.events),
      (await engine.since(key, ANNA, null)).events,
    )
    assert.deepEqual(other.signs, [])
    one.unsubscribe()
    one.unsubscribe()
    const before = one.signs.length
    await engine.say(key, ANNA, message('later', 'hello'))
    await two.until(signs => deliveries(signs).at(-1)!.upTo > last) // there are some
    assert.equal(one.signs.length, before)
    two.unsubscribe()
  })

  on(
    '[RB6] [RB7] a message is taken back once, however often it is asked, and whoever listens is told what stands',
    async ({ engine, fanOut }, house) => {
      await engine.say(key, ANNA, message('m1', 'hello'))
      await house.settled()
      const here = hear(fanOut, 'c1')
      await engine.since(key, ANNA, null)
      assert.equal(await engine.recall(key, ANNA, refOf('m1')), undefined)
      await engine.recall(key, ANNA, refOf('m1'))
      await here.until(signs => deliveries(signs).length > 0)
      assert.deepEqual(
        deliveries(here.signs).map(({ stands, events }) => [stands, events]),
        [[0, []]],
      )
      assert.equal(await faultCodeOf(engine.recall(key, ANNA, refOf('m2'))), 'ROLLBACK_INVALID')
    },
  )

  on(
    '[THUMB1] [THUMB2] a reply is rated once, however often it is said, and whoever listens is told',
    async ({ engine, fanOut }, house) => {
      await engine.say(key, ANNA, message('m1', 'hello'))
      await house.settled()
      const here = hear(fanOut, 'c1')
      await engine.since(key, ANNA, null)
      assert.deepEqual(await Promise.all([1, 2].map(() => engine.rate(key, ANNA, { reply: 4, thumb: 'down' }))), [5, 5])
      assert.equal(await engine.rate(key, ANNA, { reply: 4, thumb: 'up' }), 6)
      await here.until(signs => deliveries(signs).length === 2)
      assert.deepEqual(
        deliveries(here.signs).map(({ upTo, events, thumbs }) => [upTo, events, thumbs]),
        [
          [5, [], [{ reply: 4, thumb: 'down' }]],
          [6, [], [{ reply: 4, thumb: 'up' }]],
        ],
      )
      const { epoch } = house.log
      assert.deepEqual((await engine.since(key, ANNA, { epoch, seq: 4 })).thumbs, [{ reply: 4, thumb: 'up' }])
      assert.deepEqual((await engine.since(key, ANNA, { epoch, seq: 6 })).thumbs, [])
      assert.equal(await faultCodeOf(engine.rate(key, ANNA, { reply: 2, thumb: 'up' })), 'RATING_INVALID')
      assert.equal(await faultCodeOf(engine.rate(key, asCustomerId('bert'), { reply: 4, thumb: 'up' })), 'UNKNOWN_CONVERSATION')
    },
  )

  on('marks and typing reach the others', async ({ engine, fanOut }, house) => {
    await engine.say(key, ANNA, message('m1', 'hello'))
    await house.settled()
    const here = hear(fanOut, 'c1')
    const there = hear(house.fanOut, 'c1')
    await engine.since(key, ANNA, null)
    engine.types(key, { who: 'customer' })
    await there.until(signs => signs.some(sign => sign.type === 'typing'))
    assert.equal(await engine.seen(key, 'customer', 'read', 4), undefined)
    await here.until(signs => signs.some(sign => sign.type === 'state' && sign.state.shop.read === 4))
    house.engine.types(key, { who: 'agent', name: '小李' })
    await here.until(signs => signs.some(sign => sign.type === 'typing' && sign.who === 'agent' && sign.name === '小李'))
    house.clock.pass(1_000)
    const { typing } = await engine.since(key, ANNA, null)
    assert.deepEqual(typing, [
      { who: 'customer', forMs: 4_000 },
      { who: 'agent', name: '小李', forMs: 4_000 },
    ])
    await engine.say(key, ANNA, message('m2', 'hello'))
    await house.settled()
    assert.deepEqual(
      (await engine.since(key, ANNA, null)).typing.map(({ who }) => who),
      ['agent'],
    )
    house.clock.pass(4_000)
    assert.deepEqual((await engine.since(key, ANNA, null)).typing, [])
  })
}
