import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asShopId } from '@parley/core/ids.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { SignJWT } from 'jose'
import { faultCodeOf } from '../fault-code.ts'

const secret = new Uint8Array(32).fill(7)
const tokens = createTokens(secret, { visitorMinutes: 5, refreshDays: 90 })
const sign = (
  claims: Record<string, unknown>,
  options: { key?: Uint8Array; audience?: string; issuer?: string; expires?: number } = {},
): Promise<string> =>
  new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(options.issuer ?? 'parley')
    .setAudience(options.audience ?? 'socket')
    .setExpirationTime(options.expires ?? Math.floor(Date.now() / 1000) + 60)
    .sign(options.key ?? secret)

test('[RT5] a visitor is known again by both tokens, each for its own use', async () => {
  const visitor = tokens.newVisitor(asShopId('demo'))
  const issued = await tokens.issue(visitor)
  assert.deepEqual(await tokens.verify(issued.token, 'socket'), visitor)
  assert.deepEqual(await tokens.verify(issued.refresh, 'refresh'), visitor)
  assert.equal(await faultCodeOf(tokens.verify(issued.token, 'refresh')), 'TOKEN_INVALID')
  assert.equal(await faultCodeOf(tokens.verify(issued.refresh, 'socket')), 'TOKEN_INVALID')
})

test('[RT5] expired, forged, foreign and crooked tokens are refused', async () => {
  const good = { sub: 'anna', shop: 'demo', conversation: 'c1' }
  for (const [token, code] of [
    [await sign(good), 'none'],
    [await sign(good, { expires: 1 }), 'TOKEN_EXPIRED'],
    [await sign(good, { key: new Uint8Array(32).fill(8) }), 'TOKEN_INVALID'],
    [await sign(good, { issuer: 'somebody' }), 'TOKEN_INVALID'],
    [await sign({ ...good, sub: '../../etc' }), 'TOKEN_INVALID'],
    [await sign({ shop: 'demo', conversation: 'c1' }), 'TOKEN_INVALID'],
    [await sign({ ...good, conversation: 7 }), 'TOKEN_INVALID'],
    ['', 'TOKEN_INVALID'],
  ] as const) {
    assert.equal(await faultCodeOf(tokens.verify(token, 'socket')), code)
  }
})
