// The store of webhooks that nodes share, on three real servers: the contract of the embedded one, and two nodes beside each other.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { asConversationId, asShopId, type Epoch } from '@parley/core/ids.ts'
import { openNats } from '@parley/server/drivers/nats.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { openSharedWebhookStore } from '@parley/server/shared-records.ts'
import type { Delivery, WebhookStore } from '@parley/server/webhooks/webhook-store.ts'
import { until } from '../contracts/jobs.ts'
import { webhookStoreContract } from '../contracts/webhook-store.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

if (noNats) test('the store of webhooks that nodes share', { skip: noNats }, () => {})
else {
  const cluster = await startNatsCluster()
  const folder = temporaryFolder()
  const secret = loadOrMakeSecret(folder.path)
  after(async () => {
    await cluster.remove()
    folder.remove()
  })
  let made = 0

  function house() {
    const closers: (() => Promise<void>)[] = []
    const broken: unknown[] = []
    const name = `house${++made}`
    return {
      async open(node: string, of = name, epoch = 'e1'): Promise<WebhookStore> {
        const nats = await openNats({ servers: cluster.urls, monitors: cluster.monitors })
        closers.push(() => nats.close())
        const parts = { nats, log: { name: of, replicas: 3 as const }, secret, broke: (error: unknown) => broken.push(error) }
        const store = await openSharedWebhookStore(parts, node, epoch as Epoch)
        closers.push(() => store.close())
        return store
      },
      async remove() {
        for (const close of closers.reverse()) await close()
        assert.deepEqual(broken, [])
      },
    }
  }
  webhookStoreContract('jetstream', async () => {
    const { open, remove } = house()
    const other = `other${made}`
    return { store: await open('n-1'), reopen: () => open('n-1'), empty: () => open('n-1', other), remove }
  })

  test('[HOOK8] what one node is told of a webhook the others know, and of two who move a cursor none moves it back', async t => {
    const { open, remove } = house()
    t.after(remove)
    const [one, two] = [await open('n-1'), await open('n-2')]
    const key = { shop: asShopId('demo'), conversation: asConversationId('c1') }
    const told = (seq: number): Delivery => ({
      ...key,
      hook: 'wh_1',
      seq,
      type: 'reply.sent',
      at: seq,
      attempt: 1,
      status: 200,
      error: null,
      ms: 1,
      outcome: 'delivered',
    })
    await Promise.all(Array.from({ length: 30 }, (_, i) => [one, two][i % 2]!.keep(told(i + 1), i + 1)))
    assert.deepEqual([await one.cursor('wh_1', key), await two.cursor('wh_1', key)], [30, 30])
    for (const store of [one, two]) {
      await until(() => store.deliveries('wh_1', 100).length === 30)
      assert.deepEqual(
        store.deliveries('wh_1', 100).map(({ seq }) => seq),
        Array.from({ length: 30 }, (_, i) => 30 - i),
      )
    }
    await one.switchOff('wh_1', 7)
    await until(() => two.offSince('wh_1') === 7)
    const restored = await open('n-3', undefined, 'e2')
    assert.equal(await restored.cursor('wh_1', key), undefined, 'in another life of the log a seq may stand for another event')
  })
}
