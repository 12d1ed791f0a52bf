// What one erasure costs where there are many keys: the store of the keys is rewritten whole. Prints JSON.
//   node bin/launch.mjs --run bench/erasure.ts [CONVERSATIONS] [AT ONCE]
import { rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import { openLmdbVault, storeInForce } from '@parley/server/drivers/vault.lmdb.ts'
import { erasureOf } from '../test/erasure-of.ts'
import { machine } from './machine.ts'

const [conversations = 100_000, atOnce = 100] = process.argv.slice(2).map(Number)
const folder = join(tmpdir(), `parley-bench-erasure-${process.pid}`)
const keyOf = (i: number): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(`conversation-${i}-0123456789`) })
const customerOf = (i: number) => asCustomerId(`customer-${i}-0123456789`)

const vault = await openLmdbVault(folder)
const ms = async (work: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await work()
  return Math.round(performance.now() - began)
}
let longestPause = 0
let ticked = performance.now()
const watch = setInterval(() => {
  longestPause = Math.max(longestPause, performance.now() - ticked)
  ticked = performance.now()
}, 5)

try {
  const fillMs = await ms(async () => {
    for (let i = 0; i < conversations; i += 1_000)
      await Promise.all(Array.from({ length: 1_000 }, (_, j) => vault.cipher(keyOf(i + j), customerOf(i + j))))
  })
  const erase = (i: number) => vault.destroy(erasureOf(`e${i}`, [keyOf(i).conversation]))
  longestPause = 0
  const one: number[] = []
  for (let i = 0; i < 5; i++) one.push(await ms(() => erase(i)))
  const pauseMs = Math.round(longestPause)
  // Whoever comes new while an erasure goes on.
  const erasing = erase(10)
  const newcomerMs = await ms(() => vault.cipher(keyOf(conversations + 1), customerOf(1)))
  await erasing
  const manyMs = await ms(() => Promise.all(Array.from({ length: atOnce }, (_, i) => erase(1_000 + i))))
  const listMs = await ms(() => vault.conversationsOf(asShopId('demo'), customerOf(99)))
  const megabytes = Math.round(statSync(join(folder, storeInForce(folder), 'data.mdb')).size / 2 ** 20)
  console.log(
    JSON.stringify({
      ...machine(),
      conversations,
      megabytes,
      fillMs,
      oneMs: one,
      longestPauseMs: pauseMs,
      newcomerMs,
      atOnce,
      manyMs,
      listMs,
    }),
  )
} finally {
  clearInterval(watch)
  await vault.close()
  rmSync(folder, { recursive: true, force: true })
}
