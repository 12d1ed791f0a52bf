// What every driver of core/ports/conversation-log.ts must do. A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chainHash, genesisHash } from '@parley/core/conversation/chain.ts'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog, Envelope, Head } from '@parley/core/ports/conversation-log.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'

export interface LogUnderTest {
  readonly log: ConversationLog
  /** Closes and opens again; undefined for a driver that keeps nothing. */
  readonly reopen?: () => Promise<ConversationLog>
  readonly remove: () => Promise<void>
}

const keyOf = (conversation: string, shop = 'demo'): ConversationKey => ({
  shop: asShopId(shop),
  conversation: asConversationId(conversation),
})
const event = (text: string, type = 'message'): Envelope => ({ v: 1, type, at: 1_700_000_000_000.5, body: new TextEncoder().encode(text) })
const textsOf = (stored: readonly Envelope[]): string[] => stored.map(e => new TextDecoder().decode(e.body))
const settled = { isUnsettled: false }

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const item of items) found.push(item)
  return found
}

export function conversationLogContract(name: string, open: () => Promise<LogUnderTest>): void {
  const on = (title: string, run: (under: LogUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await open()
      try {
        await run(under)
      } finally {
        await under.log.close()
        await under.remove()
      }
    })
  }
  const append = async (log: ConversationLog, key: ConversationKey, texts: readonly string[], options = settled): Promise<Head> =>
    log.append(
      key,
      texts.map(text => event(text)),
      (await log.head(key)).position,
      options,
    )

  on('[LOG2] an unknown conversation is empty, and its head can be expected', async ({ log }) => {
    assert.equal((await log.head(keyOf('new'))).seq, 0)
    assert.deepEqual(await log.read(keyOf('new'), 0), [])
    assert.equal((await append(log, keyOf('new'), ['a'])).seq, 1)
  })

  on('[LOG2] of a hundred appends that expect one position exactly one succeeds', async ({ log }) => {
    const key = keyOf('race')
    await append(log, key, ['first'])
    const { position } = await log.head(key)
    const outcomes = await Promise.all(
      Array.from({ length: 100 }, (_, i) => faultCodeOf(log.append(key, [event(`n${i}`), event(`m${i}`)], position, settled))),
    )
    assert.equal(outcomes.filter(code => code === 'none').length, 1)
    assert.equal(outcomes.filter(code => code === 'APPEND_CONFLICT').length, 99)
    const stored = await log.read(key, 0)
    assert.deepEqual(
      stored.map(e => e.seq),
      [1, 2, 3],
    )
    const winner = outcomes.indexOf('none')
    assert.deepEqual(textsOf(stored), ['first', `n${winner}`, `m${winner}`])
  })

  on('[LOG2] an append gives the head that the next one expects; a position of before is a conflict', async ({ log }) => {
    const key = keyOf('chain')
    const first = await log.append(key, [event('a')], (await log.head(key)).position, settled)
    const second = await log.append(key, [event('b')], first.position, settled)
    assert.deepEqual(await log.head(key), second)
    assert.equal(await faultCodeOf(log.append(key, [event('c')], first.position, settled)), 'APPEND_CONFLICT')
    assert.equal((await log.read(key, 0)).length, 2)
  })

  on('an append of nothing is a bug of the caller', async ({ log }) => {
    await assert.rejects(log.append(keyOf('none'), [], (await log.head(keyOf('none'))).position, settled), /needs an event/)
  })

  on('conversations whose names begin alike, and those of two shops, are kept apart', async ({ log }) => {
    for (const key of [keyOf('a'), keyOf('ab'), keyOf('a-'), keyOf('a', 'other')])
      await append(log, key, [`${key.shop}/${key.conversation}`])
    for (const key of [keyOf('a'), keyOf('ab'), keyOf('a-'), keyOf('a', 'other')])
      assert.deepEqual(textsOf(await log.read(key, 0)), [`${key.shop}/${key.conversation}`])
    const listed = (await all(log.conversations())).map(key => `${key.shop}/${key.conversation}`)
    assert.deepEqual(new Set(listed), new Set(['demo/a', 'demo/a-', 'demo/ab', 'other/a']))
  })

  on('the driver copies: what the caller changes afterwards changes nothing', async ({ log }) => {
    const key = keyOf('copies')
    const mine = event('before')
    const appending = log.append(key, [mine], (await log.head(key)).position, settled)
    mine.body.fill(0)
    await appending
    const read = await log.read(key, 0)
    assert.deepEqual(textsOf(read), ['before'])
    read[0]!.body.fill(0) // it was read in the line above
    assert.deepEqual(textsOf(await log.read(key, 0)), ['before'])
  })

  on('an event keeps all that was stored of it, also a body of a megabyte', async ({ log }) => {
    const key = keyOf('big')
    const big: Envelope = { v: 7, type: 'decided', at: 0.125, body: new Uint8Array(1024 * 1024).map((_, i) => i % 251) }
    await log.append(key, [big, event('', 'empty')], (await log.head(key)).position, settled)
    const [stored, empty] = await log.read(key, 0)
    assert.deepEqual([stored?.v, stored?.type, stored?.at, stored?.seq], [7, 'decided', 0.125, 1])
    assert.ok(Buffer.from(stored!.body).equals(Buffer.from(big.body))) // stored above
    assert.equal(empty?.body.length, 0)
  })

  on('[LOG3] the hashes are those of core/conversation/chain.ts', async ({ log }) => {
    const key = keyOf('hashes')
    await append(log, key, ['a', 'b', 'c'])
    let hash = genesisHash(key)
    for (const stored of await log.read(key, 0)) {
      hash = chainHash(hash, stored.seq, stored)
      assert.deepEqual(Buffer.from(stored.hash), Buffer.from(hash))
    }
    assert.deepEqual(textsOf(await log.read(key, 1)), ['b', 'c'])
    assert.deepEqual(await log.read(key, 3), [])
    assert.deepEqual(await log.read(key, 99), [])
  })

  on('[LOG5] unsettled names exactly the conversations whose last append said so', async ({ log }) => {
    await append(log, keyOf('one'), ['a'], { isUnsettled: true })
    await append(log, keyOf('two'), ['a'], { isUnsettled: true })
    await append(log, keyOf('two'), ['b'], { isUnsettled: false })
    await append(log, keyOf('three'), ['a'])
    assert.deepEqual(await all(log.unsettled()), [keyOf('one')])
  })

  on('[LOG1] [LOG4] [LOG5] what was appended is there after opening again, with the same epoch', async ({ log, reopen }) => {
    if (!reopen) return
    const { epoch } = log
    await append(log, keyOf('kept'), ['a', 'b'], { isUnsettled: true })
    const again = await reopen()
    assert.equal(again.epoch, epoch)
    assert.deepEqual(textsOf(await again.read(keyOf('kept'), 0)), ['a', 'b'])
    assert.deepEqual(await all(again.unsettled()), [keyOf('kept')])
    assert.equal((await append(again, keyOf('kept'), ['c'])).seq, 3)
    await again.close()
  })

  on('closing waits for appends under way; afterwards everything is refused', async ({ log }) => {
    const key = keyOf('closing')
    const { position } = await log.head(key)
    const appending = log.append(key, [event('last')], position, settled)
    await log.close()
    assert.equal((await appending).seq, 1)
    await assert.rejects(log.append(key, [event('after')], position, settled), /closed/)
    await assert.rejects(log.read(key, 0), /closed/)
  })

  on('[LOG2] random appends by many writers agree with a plain array (40 seeds)', async ({ log }) => {
    for (let seed = 1; seed <= 40; seed++) {
      const random = createRandom(seed)
      const model = new Map<string, string[]>()
      const writers = Array.from({ length: 6 }, async (_, w) => {
        for (let i = 0; i < 5; i++) {
          const id = `s${seed}c${Math.floor(random() * 3)}`
          const texts = Array.from({ length: 1 + Math.floor(random() * 3) }, (_unused, n) => `${w}-${i}-${n}`)
          const { position } = await log.head(keyOf(id))
          const code = await faultCodeOf(
            log
              .append(
                keyOf(id),
                texts.map(text => event(text)),
                position,
                settled,
              )
              .then(() => model.set(id, [...(model.get(id) ?? []), ...texts])),
          )
          assert.ok(code === 'none' || code === 'APPEND_CONFLICT', `seed ${seed}: ${code}`)
        }
      })
      await Promise.all(writers)
      for (const [id, texts] of model) assert.deepEqual(textsOf(await log.read(keyOf(id), 0)), texts, `seed ${seed}`)
    }
  })
}
