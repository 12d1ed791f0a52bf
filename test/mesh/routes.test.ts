import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asShopId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Mesh } from '@parley/core/ports/mesh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { faultCodeOf } from '../fault-code.ts'
import { opening, patience, query, SHOP } from './questions.ts'

const OTHER = asShopId('other')
const source = (value: string): Mesh => ({
  facts: async names => Object.fromEntries(names.map(name => [name, { isKnown: true, value } as const])),
})
const provider = (done: string): Effects => ({
  has: (_shop, name) => name === done,
  run: async () => ({ state: 'done', result: { done } }),
})

test('facts of a shop come from its own source; without one they are unknown, of no source', async () => {
  const mesh = createMesh(
    new Map([
      [SHOP, source('ours')],
      [OTHER, source('theirs')],
    ]),
  )
  assert.deepEqual(await mesh.facts(['order'], query('c'), patience()), { order: { isKnown: true, value: 'ours' } })
  assert.deepEqual(await mesh.facts(['order'], { ...query('c'), shop: OTHER }, patience()), { order: { isKnown: true, value: 'theirs' } })
  assert.deepEqual(await mesh.facts(['order', 'refund'], { ...query('c'), shop: asShopId('third') }, patience()), {
    order: { isKnown: false, source: null, reason: 'no source is configured' },
    refund: { isKnown: false, source: null, reason: 'no source is configured' },
  })
})

test('effects of a shop are done by its own provider; without one there are none', async () => {
  const effects = createEffects(
    new Map([
      [SHOP, provider('ours')],
      [OTHER, provider('theirs')],
    ]),
  )
  assert.deepEqual([effects.has(SHOP, 'ours'), effects.has(SHOP, 'theirs'), effects.has(asShopId('third'), 'ours')], [true, false, false])
  assert.deepEqual(await effects.run({ ...opening('k', 'c', {}), shop: OTHER }, patience()), { state: 'done', result: { done: 'theirs' } })
  assert.equal(await faultCodeOf(effects.run({ ...opening('k', 'c', {}), shop: asShopId('third') }, patience())), 'SOURCE_UNAVAILABLE')
})
