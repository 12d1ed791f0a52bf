// The replicated log holds to what the embedded one does, on three real servers.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { conversationLogContract } from '../contracts/conversation-log.ts'
import { replicatedLog } from './log-under-test.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

if (noNats) test('the contract of the log', { skip: noNats }, () => {})
else {
  const cluster = await startNatsCluster()
  after(() => cluster.remove())
  conversationLogContract('jetstream', async () => {
    const node = replicatedLog(cluster, 2)
    const folder = node.folder()
    const log = await node.open(folder, { node: 'n-one' })
    return {
      log,
      openNode: name => node.open(undefined, { node: name }),
      async reopen() {
        await log.close()
        return node.open(folder, { node: 'n-one' })
      },
      async remove() {
        await node.remove()
        assert.deepEqual(node.broken, [])
      },
    }
  })
}
