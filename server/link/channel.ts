// Messages over a local socket, a line of JSON each. What is sent in one tick of the event loop leaves in one write: a call to the kernel costs more
// than the message. A reader that falls behind is first asked no more questions and then cut: whoever is cut comes back and asks for what it lacks,
// while an endless buffer would take everybody else down with it.
import type { Socket } from 'node:net'

export interface Channel<Out> {
  send(message: Out): void
  /** Bytes and characters that the other side has not taken yet. */
  readonly waiting: number
  cut(): void
}

export interface ChannelEvents<In> {
  message(message: In): void
  /** Called once, whoever ended it. */
  gone(): void
}

export interface ChannelLimits {
  /** Bytes waiting above which nothing more is read from the other side until it has taken them. One side only, or both might wait for ever. */
  readonly pauseAbove: number
  /** Bytes waiting above which the channel is cut. */
  readonly cutAbove: number
}

/** Characters of one line: more than any conversation has. */
const LONGEST_LINE = 128 * 1024 * 1024

export function createChannel<In, Out>(socket: Socket, limits: ChannelLimits, events: ChannelEvents<In>): Channel<Out> {
  let lines: string[] = []
  let characters = 0
  let rest = ''
  let isGone = false

  function flush(): void {
    const text = lines.join('')
    lines = []
    characters = 0
    if (isGone) return
    socket.write(text)
    if (socket.writableLength > limits.cutAbove) return void socket.destroy()
    if (socket.writableLength > limits.pauseAbove) socket.pause()
  }

  function take(line: string): void {
    if (!isGone) events.message(JSON.parse(line) as In) // the other side is this code, see messages.ts
  }

  socket.setEncoding('utf8')
  socket.on('data', (chunk: string) => {
    let from = 0
    for (let end = chunk.indexOf('\n'); end >= 0; end = chunk.indexOf('\n', from)) {
      take(rest + chunk.slice(from, end))
      rest = ''
      from = end + 1
    }
    rest += chunk.slice(from)
    if (rest.length > LONGEST_LINE) socket.destroy()
  })
  socket.on('drain', () => socket.resume())
  socket.on('error', () => {}) // 'close' follows
  socket.on('close', () => {
    isGone = true
    events.gone()
  })

  return {
    send(message) {
      if (isGone) return
      const line = `${JSON.stringify(message)}\n`
      characters += line.length
      if (lines.push(line) === 1) setImmediate(flush)
    },
    get waiting() {
      return socket.writableLength + characters
    },
    cut: () => void socket.destroy(),
  }
}
