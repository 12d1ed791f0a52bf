// Who a visitor is: two signed tokens of the shop. The visitor's is short-lived and opens sockets; the refresh token is kept by the browser and
// only buys the next visitor's token.
import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationId, type CustomerId, isId, type ShopId } from '@parley/core/ids.ts'
import { errors, jwtVerify, SignJWT } from 'jose'

export interface Visitor {
  readonly shop: ShopId
  readonly customer: CustomerId
  readonly conversation: ConversationId
}

export interface Tokens {
  /** A visitor never seen before. */
  newVisitor(shop: ShopId): Visitor
  issue(visitor: Visitor): Promise<{ readonly token: string; readonly expiresInMs: number; readonly refresh: string }>
  /** Faults: TOKEN_INVALID, TOKEN_EXPIRED. */
  verify(token: string, audience: 'socket' | 'refresh'): Promise<Visitor>
}

const ISSUER = 'parley'
const ALGORITHM = 'HS256'

export function createTokens(secret: Uint8Array, life: { readonly visitorMinutes: number; readonly refreshDays: number }): Tokens {
  const key: KeyObject = createSecretKey(secret)
  const sign = (visitor: Visitor, audience: string, seconds: number): Promise<string> =>
    new SignJWT({ shop: visitor.shop, conversation: visitor.conversation })
      .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
      .setIssuer(ISSUER)
      .setAudience(audience)
      .setSubject(visitor.customer)
      .setIssuedAt()
      .setExpirationTime(Math.floor(Date.now() / 1000) + seconds)
      .sign(key)
  const newId = (): string => randomBytes(16).toString('base64url')
  return {
    newVisitor: shop => ({ shop, customer: asCustomerId(newId()), conversation: asConversationId(newId()) }),
    async issue(visitor) {
      const seconds = life.visitorMinutes * 60
      const [token, refresh] = await Promise.all([sign(visitor, 'socket', seconds), sign(visitor, 'refresh', life.refreshDays * 86_400)])
      return { token, expiresInMs: seconds * 1000, refresh }
    },
    async verify(token, audience) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience,
          requiredClaims: ['sub', 'exp'],
        })
        const { sub, shop, conversation } = payload
        if (
          typeof sub !== 'string' ||
          typeof shop !== 'string' ||
          typeof conversation !== 'string' ||
          ![sub, shop, conversation].every(isId)
        ) {
          throw new Fault('TOKEN_INVALID', { reason: 'it names no visitor' })
        }
        return { shop: asShopId(shop), customer: asCustomerId(sub), conversation: asConversationId(conversation) }
      } catch (cause) {
        if (cause instanceof Fault) throw cause
        if (cause instanceof errors.JWTExpired) throw new Fault('TOKEN_EXPIRED', {}, { cause })
        throw new Fault('TOKEN_INVALID', { reason: cause instanceof errors.JOSEError ? cause.code : 'it is no token' }, { cause })
      }
    },
  }
}
