// Ends what a server does for a connection: by a connection of its own, as the protocol has it, so that it works when all others are in use.
import type { Socket } from 'node:net'
import { isIP } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type Address, type Reach, socketFor } from './address.ts'

const CANCEL = 80_877_102
const ENCRYPT = 80_877_103
const PATIENCE_MS = 2_000

/** Nothing is said of what came of it: the server says nothing either. */
export function cancel(address: Address, reach: Reach, processId: number, secret: number): void {
  const { host, port, tls } = address
  const socket = socketFor(reach)
  const end = (): void => void socket.destroy()
  const send = (to: Socket): void => void to.end(message(CANCEL, processId, secret))
  socket.setTimeout(PATIENCE_MS, end)
  socket.on('error', end)
  if (host.startsWith('/')) socket.connect(`${host}/.s.PGSQL.${port}`)
  else socket.connect(port, host)
  socket.once('connect', () => {
    if (!tls) return send(socket)
    socket.write(message(ENCRYPT))
    socket.once('data', answer => {
      if (answer.toString('latin1') !== 'S') return end()
      const secured = connectTls({ ...tls, socket, host, ...(isIP(host) === 0 && { servername: host }) }, () => send(secured))
      secured.on('error', end)
    })
  })
}

/** Its length, and the numbers. */
function message(...numbers: readonly number[]): Buffer {
  const buffer = Buffer.alloc(4 + 4 * numbers.length)
  buffer.writeInt32BE(buffer.length, 0)
  for (const [i, number] of numbers.entries()) buffer.writeInt32BE(number, 4 + 4 * i)
  return buffer
}
