// The fan-out of one process holds to the contract.
import assert from 'node:assert/strict'
import { createLocalFanOut } from '@parley/server/drivers/fan-out.local.ts'
import { fanOutContract } from './fan-out.ts'

fanOutContract('local', async () => {
  const broken: unknown[] = []
  return {
    nodes: [createLocalFanOut(error => broken.push(error))],
    broken,
    settled: async () => {},
    remove: async () => assert.deepEqual(broken, []),
  }
})
