// The way between a page and the server's side of it, as a network and two machines can spoil it: a test moves it frame by frame, cuts it for both or
// for one side alone, lets it go dead without a word, and delivers late, twice and out of order what an old line still had under way.
import type { Connection, Wire } from '@parley/server/realtime/session.ts'
import type { Socket, SocketEvents } from '@parley/web/client/world.ts'

type Down = { readonly text: string } | { readonly code: number }

export interface Line {
  /** What a page still awaits of it; false for one that the page has given up or was told to be over. */
  readonly isPages: boolean
  /** The server takes it for open. */
  readonly isServers: boolean
}

interface OpenLine extends Line {
  readonly events: SocketEvents
  /** Of the page's machine. */
  readonly isAwake: () => boolean
  readonly accept: (wire: Wire) => Connection
  readonly up: string[]
  readonly down: Down[]
  server: 'awaited' | Connection | 'gone'
  page: 'on' | 'given up' | 'told'
  isDead: boolean
  /** The page does not read: what is sent stays in the server's buffer. */
  isStuffed: boolean
}

export interface Lines {
  /** Undefined while nobody listens at the other end. */
  isListening: boolean
  open(events: SocketEvents, isAwake: () => boolean, accept: (wire: Wire) => Connection): Socket
  readonly all: readonly Line[]
  /** Accepts it, or moves a frame; true when it did. */
  toServer(line: Line): boolean
  toPage(line: Line): boolean
  /** Both sides are told. */
  cut(line: Line): void
  /** The page alone is told; what it has sent may still come. */
  cutForPage(line: Line): void
  /** The server alone is told; what it has sent may still come. */
  cutForServer(line: Line): void
  /** Frames vanish both ways, and nobody is told. */
  die(line: Line): void
  stuff(line: Line): void
  /** Of a line that the page has given up: any frame that is under way yet, and perhaps it stays under way and comes again. True when there was one. */
  moveLate(line: Line, pick: (count: number) => number, staysUnderWay: boolean): boolean
  /** The server's process ends. Each page is told, or is not, as `isTold` says. */
  serverDied(isTold: () => boolean): void
  /** The server tells all to come again. */
  leave(): void
}

const MOST_BYTES = 1_000_000_000

export function createLines(): Lines {
  let open: OpenLine[] = []

  const serverOf = ({ server }: OpenLine): Connection | undefined => (typeof server === 'object' ? server : undefined)

  function tellServer(line: OpenLine): void {
    const server = serverOf(line)
    line.server = 'gone'
    server?.gone()
  }

  function tellPage(line: OpenLine, code: number): void {
    if (line.page !== 'on') return
    line.page = 'told'
    line.down.length = 0
    line.events.closed(code)
  }

  /** Nobody has anything to do with it any more. */
  function forget(): void {
    open = open.filter(line => line.page === 'on' || serverOf(line) !== undefined || line.down.length > 0)
  }

  function accept(line: OpenLine): void {
    if (!lines.isListening) {
      line.server = 'gone'
      return tellPage(line, 1006)
    }
    line.server = line.accept({
      send: text => void (line.isDead || line.down.push({ text })),
      close(code) {
        line.server = 'gone'
        if (!line.isDead) line.down.push({ code })
      },
      get bufferedBytes() {
        return line.isStuffed ? MOST_BYTES : 0
      },
    })
    line.events.opened()
  }

  function receive(line: OpenLine, sent: Down | undefined): void {
    if (sent === undefined || line.page === 'told') return
    if ('text' in sent) return line.events.heard(sent.text)
    tellPage(line, sent.code)
  }

  const known = (line: Line): OpenLine | undefined => open.find(each => each === line)
  const change = (act: (line: OpenLine) => void) => (line: Line) => {
    const found = known(line)
    if (found) act(found)
    forget()
  }

  const lines: Lines = {
    isListening: false,
    open(events, isAwake, acceptIt) {
      const line: OpenLine = {
        events,
        isAwake,
        accept: acceptIt,
        up: [],
        down: [],
        server: 'awaited',
        page: 'on',
        isDead: false,
        isStuffed: false,
        get isPages() {
          return line.page === 'on'
        },
        get isServers() {
          return serverOf(line) !== undefined
        },
      }
      open.push(line)
      return {
        send: text => void (line.isDead || line.server === 'gone' || line.up.push(text)),
        close() {
          if (line.page === 'on') line.page = 'given up'
          if (line.server === 'awaited') line.server = 'gone'
          forget()
        },
      }
    },
    get all() {
      return open
    },
    toServer(line) {
      const found = known(line)
      if (!found?.isAwake() || found.isDead || found.page !== 'on') return false
      if (found.server === 'awaited') {
        accept(found)
        forget()
        return true
      }
      const text = found.up.shift()
      if (text === undefined) return false
      serverOf(found)?.frame(text)
      return true
    },
    toPage(line) {
      const found = known(line)
      if (!found?.isAwake() || found.isStuffed || found.page !== 'on') return false
      const sent = found.down.shift()
      receive(found, sent)
      forget()
      return sent !== undefined
    },
    cut: change(line => {
      tellServer(line)
      tellPage(line, 1006)
    }),
    cutForPage: change(line => tellPage(line, 1006)),
    cutForServer: change(tellServer),
    die: change(line => {
      line.isDead = true
      line.up.length = 0
      line.down.length = 0
    }),
    stuff: change(line => {
      line.isStuffed = true
    }),
    moveLate(line, pick, staysUnderWay) {
      const found = known(line)
      if (!found || found.page === 'on') return false
      const queue = pick(2) === 0 ? found.up : found.down
      if (queue.length === 0) return false
      const at = pick(queue.length)
      const sent = queue[at]
      if (!staysUnderWay) queue.splice(at, 1)
      if (typeof sent === 'string') serverOf(found)?.frame(sent)
      else receive(found, sent)
      forget()
      return true
    },
    serverDied(isTold) {
      for (const line of [...open]) {
        tellServer(line)
        if (!line.isDead && isTold()) tellPage(line, 1006)
      }
      forget()
    },
    leave() {
      for (const line of [...open]) serverOf(line)?.leave()
    },
  }
  return lines
}
