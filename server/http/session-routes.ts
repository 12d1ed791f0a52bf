// How a person signs in at a page, stays signed in and signs out: POST, GET and DELETE of one address. A request that another site's page could send by
// itself (a form, a plain text) is refused: JSON alone is read, and an origin must be this server's own.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { stringifySetCookie } from 'cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { foldName, nameFrom } from '../accounts/agent-name.ts'
import { checkOrigin } from '../accounts/own-origin.ts'
import { SESSION_SECONDS } from '../accounts/session-tokens.ts'
import type { Sessions, SignedIn } from '../accounts/sessions.ts'
import { createBuckets } from '../realtime/buckets.ts'
import { checked } from './operator-gate.ts'

/** Whom it lets try. Faults: RATE_LIMITED. */
export type SignInLimit = (address: string, shop: string, name: string) => void

export interface SessionRouteParts {
  readonly sessions: Sessions
  readonly limit: SignInLimit
  /** Such as `/v1/desk`; the session is at `/session` below it, and the cookie goes there alone. */
  readonly path: string
  readonly cookie: string
  readonly view: (person: SignedIn) => object
}

/** Tries at one name: so many at once, then one a minute. */
const TRIES = 10
const BODY_BYTES = 16 * 1024

const SignIn = z.strictObject({ shop: z.string().max(64), name: z.string().max(200), password: z.string().max(4_000) })

/** One for all pages: who guesses at two of them guesses no more often. */
export function limitSignIns(signInsPerMinute: number, clock: Clock): SignInLimit {
  const byAddress = createBuckets(signInsPerMinute, signInsPerMinute / 60)
  const byName = createBuckets(TRIES, 1 / 60)
  return (address, shop, name) => {
    const now = clock.monotonic()
    const retryAfterMs = byAddress.take(address, now) || byName.take(`${shop}/${foldName(nameFrom(name) ?? '')}`, now)
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
  }
}

/** For routes that a session opens: nothing is kept by the browser, JSON alone is read, no other site's page is heard. */
export function protect(scope: FastifyInstance): void {
  scope.removeContentTypeParser('text/plain')
  scope.addHook('onRequest', async (request, reply) => {
    reply.header('cache-control', 'no-store')
    checkOrigin(request.headers.origin, request.host)
  })
}

export function registerSessionRoutes(http: FastifyInstance, { sessions, limit, path, cookie, view }: SessionRouteParts): void {
  const personOf = (request: FastifyRequest): Promise<SignedIn> =>
    sessions.personOf(request.headers.cookie, request.headers.origin, request.host)

  /** Without a token the browser forgets the one it has. */
  function setCookie(request: FastifyRequest, reply: FastifyReply, token?: string): void {
    const text = stringifySetCookie({
      name: cookie,
      value: token ?? '',
      maxAge: token === undefined ? 0 : SESSION_SECONDS,
      path,
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
    })
    reply.header('set-cookie', text)
  }

  http.register(async scope => {
    protect(scope)
    scope.post(`${path}/session`, { bodyLimit: BODY_BYTES }, async (request, reply) => {
      const { shop, name, password } = checked(SignIn, request.body)
      limit(request.ip, shop, name)
      const { person, token } = await sessions.begin(shop, name, password)
      setCookie(request, reply, token)
      return view(person)
    })
    scope.get(`${path}/session`, async request => view(await personOf(request)))
    scope.delete(`${path}/session`, async (request, reply) => {
      try {
        await sessions.end(await personOf(request))
      } catch (error) {
        if (!isFault(error)) throw error // whoever has no session has nothing to end
      }
      setCookie(request, reply)
      return reply.code(204).send()
    })
  })
}
