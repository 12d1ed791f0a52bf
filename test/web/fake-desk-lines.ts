// The way between a console and the fake shop: lines that a test moves frame by frame, cuts, or leaves dead without a word.
import type { Shelf, Socket, SocketEvents } from '@parley/web/client/world.ts'
import type { DeskWorld, Session } from '@parley/web/desk/desk-world.ts'
import { createFakeClock, type FakeClock, settle } from './fake-clock.ts'
import { createFakeDesk, type End, type FakeAgent, type FakeDesk, tellOf } from './fake-desk.ts'
import { createShelf } from './fake-shop.ts'

export interface DeskLine {
  readonly toServer: string[]
  readonly toConsole: string[]
  close(code: number): void
  /** From now on frames vanish both ways, and nobody is told. */
  die(): void
}

interface OpenLine extends DeskLine {
  readonly events: SocketEvents
  readonly agent: FakeAgent | undefined
  end?: End
  isDead: boolean
}

export interface FakeDeskHouse {
  readonly desk: FakeDesk
  readonly clock: FakeClock
  readonly lines: readonly DeskLine[]
  isDown: boolean
  /** A browser of its own, with its cookie. `shelf` is that of a tab. */
  browser(shelf?: Shelf): DeskWorld & { readonly shelf: Shelf }
  moveToServer(line: DeskLine): boolean
  moveToConsole(line: DeskLine): boolean
  /** Opens what waits to be opened and moves frames until nothing is left to move. */
  deliver(): Promise<void>
  /** No session of before is taken any more. */
  endSessions(): void
}

export function createFakeDeskHouse(random: () => number = () => 0.5): FakeDeskHouse {
  const clock = createFakeClock()
  const desk = createFakeDesk(clock.now)
  const lines: OpenLine[] = []
  let generation = 0
  let refs = 0

  function letGo(line: OpenLine): void {
    const index = lines.indexOf(line)
    if (index >= 0) lines.splice(index, 1)
    line.end?.gone()
    line.toConsole.length = 0
  }

  function openSocket(events: SocketEvents, agent: FakeAgent | undefined): Socket {
    const line: OpenLine = {
      toServer: [],
      toConsole: [],
      events,
      agent,
      isDead: false,
      close(code) {
        letGo(line)
        events.closed(code)
      },
      die() {
        line.isDead = true
      },
    }
    lines.push(line)
    return { send: text => void (line.isDead || line.toServer.push(text)), close: () => letGo(line) }
  }

  function open(line: OpenLine): boolean {
    if (line.end || line.isDead) return false
    if (house.isDown || !line.agent) line.close(1006)
    else {
      line.end = desk.connect(line.agent, {
        send: text => void (line.isDead || line.toConsole.push(text)),
        close: code => line.close(code),
      })
      line.events.opened()
    }
    return true
  }

  function browser(shelf: Shelf = createShelf()): DeskWorld & { readonly shelf: Shelf } {
    let cookie: { readonly agent: FakeAgent; readonly generation: number } | undefined
    const session = (): Session | null => (cookie?.generation === generation ? { agent: tellOf(cookie.agent), shop: desk.shop } : null)
    const reach = (): void => {
      if (house.isDown) throw new Error('no route')
    }
    return {
      clock,
      random,
      shelf,
      newRef: () => `r${refs++}x${Math.floor(random() * 2 ** 40).toString(36)}`,
      openSocket: events => openSocket(events, session() ? cookie?.agent : undefined),
      async fetchSession() {
        reach()
        return session()
      },
      async signIn({ shop, name, password }) {
        reach()
        const agent = desk.agents.get(name)
        if (shop !== desk.shop.id || agent?.password !== password) return { result: 'refused' }
        cookie = { agent, generation }
        return { result: 'signed-in', session: { agent: tellOf(agent), shop: desk.shop } }
      },
      async signOut() {
        reach()
        cookie = undefined
      },
    }
  }

  const house: FakeDeskHouse = {
    desk,
    clock,
    lines,
    isDown: false,
    browser,
    moveToServer(moved) {
      const line = lines.find(candidate => candidate === moved)
      if (!line) return false
      if (open(line)) return true
      const text = line.isDead ? undefined : line.toServer.shift()
      if (text !== undefined) line.end?.frame(text)
      return text !== undefined
    },
    moveToConsole(moved) {
      const line = lines.find(candidate => candidate === moved)
      const text = line?.toConsole.shift()
      if (text !== undefined) line?.events.heard(text)
      return text !== undefined
    },
    async deliver() {
      do await settle()
      while ([...lines].map(line => house.moveToServer(line) || house.moveToConsole(line)).some(Boolean))
    },
    endSessions() {
      generation++
    },
  }
  return house
}
