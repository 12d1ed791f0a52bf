// What the three services have in common: HTTP on loopback with a token, the knob that makes a service slow or faulty, and keys: what is done under
// an Idempotency-Key is done once, and its answer is kept in the transaction of its effect.
import { timingSafeEqual } from 'node:crypto'
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { DatabaseSync } from 'node:sqlite'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { inTransaction } from './in-transaction.ts'
import { answerBadly, type Knob, KnobSetting, type WayToFail } from './knob.ts'

export interface Asked {
  /** Of the path's `{name}`s. */
  readonly path: Readonly<Record<string, string>>
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
  readonly locale: Locale
  /** `YYYY-MM-DD` */
  readonly today: string
}

export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface Route {
  readonly method: 'GET' | 'POST'
  /** `/orders/{number}` */
  readonly path: string
  answer(asked: Asked): Answer
}

export const ok = (body: unknown): Answer => ({ status: 200, body })
export const made = (body: unknown): Answer => ({ status: 201, body })
export const refused = (status: number, error: string): Answer => ({ status, body: { error } })

export interface ServiceOptions {
  /** The database, with a table `outcomes`: opened, and filled where it is new, when the first request comes. */
  readonly open: () => { readonly database: DatabaseSync; readonly routes: readonly Route[] }
  readonly token: string
  readonly today: () => string
  /** 0 takes a free one. */
  readonly port?: number
}

export interface Service {
  readonly url: string
  /** Opens the database before the first request comes. */
  fill(): void
  close(): Promise<void>
}

/** What every database of a service has beside its own tables. */
export const OUTCOMES = `
  -- What each key came to: in the transaction of its effect.
  CREATE TABLE outcomes (key TEXT PRIMARY KEY, request TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL) STRICT;`

const LARGEST_BODY = 64 * 1024

/** Listens on 127.0.0.1 alone. Rejects with what listening throws. */
export async function startService({ open, token, today, port = 0 }: ServiceOptions): Promise<Service> {
  let opened: ReturnType<ServiceOptions['open']> | undefined
  let knob: Knob = { latencyMs: 0, failure: 'none', rate: 1 }
  const expected = Buffer.from(`Bearer ${token}`)

  const answer = async (request: IncomingMessage): Promise<Answer | WayToFail> => {
    const given = Buffer.from(request.headers.authorization ?? '')
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return refused(401, 'unauthorized')
    const url = new URL(request.url ?? '/', 'http://service')
    const body = await bodyOf(request)
    if (body === undefined) return refused(400, 'bad-body')
    if (url.pathname === '/knob' && request.method === 'POST') {
      const setting = KnobSetting.safeParse(body)
      if (!setting.success) return refused(400, 'bad-knob')
      const { latencyMs = knob.latencyMs, failure = knob.failure, rate = knob.rate } = setting.data
      knob = { latencyMs, failure, rate }
      return ok(knob)
    }
    if (knob.latencyMs > 0) await new Promise(resolve => setTimeout(resolve, knob.latencyMs))
    if (knob.failure !== 'none' && Math.random() < knob.rate) return knob.failure
    opened ??= open()
    for (const route of opened.routes) {
      const path = route.method === request.method ? match(route.path, url.pathname) : undefined
      if (!path) continue
      const asked = { path, query: url.searchParams, body, locale: localeOf(request.headers['accept-language']), today: today() }
      if (route.method === 'GET') return route.answer(asked)
      const key = request.headers['idempotency-key']
      return typeof key === 'string' && key !== '' ? onceFor(opened.database, key, route, asked) : refused(400, 'key-missing')
    }
    return refused(404, 'no-such-path')
  }

  const server = createServer((request, response) => {
    answer(request).then(
      done => (typeof done === 'string' ? answerBadly(response, done) : send(response, done)),
      () => send(response, refused(500, 'internal')),
    )
  })
  server.listen(port, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // a server that listens on a port has one
    fill() {
      try {
        opened ??= open()
      } catch {
        // The next request tries it again, and is answered that the service is broken.
      }
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await once(server, 'close')
      opened?.database.close()
    },
  }
}

function onceFor(database: DatabaseSync, key: string, route: Route, asked: Asked): Answer {
  const request = JSON.stringify([route.path, asked.path, Object.entries(asked.body).toSorted(([a], [b]) => (a < b ? -1 : 1))])
  return inTransaction(database, () => {
    const kept = database.prepare('SELECT request, status, body FROM outcomes WHERE key = ?').get(key)
    if (kept)
      return kept.request === request ? { status: Number(kept.status), body: JSON.parse(String(kept.body)) } : refused(422, 'key-used')
    const answer = route.answer(asked)
    database.prepare('INSERT INTO outcomes VALUES (?, ?, ?, ?)').run(key, request, answer.status, JSON.stringify(answer.body))
    return answer
  })
}

function send(response: ServerResponse, { status, body }: Answer): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }).end(text)
}

/** Undefined where it is no JSON object; empty where there is none. */
async function bodyOf(request: IncomingMessage): Promise<Record<string, unknown> | undefined> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) {
    text += chunk
    if (text.length > LARGEST_BODY) return undefined
  }
  if (text === '') return {}
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined // an object that is no array
  } catch {
    return undefined
  }
}

function match(pattern: string, path: string): Readonly<Record<string, string>> | undefined {
  const wanted = pattern.split('/')
  const given = path.split('/')
  if (wanted.length !== given.length) return undefined
  const found: Record<string, string> = {}
  for (const [i, part] of wanted.entries())
    if (part.startsWith('{')) found[part.slice(1, -1)] = decodeURIComponent(given[i]!)
    else if (part !== given[i]) return undefined
  return found
}

const localeOf = (header: string | undefined): Locale => (header?.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en')

/** The `limit` of a query, where it is one. */
export function limitOf(query: URLSearchParams, otherwise: number): number {
  const limit = Number(query.get('limit') ?? otherwise)
  return Number.isInteger(limit) && limit >= 1 && limit <= 50 ? limit : otherwise
}

const MOST_KEYS = 100

/** The values of a list with commas between. */
export const listOf = (query: URLSearchParams, name: string): readonly string[] =>
  [...new Set((query.get(name) ?? '').split(',').filter(Boolean))].slice(0, MOST_KEYS)

/** `324.00` for 32400 fen. */
export const decimal = (minor: number): string => `${Math.floor(minor / 100)}.${String(minor % 100).padStart(2, '0')}`
