// Nodes are stopped in order and started again, one after another, while customers and agents are on all of them.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { playCampaign } from './campaign.ts'
import { lineOf } from './faults-suite.ts'
import { noHouse } from './house-of-nodes.ts'

const IS_FULL = process.env.PARLEY_TEST_FULL !== undefined

test('[RT14] [RT15] [TURN1] [TURN2] a rolling restart of three nodes loses, doubles and leaves undecided nothing; everybody is served all along', {
  skip: noHouse,
  timeout: IS_FULL ? 3_600_000 : 300_000,
}, async t => {
  const seed = Number(process.env.PARLEY_SEED ?? Math.floor(Math.random() * 1e9))
  const row = await playCampaign({ fault: 'a rolling restart of all Parley nodes', nodes: 3, rounds: IS_FULL ? 20 : 1, seed })
  assert.deepEqual(row.complaints, [], `seed ${seed}`)
  assert.deepEqual([row.lost, row.doubled], [0, 0])
  t.diagnostic(`${lineOf([row])}; seed ${seed}`)
})
