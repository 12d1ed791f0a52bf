// The embedded store of webhooks under the contract; test/cluster/webhook-store.test.ts has the one that nodes share.
import { join } from 'node:path'
import { openLmdbWebhookStore } from '@parley/server/drivers/webhook-store.lmdb.ts'
import type { WebhookStore } from '@parley/server/webhooks/webhook-store.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { webhookStoreContract } from './webhook-store.ts'

webhookStoreContract('lmdb', async () => {
  const folder = temporaryFolder()
  const opened: WebhookStore[] = []
  const open = async (name: string): Promise<WebhookStore> => {
    const store = await openLmdbWebhookStore(join(folder.path, name))
    opened.push(store)
    return store
  }
  return {
    store: await open('one'),
    reopen: () => open('one'),
    empty: () => open('other'),
    async remove() {
      for (const store of opened) await store.close()
      folder.remove()
    },
  }
})
