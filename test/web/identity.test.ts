import assert from 'node:assert/strict'
import { test } from 'node:test'
import { customerOf, forgetOthers, scopeOf } from '@parley/web/client/identity.ts'
import { createShelf } from './fake-shop.ts'

const token = (claims: unknown): string => `e30.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`

test('the customer is read off a token; nonsense names nobody', () => {
  assert.equal(customerOf(token({ sub: 'demo-lin', note: '???>>>~~~' })), 'demo-lin')
  for (const nobody of [undefined, '', 'x', 'a.b.c', token(null), token({}), token({ sub: 7 }), token({ sub: '../x' })])
    assert.equal(customerOf(nobody), undefined)
})

test('whoever is signed in now, nothing is kept of another who was; the nameless visitor stays', () => {
  const keys = ['parley.demo.visitor', 'parley.demo.@lin.visitor', 'parley.demo.@lina.unsent.r1', 'parley.other.@lin.visitor']
  const left = (customer: string | undefined): string[] => {
    const shelf = createShelf()
    for (const key of keys) shelf.write(key, 'x')
    forgetOthers(shelf, 'demo', customer)
    return [...shelf.kept.keys()]
  }
  assert.deepEqual(left('lin'), [keys[0], keys[1], keys[3]])
  assert.deepEqual(left(undefined), [keys[0], keys[3]])
  assert.equal(scopeOf('demo', undefined), 'demo')
})
