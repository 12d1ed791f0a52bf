// A process of many customers, each the widget's own client on a real WebSocket, whose lines are all cut in one moment and who all come back in one: what
// spreads them (chance in the pause before another attempt) is taken out. Each counts what it is told after its return.
import { createHash } from 'node:crypto'
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { type Client, createClient } from '@parley/web/client/client.ts'
import type { SocketEvents, World } from '@parley/web/client/world.ts'
import { WebSocket } from 'ws'
import { createShelf } from '../web/fake-shop.ts'
import type { Visitor } from './running-server.ts'

export type Order =
  /** Connects them a few at a time, as strangers to their conversations; answered with `opened`, a seq for each. */
  | { readonly type: 'open'; readonly url: string; readonly visitors: readonly Visitor[] }
  /** Cuts every line; answered with `cut`. Nobody connects until `return`. */
  | { readonly type: 'cut' }
  /** Lets all connect at once; answered with `returned` when each has everything up to its `ends`, and has heard who has the conversation. */
  | { readonly type: 'return'; readonly url: string; readonly ends: readonly number[] }

export interface Returned {
  readonly type: 'returned'
  /** Of each, from the moment of the order until it had caught up. */
  readonly ms: readonly number[]
  /** Of each, how many events it was told after the order, and the seq that the first frame of them came after. */
  readonly told: readonly { readonly events: number; readonly after: number }[]
  /** Of each, a hash of what its page shows (`hashOfLog`). */
  readonly shown: readonly string[]
  /** Attempts that came to nothing. */
  readonly failures: number
  readonly cpuMs: number
}

export type Report = { readonly type: 'opened'; readonly ends: readonly number[] } | { readonly type: 'cut' } | Returned

export const hashOfLog = (log: readonly object[]): string => createHash('sha256').update(JSON.stringify(log)).digest('hex')

/** Clients that connect at once the first time. */
const AT_ONCE = 50

interface Guest {
  readonly client: Client
  socket: WebSocket | undefined
  hasState: boolean
  told: { events: number; after: number }
  look(): void
}

if (process.send) {
  let url = ''
  let isHeld = false
  let failures = 0
  const held: (() => void)[] = []
  const guests: Guest[] = []
  const tell = (report: Report): void => void process.send?.(report)

  const createGuest = ({ token, refresh, conversation }: Visitor): Guest => {
    function connect(events: SocketEvents): WebSocket {
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`, { perMessageDeflate: false })
      guest.socket = socket
      socket.on('open', () => events.opened())
      socket.on('message', data => {
        const text = String(data)
        note(JSON.parse(text) as ServerMessage) // the server's own frames
        events.heard(text)
      })
      socket.on('error', () => failures++) // 'close' follows
      socket.on('close', code => events.closed(code))
      return socket
    }
    function note(message: ServerMessage): void {
      if (message.type === 'state') guest.hasState = true
      if (message.type !== 'events') return
      if (guest.told.after < 0) guest.told.after = message.after
      guest.told.events += message.events.length
    }
    const world: World = {
      clock: {
        now: Date.now,
        monotonic: () => performance.now(),
        after(ms, callback) {
          let isOver = false
          const run = (): void => {
            if (!isOver) callback()
          }
          // Without chance the pause before another attempt is none: it lasts until all may come back.
          const timer = isHeld && ms === 0 ? void held.push(run) : setTimeout(run, ms)
          return () => {
            isOver = true
            clearTimeout(timer)
          }
        },
      },
      shelf: createShelf(),
      random: () => 0,
      newRef: () => 'nobody writes here',
      openSocket(events) {
        const socket = connect(events)
        return { send: text => socket.send(text), close: () => socket.terminate() }
      },
      fetchVisitor: async () => ({ token, refresh, conversation, expiresInMs: 3_600_000 }),
    }
    const guest: Guest = {
      client: createClient(world, 'demo', 'en', () => guest.look()),
      socket: undefined,
      hasState: false,
      told: { events: 0, after: -1 },
      look() {},
    }
    return guest
  }

  const positionOf = ({ client }: Guest): number => client.view.timeline.position?.seq ?? 0

  /** Resolves when it has heard the state behind the events. */
  const joined = (guest: Guest): Promise<void> =>
    new Promise(resolve => {
      guest.look = () => {
        if (!guest.hasState) return
        guest.look = () => {}
        resolve()
      }
      guest.client.start()
    })

  async function open(visitors: readonly Visitor[]): Promise<void> {
    guests.push(...visitors.map(createGuest))
    let next = 0
    const work = async (): Promise<void> => {
      for (let guest = guests[next++]; guest; guest = guests[next++]) await joined(guest)
    }
    await Promise.all(Array.from({ length: AT_ONCE }, work))
    tell({ type: 'opened', ends: guests.map(positionOf) })
  }

  async function cut(): Promise<void> {
    isHeld = true
    await Promise.all(
      guests.map(guest => {
        const { socket } = guest
        guest.hasState = false
        guest.told = { events: 0, after: -1 }
        return new Promise<void>(resolve => {
          if (!socket || socket.readyState === WebSocket.CLOSED) return resolve()
          socket.once('close', () => resolve())
          socket.terminate()
        })
      }),
    )
    failures = 0
    tell({ type: 'cut' })
  }

  async function comeBack(ends: readonly number[]): Promise<void> {
    const cpuBefore = process.cpuUsage()
    const started = performance.now()
    const caughtUp = guests.map(
      (guest, i) =>
        new Promise<number>(resolve => {
          guest.look = () => {
            if (!guest.hasState || positionOf(guest) < (ends[i] ?? 0)) return
            guest.look = () => {}
            resolve(performance.now() - started)
          }
        }),
    )
    isHeld = false
    for (const comeAgain of held.splice(0)) comeAgain()
    const ms = await Promise.all(caughtUp)
    const { user, system } = process.cpuUsage(cpuBefore)
    tell({
      type: 'returned',
      ms,
      told: guests.map(guest => guest.told),
      shown: guests.map(({ client }) => hashOfLog(client.view.timeline.log)),
      failures,
      cpuMs: (user + system) / 1_000,
    })
  }

  process.on('message', (order: Order) => {
    if (order.type !== 'cut') ({ url } = order)
    if (order.type === 'open') void open(order.visitors)
    else if (order.type === 'cut') void cut()
    else void comeBack(order.ends)
  })
}
