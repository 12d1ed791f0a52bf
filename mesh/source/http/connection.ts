// How a source over HTTP is asked, whatever its kind: where it is, and with which credential.
import { z } from 'zod'
import { createSend, type Incoming, type Outgoing } from '../../upstream/send.ts'
import { CREDENTIAL_SETTINGS, credentialOf, credentialRules } from '../credential.ts'
import { GUARD_SETTINGS, type Means } from '../kind.ts'

const HeaderName = z.string().regex(/^[A-Za-z][A-Za-z0-9-]*$/, 'it must be the name of a header')

/** Headers that would take the place of what the mesh itself says. */
const OURS = /^(authorization|cookie|host|connection|content-.*|transfer-encoding|accept-language|idempotency-key)$/i

export const HTTP_SETTINGS = {
  ...GUARD_SETTINGS,
  ...CREDENTIAL_SETTINGS,
  url: z.url({ protocol: /^https?$/ }).describe('Where it is: what stands before its paths.'),
  private: z.boolean().default(false).describe('Whether its address may be a private one: a machine of the house, or this one.'),
  tokenHeader: HeaderName.default('authorization').describe('The header that carries the token.'),
  tokenAs: z
    .enum(['bearer', 'basic', 'plain'])
    .optional()
    .describe(
      'How it stands there: after Bearer, as name:password for Basic, or by itself. Unless set: bearer in authorization, plain elsewhere.',
    ),
  headers: z
    .record(HeaderName, z.string().max(1_000))
    .default({})
    .describe('Further headers of every request, which are no secret: the version of an API, a tenant.'),
}
const HttpSettings = z.object(HTTP_SETTINGS)
export type HttpSettings = z.infer<typeof HttpSettings>

/** Of an address that a mesh's file has: it is shown to anybody. */
export const hasCredential = (url: string): boolean => /^https?:\/\/[^/?#]*@/.test(url)
export const NO_CREDENTIAL = 'a key is no part of the address: tokenEnv, tokenFile'

export function httpRules(settings: HttpSettings, context: z.RefinementCtx): void {
  const { url, headers, tokenHeader } = settings
  if (hasCredential(url)) context.addIssue({ code: 'custom', path: ['url'], message: NO_CREDENTIAL })
  for (const name of Object.keys(headers))
    if (OURS.test(name) || name.toLowerCase() === tokenHeader.toLowerCase())
      context.addIssue({
        code: 'custom',
        path: ['headers', name],
        message: 'the mesh says this header itself; a token is tokenEnv or tokenFile',
      })
  credentialRules(settings, context)
}

/** Throws an Error that says what is wrong with them. */
export function httpSettings(given: Readonly<Record<string, unknown>>): HttpSettings {
  const parsed = HttpSettings.superRefine(httpRules).safeParse(given)
  if (parsed.success) return parsed.data
  throw new Error(`${parsed.error.issues[0]?.path.join('.')}: ${parsed.error.issues[0]?.message}`)
}

export interface Connection {
  readonly source: string
  /** What stands before the paths, without a slash at its end. */
  readonly base: string
  /** Rejects with a SourceError, or with the signal's reason. */
  send(outgoing: Omit<Outgoing, 'source'>, signal: AbortSignal): Promise<Incoming>
  close(): void
}

/** Asks nothing yet. Throws where the token's file cannot be read. */
export function connect(source: string, settings: HttpSettings, means: Means, largest?: number): Connection {
  const { lookupPublic, isPrivateAddress, instead } = means
  const { send, close } = createSend({
    lookupPublic,
    isPrivateAddress,
    isPrivate: settings.private,
    connections: settings.atOnce,
    ...(largest !== undefined && { largest }),
  })
  const credential = credentialOf(settings, means)
  const header = settings.tokenHeader.toLowerCase()
  const how = settings.tokenAs ?? (header === 'authorization' ? 'bearer' : 'plain')
  const headerOf = (token: string): string =>
    how === 'bearer' ? `Bearer ${token}` : how === 'basic' ? `Basic ${Buffer.from(token).toString('base64')}` : token
  const fixed = Object.fromEntries(Object.entries(settings.headers).map(([name, value]) => [name.toLowerCase(), value]))
  return {
    source,
    base: new URL(instead?.url ?? settings.url).href.replace(/\/$/, ''),
    async send(outgoing, signal) {
      const withToken = (token: string | undefined): Outgoing => ({
        ...outgoing,
        source,
        headers: { ...fixed, ...outgoing.headers, ...(token !== undefined && { [header]: headerOf(token) }) },
      })
      const first = credential(false)
      const incoming = await send(withToken(first), signal)
      if (incoming.status !== 401) return incoming
      // A token that has run out may have been renewed in its file.
      const second = credential(true)
      return second === first ? incoming : send(withToken(second), signal)
    },
    close,
  }
}
