// The real pages before a shop on disk: tabs of a customer's browser and agents' consoles, each with a machine of its own that may sleep and whose wall
// clock may be set.
import assert from 'node:assert/strict'
import type { ClientMessage } from '@parley/core/protocol/client-message.ts'
import type { AgentIdentity } from '@parley/server/realtime/agent-socket.ts'
import { type Client, createClient } from '@parley/web/client/client.ts'
import {
  type Proof,
  type Shelf,
  type Socket,
  type SocketEvents,
  type VisitorAnswer,
  VisitorRefused,
  type World,
} from '@parley/web/client/world.ts'
import { createDesk, type Desk } from '@parley/web/desk/desk-client.ts'
import type { DeskWorld } from '@parley/web/desk/desk-world.ts'
import { SHOP } from '../core/house.ts'
import type { ShopOnDisk } from './shop-on-disk.ts'

export interface Page<C> {
  readonly client: C
  /** Nothing of it goes on: no timer, no frame. What fell due in the meantime is done when it wakes. */
  sleep(): void
  wake(): void
  setClock(byMs: number): void
  /** As a browser closes it: nothing of it runs on. Its lines are the server's to find dead. */
  close(): void
}

/** What the tabs of one browser share. */
export interface Browser {
  readonly shelf: Shelf
  /** Every message id that a tab of it has given out. */
  readonly refs: string[]
}

/** What a page runs on, without the page. */
function createMachine({ clock, lines }: ShopOnDisk, random: () => number, refs: string[]) {
  let isOpen = true
  let isAwake = true
  let wallMs = 0
  const sockets: Socket[] = []
  let overdue: (() => void)[] = []
  const world: Omit<World, 'shelf' | 'fetchVisitor' | 'openSocket'> = {
    random,
    newRef() {
      const ref = `r${refs.length}x${Math.floor(random() * 2 ** 40).toString(36)}`
      refs.push(ref)
      return ref
    },
    clock: {
      now: () => clock.now() + wallMs,
      monotonic: clock.monotonic,
      after(ms, callback) {
        let isCancelled = false
        const run = (): void => {
          if (isOpen && !isCancelled) callback()
        }
        clock.after(ms, () => (isAwake ? run() : void overdue.push(run)))
        return () => {
          isCancelled = true
        }
      },
    },
  }
  const machine: Omit<Page<never>, 'client'> = {
    sleep() {
      isAwake = false
    },
    wake() {
      isAwake = true
      const due = overdue
      overdue = []
      for (const run of due) run()
    },
    setClock(byMs) {
      wallMs += byMs
    },
    close() {
      isOpen = false
      for (const socket of sockets) socket.close()
    },
  }
  function openSocket(events: SocketEvents, accept: Parameters<typeof lines.open>[2]): Socket {
    if (!isOpen) return { send: () => {}, close: () => {} }
    const socket = lines.open(events, () => isAwake, accept)
    sockets.push(socket)
    const told = new Map<string, number>()
    return {
      close: socket.close,
      send(text) {
        const message = JSON.parse(text) as ClientMessage // the page's own
        if (message.type === 'seen') checkRises(told, 'conversation' in message ? message.conversation : '', message)
        socket.send(text)
      },
    }
  }
  return { world, machine, openSocket }
}

function checkRises(told: Map<string, number>, conversation: unknown, { state, seq }: Extract<ClientMessage, { type: 'seen' }>): void {
  const what = `${state} ${conversation}`
  assert.ok(seq > (told.get(what) ?? 0), `${what} ${seq} was told after ${told.get(what)}`)
  told.set(what, seq)
}

export function openPage(shop: ShopOnDisk, random: () => number, { shelf, refs }: Browser): Page<Client> {
  const { world, machine, openSocket } = createMachine(shop, random, refs)
  const client = createClient(
    { ...world, shelf, openSocket: events => openSocket(events, shop.customerSocket), fetchVisitor: proof => fetchVisitor(shop, proof) },
    'demo',
    'en',
    () => {},
  )
  client.start()
  return { ...machine, client }
}

/** As server/http/visitors.ts answers. */
async function fetchVisitor({ tokens, engine }: ShopOnDisk, { refresh }: Proof): Promise<VisitorAnswer> {
  if (!engine) throw new Error('no route')
  const visitor = refresh === undefined ? tokens.newVisitor(SHOP) : await tokens.verify(refresh, 'refresh')
  return { ...(await tokens.issue(visitor)), conversation: visitor.conversation }
}

/** A console whose agent has signed in. */
export function openConsole(
  shop: ShopOnDisk,
  random: () => number,
  agent: Omit<AgentIdentity, 'shop'>,
  { shelf, refs }: Browser,
): Page<Desk> {
  const { world, machine, openSocket } = createMachine(shop, random, refs)
  const session = { agent, shop: { id: SHOP, name: 'Demo' } }
  const reach = (): void => {
    if (!shop.engine) throw new VisitorRefused(503, 'the shop is down')
  }
  const deskWorld: DeskWorld = {
    ...world,
    shelf,
    openSocket: events => openSocket(events, wire => shop.agentSocket(wire, agent)),
    async fetchSession() {
      reach()
      return session
    },
    async signIn() {
      reach()
      return { result: 'signed-in', session }
    },
    async signOut() {
      reach()
    },
  }
  const client = createDesk(deskWorld, () => {})
  client.start()
  return { ...machine, client }
}
