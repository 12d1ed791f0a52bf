// What every store of webhooks must do (server/webhooks/webhook-store.ts). A driver's test hands in how to open it.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { Delivery, WebhookStore } from '@parley/server/webhooks/webhook-store.ts'
import { until } from './jobs.ts'

export interface WebhookStoreUnderTest {
  readonly store: WebhookStore
  /** Opens it again after it was closed. */
  reopen(): Promise<WebhookStore>
  /** Another store, empty, of the same kind. */
  empty(): Promise<WebhookStore>
  /** Closes what was opened, and removes it. */
  remove(): Promise<void>
}

const keyOf = (conversation: string): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(conversation) })
const delivery = (hook: string, seq: number, outcome: Delivery['outcome'] = 'delivered'): Delivery => ({
  ...keyOf('c1'),
  hook,
  seq,
  type: 'reply.sent',
  at: seq,
  attempt: 1,
  status: 200,
  error: null,
  ms: 1,
  outcome,
})

export function webhookStoreContract(name: string, make: () => Promise<WebhookStoreUnderTest>): void {
  const on = (title: string, run: (under: WebhookStoreUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await make()
      try {
        await run(under)
      } finally {
        await under.remove()
      }
    })
  }

  on(
    '[HOOK3] a cursor is one webhook’s in one conversation, moves on alone, and is there after opening again',
    async ({ store, reopen }) => {
      assert.equal(await store.cursor('wh_1', keyOf('c1')), undefined)
      await store.keep(delivery('wh_1', 7), 7)
      await store.keep(delivery('wh_1', 9)) // it comes again
      assert.equal(await store.cursor('wh_1', keyOf('c1')), 7)
      await store.pass('wh_1', keyOf('c1'), 5)
      assert.equal(await store.cursor('wh_1', keyOf('c1')), 7, 'a cursor never moves back')
      await Promise.all([12, 10, 8, 11].map(seq => store.pass('wh_1', keyOf('c1'), seq)))
      assert.equal(await store.cursor('wh_1', keyOf('c1')), 12)
      assert.deepEqual([await store.cursor('wh_2', keyOf('c1')), await store.cursor('wh_1', keyOf('c2'))], [undefined, undefined])
      await store.close()
      const again = await reopen()
      assert.equal(await again.cursor('wh_1', keyOf('c1')), 12)
      assert.equal(again.deliveries('wh_1', 10).length, 2)
    },
  )

  on('[HOOK3] of a webhook the last 1,000 deliveries are kept, newest first, beside those of another', async ({ store, reopen }) => {
    await Promise.all(Array.from({ length: 1_010 }, (_, i) => store.keep(delivery('wh_1', i + 1))))
    await store.keep(delivery('wh_2', 1, 'given-up'))
    const check = (of: WebhookStore): void => {
      const kept = of.deliveries('wh_1', 5_000)
      assert.deepEqual([kept.length, kept[0]?.seq, kept.at(-1)?.seq], [1_000, 1_010, 11])
      assert.deepEqual(of.deliveries('wh_2', 5_000), [delivery('wh_2', 1, 'given-up')])
      assert.deepEqual(
        of.deliveries('wh_1', 3).map(({ seq }) => seq),
        [1_010, 1_009, 1_008],
      )
    }
    check(store)
    await store.close()
    const again = await reopen()
    check(again)
    await Promise.all(Array.from({ length: 90 }, (_, i) => again.keep(delivery('wh_1', i + 1_011))))
    const kept = again.deliveries('wh_1', 5_000)
    assert.deepEqual([kept.length, kept[0]?.seq, kept.at(-1)?.seq], [1_000, 1_100, 101])
  })

  on('[HOOK4] which are off is kept until they are switched on', async ({ store, reopen }) => {
    assert.equal(store.offSince('wh_1'), undefined)
    await store.switchOff('wh_1', 5)
    await store.switchOff('wh_2', 6)
    await store.switchOff('wh_2', null)
    assert.deepEqual([store.offSince('wh_1'), store.offSince('wh_2')], [5, undefined])
    await store.close()
    const again = await reopen()
    assert.deepEqual([again.offSince('wh_1'), again.offSince('wh_2')], [5, undefined])
  })

  on('[HOOK3] what one store has kept another takes, also twice', async ({ store, empty }) => {
    await store.keep(delivery('wh_1', 1), 1)
    await store.keep(delivery('wh_1', 2, 'given-up'), 2)
    await store.pass('wh_2', keyOf('c2'), 4)
    await store.switchOff('wh_2', 6)
    const other = await empty()
    for (let i = 0; i < 2; i++) {
      await other.take(await store.all())
      assert.deepEqual(
        [await other.cursor('wh_1', keyOf('c1')), await other.cursor('wh_2', keyOf('c2')), other.offSince('wh_2')],
        [2, 4, 6],
      )
      await until(() => other.deliveries('wh_1', 10).length === 2)
      assert.deepEqual(other.deliveries('wh_1', 10), store.deliveries('wh_1', 10))
    }
    const sorted = async (of: WebhookStore) => (await of.all()).cursors.toSorted((a, b) => (a.hook < b.hook ? -1 : 1))
    assert.deepEqual(await sorted(other), await sorted(store))
  })
}
