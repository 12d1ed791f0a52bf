import assert from 'node:assert/strict'
import { test } from 'node:test'
import { asShopId } from '@parley/core/ids.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { SignJWT } from 'jose'
import { faultCodeOf } from '../fault-code.ts'

const secret = new Uint8Array(32).fill(7)
const tokens = createTokens(secret, { visitorMinutes: 5, refreshDays: 90, identityKey: shop => `key of ${shop}` })
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

test('an id that is made never begins with a dash, which a command line takes for an option', () => {
  for (let i = 0; i < 500; i++) {
    const { customer, conversation } = tokens.newVisitor(asShopId('demo'))
    assert.match(`${customer} ${conversation}`, /^[^-]\S* [^-]/)
  }
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

const name = (
  claims: Record<string, unknown>,
  options: { key?: string; audience?: string; issued?: number; expires?: number } = {},
): Promise<string> => {
  const token = new SignJWT(claims)
    .setProtectedHeader({ alg: 'HS256' })
    .setAudience(options.audience ?? 'parley-identity')
    .setIssuedAt(options.issued ?? Math.floor(Date.now() / 1000))
  if (options.expires !== undefined) token.setExpirationTime(options.expires)
  return token.sign(new TextEncoder().encode(options.key ?? 'key of demo'))
}

test('[RT5] a customer whom the shop has named has one conversation, nobody else has it, and it does not follow from the id', async () => {
  const demo = asShopId('demo')
  const lin = await tokens.identify(demo, await name({ sub: 'lin' }))
  assert.deepEqual(lin, { shop: 'demo', customer: 'lin', conversation: lin.conversation })
  assert.deepEqual(await tokens.identify(demo, await name({ sub: 'lin' })), lin)
  const issued = await tokens.issue(lin)
  assert.deepEqual(await tokens.verify(issued.refresh, 'refresh'), lin)
  const kim = await tokens.identify(demo, await name({ sub: 'kim' }))
  const elsewhere = await tokens.identify(asShopId('other'), await name({ sub: 'lin' }, { key: 'key of other' }))
  const otherHouse = createTokens(new Uint8Array(32).fill(9), { visitorMinutes: 5, refreshDays: 90, identityKey: shop => `key of ${shop}` })
  const afar = await otherHouse.identify(demo, await name({ sub: 'lin' }))
  assert.equal(new Set([lin, kim, elsewhere, afar].map(({ conversation }) => conversation)).size, 4)
})

test('[RT5] an identity token that is forged, old, from the future, for something else or for nobody is refused', async () => {
  const now = Math.floor(Date.now() / 1000)
  const unsigned = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${Buffer.from(JSON.stringify({ aud: 'parley-identity', sub: 'lin', iat: now })).toString('base64url')}.`
  for (const [token, code] of [
    [await name({ sub: 'lin' }), 'none'],
    [await name({ sub: 'lin' }, { issued: now - 310 }), 'none'], // a clock may be a little off
    [await name({ sub: 'lin' }, { issued: now - 400 }), 'TOKEN_EXPIRED'],
    [await name({ sub: 'lin' }, { issued: now - 400, expires: now + 9_999 }), 'TOKEN_EXPIRED'],
    [await name({ sub: 'lin' }, { expires: now - 60 }), 'TOKEN_EXPIRED'],
    [await name({ sub: 'lin' }, { issued: now + 400 }), 'TOKEN_INVALID'],
    [await name({ sub: 'lin' }, { key: 'key of other' }), 'TOKEN_INVALID'],
    [await name({ sub: 'lin' }, { audience: 'socket' }), 'TOKEN_INVALID'],
    [await name({ sub: '../../etc' }), 'TOKEN_INVALID'],
    [await name({}), 'TOKEN_INVALID'],
    [(await tokens.issue(tokens.newVisitor(asShopId('demo')))).token, 'TOKEN_INVALID'],
    [unsigned, 'TOKEN_INVALID'],
    ['', 'TOKEN_INVALID'],
  ] as const) {
    assert.equal(await faultCodeOf(tokens.identify(asShopId('demo'), token)), code, token)
  }
  assert.equal(await faultCodeOf(tokens.verify(await name({ sub: 'lin' }), 'socket')), 'TOKEN_INVALID')
})
