// A line between a node and a server, over which the test says what comes through.
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'

export interface Line {
  readonly url: string
  /** From now on nothing that the server says arrives, on the connections that are there; what it is told arrives. */
  deafen(): void
  /** Ends the connections that are there. New ones are as they should be. */
  cut(): void
  close(): Promise<void>
}

export async function openLine(target: string): Promise<Line> {
  const [host, port] = target.split(':')
  const pairs = new Set<{ readonly near: Socket; readonly far: Socket }>()
  const server = createServer(near => {
    const pair = { near, far: connect(Number(port), host) }
    const { far } = pair
    pairs.add(pair)
    near.pipe(far)
    far.pipe(near)
    for (const socket of [near, far])
      socket
        .on('error', () => {})
        .on('close', () => {
          near.destroy()
          far.destroy()
          pairs.delete(pair)
        })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port: mine } = server.address() as { port: number } // a TCP server's
  const cut = (): void => {
    for (const { near } of pairs) near.destroy()
  }
  return {
    url: `127.0.0.1:${mine}`,
    deafen() {
      for (const { near, far } of pairs) far.unpipe(near).resume()
    },
    cut,
    async close() {
      cut()
      await once(server.close(), 'close')
    },
  }
}
