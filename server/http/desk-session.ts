// How an agent signs in, stays signed in and signs out: /v1/desk/session. A request that another site's page could send by
// itself (a form, a plain text) is refused: JSON alone is read, and an origin must be this server's own.
import { Fault, isFault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { stringifySetCookie } from 'cookie'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { z } from 'zod'
import { foldName, nameFrom } from '../accounts/agent-name.ts'
import { DESK_COOKIE, type DeskAgent, type DeskSessions } from '../accounts/desk-sessions.ts'
import { checkOrigin } from '../accounts/own-origin.ts'
import { SESSION_SECONDS } from '../accounts/session-tokens.ts'
import { createBuckets } from '../realtime/buckets.ts'

export interface DeskSessionParts {
  readonly deskSessions: DeskSessions
  readonly clock: Clock
  /** What each shop is called, by id; may be empty. */
  readonly shopNames: ReadonlyMap<string, string>
  /** Sign-ins from one address in a minute. */
  readonly signInsPerMinute: number
}

/** Tries at one name: so many at once, then one a minute. */
const TRIES = 10
const BODY_BYTES = 16 * 1024

const SignIn = z.strictObject({ shop: z.string().max(64), name: z.string().max(200), password: z.string().max(4_000) })

export function registerDeskSession(http: FastifyInstance, parts: DeskSessionParts): void {
  const { deskSessions, clock, shopNames, signInsPerMinute } = parts
  const byAddress = createBuckets(signInsPerMinute, signInsPerMinute / 60)
  const byName = createBuckets(TRIES, 1 / 60)

  function limit(address: string, shop: string, name: string): void {
    const now = clock.monotonic()
    const retryAfterMs = byAddress.take(address, now) || byName.take(`${shop}/${foldName(nameFrom(name) ?? '')}`, now)
    if (retryAfterMs > 0) throw new Fault('RATE_LIMITED', { retryAfterMs })
  }

  const agentOf = (request: FastifyRequest): Promise<DeskAgent> =>
    deskSessions.agentOf(request.headers.cookie, request.headers.origin, request.host)

  const view = ({ id, name, shop, isSupervisor }: DeskAgent) => ({
    agent: { id, name, isSupervisor },
    shop: { id: shop, name: shopNames.get(shop) || shop },
  })

  /** Without a token the browser forgets the one it has. */
  function setCookie(request: FastifyRequest, reply: FastifyReply, token?: string): void {
    const cookie = stringifySetCookie({
      name: DESK_COOKIE,
      value: token ?? '',
      maxAge: token === undefined ? 0 : SESSION_SECONDS,
      path: '/v1/desk',
      httpOnly: true,
      sameSite: 'strict',
      secure: request.protocol === 'https',
    })
    reply.header('set-cookie', cookie)
  }

  http.register(async scope => {
    scope.removeContentTypeParser('text/plain')
    scope.addHook('onRequest', async (request, reply) => {
      reply.header('cache-control', 'no-store')
      checkOrigin(request.headers.origin, request.host)
    })

    scope.post('/v1/desk/session', { bodyLimit: BODY_BYTES }, async (request, reply) => {
      const body = SignIn.safeParse(request.body)
      if (!body.success)
        throw new Fault('FRAME_INVALID', {
          path: body.error.issues[0]?.path.join('.') ?? '',
          reason: body.error.issues[0]?.message ?? 'not of the schema',
        })
      const { shop, name, password } = body.data
      limit(request.ip, shop, name)
      const { agent, token } = await deskSessions.begin(shop, name, password)
      setCookie(request, reply, token)
      return view(agent)
    })

    scope.get('/v1/desk/session', async request => view(await agentOf(request)))

    scope.delete('/v1/desk/session', async (request, reply) => {
      try {
        await deskSessions.end(await agentOf(request))
      } catch (error) {
        if (!isFault(error)) throw error // whoever has no session has nothing to end
      }
      setCookie(request, reply)
      return reply.code(204).send()
    })
  })
}
