// What the page asks: /graphql with the operator's key, or below /v1/desk with the session of the desk, whose cookie goes nowhere else.
import type { Credentials, Session, SignInAnswer } from '../desk/desk-world.ts'

/** As whom is asked. */
export type Who =
  | { readonly as: 'agent'; readonly name: string; readonly shop: string }
  /** An empty shop is the only one that has a mesh. */
  | { readonly as: 'operator'; readonly key: string; readonly shop: string }

export interface Question {
  readonly query: string
  readonly variables: Readonly<Record<string, unknown>>
  /** Whose data alone are asked for; empty: everybody's. */
  readonly customer: string
  readonly texts: string
}

export interface Trace {
  readonly ms: number
  readonly calls: number
  readonly readings: readonly { readonly operation: string; readonly asked: number; readonly calls: number; readonly ms: number }[]
}

export interface Answer {
  readonly status: number
  readonly ms: number
  /** As it came. */
  readonly text: string
  readonly errors: number
  readonly stale: number
  readonly trace?: Trace
  readonly data?: unknown
  /** Of a fault of the server, in place of an answer. */
  readonly code?: string
}

const SESSION = '/v1/desk/session'
const FETCH_MS = 20_000

/** Rejects when no answer came. */
export async function ask(who: Who, { query, variables, customer, texts }: Question): Promise<Answer> {
  const begun = performance.now()
  const response = await fetch(who.as === 'agent' ? '/v1/desk/graphql' : '/graphql', {
    method: 'POST',
    credentials: who.as === 'agent' ? 'same-origin' : 'omit',
    headers: {
      'content-type': 'application/json',
      accept: 'application/graphql-response+json, application/json',
      'accept-language': texts,
      'x-parley-trace': '1',
      ...(customer !== '' && { 'x-parley-customer': customer }),
      ...(who.as === 'operator' && { authorization: `Bearer ${who.key}`, ...(who.shop !== '' && { 'x-parley-shop': who.shop }) }),
    },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(FETCH_MS),
  })
  const text = await response.text()
  const ms = Math.round(performance.now() - begun)
  const { data, errors, extensions, code } = parsed(text)
  return {
    status: response.status,
    ms,
    text,
    data,
    errors: errors?.length ?? 0,
    stale: extensions?.stale?.length ?? 0,
    ...(extensions?.trace && { trace: extensions.trace }),
    ...(code !== undefined && { code }),
  }
}

interface Body {
  readonly data?: unknown
  readonly errors?: readonly unknown[]
  readonly extensions?: { readonly stale?: readonly unknown[]; readonly trace?: Trace }
  readonly code?: string
}

function parsed(text: string): Body {
  try {
    return JSON.parse(text) as Body // our own server's answer
  } catch {
    return {} // of something between
  }
}

/** Null where nobody is signed in at the desk. Rejects when no answer came. */
export async function fetchSession(): Promise<Session | null> {
  const response = await fetch(SESSION, { credentials: 'same-origin', signal: AbortSignal.timeout(FETCH_MS) })
  if (response.status === 401) return null
  if (!response.ok) throw new Error(`the server answered ${response.status}`)
  return (await response.json()) as Session // our own server's answer
}

export type GraphSignIn = SignInAnswer | { readonly result: 'other-page' }

/** Rejects when no answer came. */
export async function signIn(credentials: Credentials): Promise<GraphSignIn> {
  const response = await fetch(SESSION, {
    method: 'POST',
    credentials: 'same-origin',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(credentials),
    signal: AbortSignal.timeout(FETCH_MS),
  })
  if (response.ok) return { result: 'signed-in', session: (await response.json()) as Session } // our own server's answer
  if (response.status === 429) return { result: 'too-often', retryAfterMs: Number(response.headers.get('retry-after') ?? 1) * 1_000 }
  if (response.status === 403) return { result: 'other-page' }
  if (response.status >= 500) throw new Error(`the server answered ${response.status}`)
  return { result: 'refused' }
}

export const signOut = (): Promise<unknown> => fetch(SESSION, { method: 'DELETE', credentials: 'same-origin' })
