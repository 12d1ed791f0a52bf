// Who a visitor is: two signed tokens of the shop. The visitor's is short-lived and opens sockets; the refresh token is kept by the browser and
// only buys the next visitor's token. A customer whom the shop's own backend has named, by an identity token of its own key, has one conversation
// that any device finds again.
import { createHmac, createSecretKey, type KeyObject, randomBytes } from 'node:crypto'
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
  /**
   * The customer of an identity token, with their conversation: the same on every device.
   * Faults: TOKEN_INVALID, TOKEN_EXPIRED (also when it was issued longer ago than it may live, whatever it says itself).
   */
  identify(shop: ShopId, identity: string): Promise<Visitor>
  /** The same customer's `n`th further conversation, n from 1: always the same one. */
  another(visitor: Visitor, n: number): Visitor
  issue(visitor: Visitor): Promise<{ readonly token: string; readonly expiresInMs: number; readonly refresh: string }>
  /** Faults: TOKEN_INVALID, TOKEN_EXPIRED. */
  verify(token: string, audience: 'socket' | 'refresh'): Promise<Visitor>
}

const ISSUER = 'parley'
const ALGORITHM = 'HS256'
const IDENTITY_AUDIENCE = 'parley-identity'
/** Longest life of an identity token, and how far the shop's clock may be from ours. */
const IDENTITY_SECONDS = 300
const SKEW_SECONDS = 30

export interface TokenParts {
  readonly visitorMinutes: number
  readonly refreshDays: number
  /** What the shop's own backend signs identity tokens with. */
  readonly identityKey: (shop: ShopId) => string
}

export function createTokens(secret: Uint8Array, life: TokenParts): Tokens {
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
  // None begins with a dash: on a command line it would be taken for an option.
  const newId = (): string => {
    const id = randomBytes(16).toString('base64url')
    return id.startsWith('-') ? newId() : id
  }
  /** Not to be guessed from the customer's id: an id may be a running number. */
  const conversationOf = (shop: ShopId, customer: CustomerId, n = 0): ConversationId => {
    const which = n === 0 ? '' : `:${n}`
    return asConversationId(createHmac('sha256', key).update(`conversation:${shop}:${customer}${which}`).digest('base64url').slice(0, 22))
  }
  return {
    newVisitor: shop => ({ shop, customer: asCustomerId(newId()), conversation: asConversationId(newId()) }),
    identify: (shop, identity) =>
      faultsOf(async () => {
        const { payload } = await jwtVerify(identity, new TextEncoder().encode(life.identityKey(shop)), {
          algorithms: [ALGORITHM],
          audience: IDENTITY_AUDIENCE,
          requiredClaims: ['sub', 'iat'],
          maxTokenAge: IDENTITY_SECONDS,
          clockTolerance: SKEW_SECONDS,
        })
        if (typeof payload.sub !== 'string' || !isId(payload.sub))
          throw new Fault('TOKEN_INVALID', { reason: 'its "sub" is no id of a customer: 1 to 64 of A-Z a-z 0-9 _ -' })
        const customer = asCustomerId(payload.sub)
        return { shop, customer, conversation: conversationOf(shop, customer) }
      }),
    another: ({ shop, customer }, n) => ({ shop, customer, conversation: conversationOf(shop, customer, n) }),
    async issue(visitor) {
      const seconds = life.visitorMinutes * 60
      const [token, refresh] = await Promise.all([sign(visitor, 'socket', seconds), sign(visitor, 'refresh', life.refreshDays * 86_400)])
      return { token, expiresInMs: seconds * 1000, refresh }
    },
    verify: (token, audience) =>
      faultsOf(async () => {
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
      }),
  }
}

async function faultsOf<T>(verify: () => Promise<T>): Promise<T> {
  try {
    return await verify()
  } catch (cause) {
    if (cause instanceof Fault) throw cause
    if (cause instanceof errors.JWTExpired) throw new Fault('TOKEN_EXPIRED', {}, { cause })
    throw new Fault('TOKEN_INVALID', { reason: cause instanceof errors.JOSEError ? cause.code : 'it is no token' }, { cause })
  }
}
