// The real world of the client core: the browser's clock, chance, WebSocket, fetch and localStorage.
import { type Proof, type Shelf, type SocketEvents, type VisitorAnswer, VisitorRefused, type World } from '../client/world.ts'

const FETCH_MS = 10_000

export function browserWorld(shop: string): World {
  return {
    clock: {
      now: Date.now,
      monotonic: () => performance.now(),
      after(ms, callback) {
        const timer = setTimeout(callback, ms)
        return () => clearTimeout(timer)
      },
    },
    shelf: openShelf(),
    random: Math.random,
    newRef,
    openSocket,
    fetchVisitor: proof => fetchVisitor(shop, proof),
  }
}

/** 128 random bits. Not `crypto.randomUUID`: browsers hide that from a page that is served over plain http to another machine. */
const newRef = (): string => [...crypto.getRandomValues(new Uint8Array(16))].map(byte => byte.toString(16).padStart(2, '0')).join('')

function openSocket(events: SocketEvents) {
  const socket = new WebSocket(`${location.protocol === 'https:' ? 'wss:' : 'ws:'}//${location.host}/v1/socket`)
  socket.onopen = () => events.opened()
  socket.onmessage = ({ data }) => typeof data === 'string' && events.heard(data)
  socket.onclose = ({ code }) => events.closed(code)
  return {
    send: (text: string) => socket.send(text),
    close: () => socket.close(),
  }
}

async function fetchVisitor(shop: string, proof: Proof): Promise<VisitorAnswer> {
  const response = await fetch(`/v1/shops/${encodeURIComponent(shop)}/visitors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(proof),
    signal: AbortSignal.timeout(FETCH_MS),
  })
  if (response.ok) return (await response.json()) as VisitorAnswer // our own server's answer
  throw new VisitorRefused(
    response.status,
    `the shop answered ${response.status}`,
    Number(response.headers.get('retry-after') ?? 0) * 1_000,
  )
}

/**
 * localStorage, or memory where the browser does not let a page keep anything (in a frame of another site, often): the conversation then lasts as
 * long as the page.
 */
function openShelf(): Shelf {
  const memory = new Map<string, string>()
  const inMemory: Shelf = {
    read: key => memory.get(key),
    write: (key, value) => void memory.set(key, value),
    remove: key => void memory.delete(key),
    keys: () => [...memory.keys()],
  }
  try {
    const storage = localStorage
    storage.setItem('parley.probe', '')
    storage.removeItem('parley.probe')
    return {
      read: key => storage.getItem(key) ?? memory.get(key),
      write(key, value) {
        try {
          storage.setItem(key, value)
        } catch {
          memory.set(key, value) // full: it is kept for as long as the page is open, and the customer can go on
        }
      },
      remove(key) {
        storage.removeItem(key)
        memory.delete(key)
      },
      keys: () => [...Object.keys(storage), ...memory.keys()],
    }
  } catch {
    return inMemory // forbidden by the browser's settings
  }
}
