// A person's session as a signed token, for one page: the desk's token is none of the studio's. It says whose it is and after how many endings it began; whether it still stands, the account says.
import { createSecretKey, type KeyObject } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import { isId } from '@parley/core/ids.ts'
import { errors, jwtVerify, SignJWT } from 'jose'
import { z } from 'zod'
import type { ActiveAccount } from './account.ts'

export interface Session {
  readonly agent: AgentId
  readonly shop: string
  readonly endings: number
}

export interface SessionTokens {
  issue(account: ActiveAccount): Promise<string>
  /** Faults: TOKEN_INVALID, TOKEN_EXPIRED. */
  verify(token: string): Promise<Session>
}

/** A shift, and no second one. */
export const SESSION_SECONDS = 12 * 60 * 60

const ISSUER = 'parley'
const ALGORITHM = 'HS256'

const Claims = z.object({
  sub: z.custom<AgentId>(value => typeof value === 'string' && isId(value)),
  shop: z.string().refine(isId),
  endings: z.int().min(0),
})

export function createSessionTokens(secret: Uint8Array, audience: 'desk' | 'studio'): SessionTokens {
  const key: KeyObject = createSecretKey(secret)
  return {
    issue: ({ id, shop, endings }) =>
      new SignJWT({ shop, endings })
        .setProtectedHeader({ alg: ALGORITHM, typ: 'JWT' })
        .setIssuer(ISSUER)
        .setAudience(audience)
        .setSubject(id)
        .setIssuedAt()
        .setExpirationTime(Math.floor(Date.now() / 1000) + SESSION_SECONDS)
        .sign(key),
    async verify(token) {
      try {
        const { payload } = await jwtVerify(token, key, {
          algorithms: [ALGORITHM],
          issuer: ISSUER,
          audience,
          requiredClaims: ['sub', 'iat', 'exp'],
        })
        const claims = Claims.safeParse(payload)
        if (!claims.success) throw new Fault('TOKEN_INVALID', { reason: 'it names no agent' })
        return { agent: claims.data.sub, shop: claims.data.shop, endings: claims.data.endings }
      } catch (cause) {
        if (cause instanceof Fault) throw cause
        if (cause instanceof errors.JWTExpired) throw new Fault('TOKEN_EXPIRED', {}, { cause })
        throw new Fault('TOKEN_INVALID', { reason: cause instanceof errors.JOSEError ? cause.code : 'it is no token' }, { cause })
      }
    },
  }
}
