// Whom the demo shop takes a visitor for.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { shopData } from '@parley/demo-shop/shop-data.ts'
import { shopperOf } from '@parley/demo-shop/shopper.ts'
import { TODAY } from './questions.ts'

test('a customer of the demo shop is who they are; a stranger is always the same one of the five hundred', () => {
  const ids = new Set(shopData(TODAY).customers.map(({ id }) => id))
  for (const id of ids) assert.equal(shopperOf(id), id)
  const seen = new Set<string>()
  for (let i = 0; i < 400; i++) {
    const shopper = shopperOf(`visitor-${i}`)
    assert.equal(shopperOf(`visitor-${i}`), shopper)
    assert.match(shopper, /^shopper-\d{3}$/, 'nobody is taken for a documented customer')
    assert.ok(ids.has(shopper), shopper)
    seen.add(shopper)
  }
  assert.ok(seen.size > 200, `${seen.size} different shoppers`)
  for (const id of ['shopper-000', 'shopper-501', 'shopper-1', 'demo-wang', '1234', '']) assert.ok(ids.has(shopperOf(id)), id)
})
