// The real world of the console: the browser's, with the session's cookie in place of a token. The cookie is httpOnly: this page never sees it.

import type { CustomerPanel } from '@parley/core/protocol/customer-panel.ts'
import type { Shelf, SocketEvents } from '../client/world.ts'
import { browserWorld } from '../widget/browser-world.ts'
import type { CustomerAnswer } from './customer/lookups.ts'
import type { Credentials, DeskWorld, Session, SignInAnswer } from './desk-world.ts'

const FETCH_MS = 10_000
const SESSION = '/v1/desk/session'

export interface BrowserDeskWorld extends DeskWorld {
  /** Kept for this browser, over tabs and visits: what is no secret and nobody's words. */
  readonly settings: Shelf
  /** What the shop's systems know of the customer of a conversation. Rejects when no answer came. */
  fetchCustomer(conversation: string, locale: string): Promise<CustomerAnswer>
}

export function browserDeskWorld(): BrowserDeskWorld {
  const { clock, random, newRef, shelf: settings } = browserWorld('') // of its shop's parts nothing is used
  return { clock, random, newRef, settings, shelf: tabShelf(), openSocket, fetchSession, signIn, signOut, fetchCustomer }
}

function openSocket(events: SocketEvents) {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/v1/desk/socket`)
  socket.onopen = () => events.opened()
  socket.onmessage = ({ data }) => typeof data === 'string' && events.heard(data)
  socket.onclose = ({ code }) => events.closed(code)
  return {
    send: (text: string) => socket.send(text),
    close: () => socket.close(),
  }
}

const ask = (method: string, body?: object): Promise<Response> =>
  fetch(SESSION, {
    method,
    credentials: 'same-origin',
    ...(body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(FETCH_MS),
  })

async function fetchSession(): Promise<Session | null> {
  const response = await ask('GET')
  if (response.status === 401) return null
  if (!response.ok) throw new Error(`the shop answered ${response.status}`)
  return (await response.json()) as Session // our own server's answer
}

async function signIn(credentials: Credentials): Promise<SignInAnswer> {
  const response = await ask('POST', credentials)
  if (response.ok) return { result: 'signed-in', session: (await response.json()) as Session } // our own server's answer
  if (response.status === 429) return { result: 'too-often', retryAfterMs: Number(response.headers.get('retry-after') ?? 1) * 1_000 }
  if (response.status >= 500) throw new Error(`the shop answered ${response.status}`)
  return { result: 'refused' }
}

async function signOut(): Promise<void> {
  const response = await ask('DELETE')
  if (!response.ok && response.status !== 401) throw new Error(`the shop answered ${response.status}`)
}

async function fetchCustomer(conversation: string, locale: string): Promise<CustomerAnswer> {
  const response = await fetch(`/v1/desk/conversations/${conversation}/customer`, {
    headers: { 'accept-language': locale },
    credentials: 'same-origin',
    signal: AbortSignal.timeout(FETCH_MS),
  })
  if (response.ok) return { result: 'panel', panel: (await response.json()) as CustomerPanel } // our own server's answer
  const fault: unknown = await response.json().catch(() => ({}))
  const code = typeof fault === 'object' && fault !== null && 'code' in fault ? String(fault.code) : 'INTERNAL'
  return code === 'MESH_MISSING' ? { result: 'none' } : { result: 'refused', code }
}

/** sessionStorage: what one tab has not sent is not for another to send. Memory where the browser lets a page keep nothing. */
function tabShelf(): Shelf {
  const memory = new Map<string, string>()
  const inTab = <T>(use: (storage: Storage) => T, otherwise: () => T): T => {
    try {
      return use(sessionStorage)
    } catch {
      return otherwise() // forbidden or full: it lasts as long as the page
    }
  }
  return {
    read: key =>
      memory.get(key) ??
      inTab(
        storage => storage.getItem(key) ?? undefined,
        () => undefined,
      ),
    write: (key, value) =>
      inTab(
        storage => storage.setItem(key, value),
        () => void memory.set(key, value),
      ),
    remove(key) {
      memory.delete(key)
      inTab(
        storage => storage.removeItem(key),
        () => {},
      )
    },
    keys: () => [
      ...new Set([
        ...memory.keys(),
        ...inTab(
          storage => Object.keys(storage),
          () => [],
        ),
      ]),
    ],
  }
}
