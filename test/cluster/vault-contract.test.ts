// The keys on NATS hold to what those in a data folder do, on three real servers.
import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import { vaultContract } from '../contracts/vault.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'
import { replicatedVault } from './vault-under-test.ts'

if (noNats) test('the contract of the keys', { skip: noNats }, () => {})
else {
  const cluster = await startNatsCluster()
  after(() => cluster.remove())
  vaultContract('nats', async () => {
    const node = replicatedVault(cluster)
    return {
      vault: await node.open(),
      async remove() {
        await node.remove()
        assert.deepEqual(node.broken, [])
      },
    }
  })
}
