// Rows as they lie on the NATS servers: what a row is called and what is in it are sealed with a key of the installation's secret, bound to the place where
// it stands. A server, and whoever reads its disks, sees how many rows there are, how large and when they changed.
import { createHmac } from 'node:crypto'
import { createCipher } from './cipher.ts'

export interface Row {
  readonly names: readonly string[]
  /** JSON; undefined where the row was removed. */
  readonly text: string | undefined
}

/** A change that was made: its name, and the place of its last row. */
export type Made = readonly [change: string, seq: number]

export interface Message {
  readonly row: Row
  /** In the last row of a change: the newest changes, this one the last. Whoever does not know whether one stands looks for it here. */
  readonly made?: readonly Made[] | undefined
}

export interface RowSeal {
  /** The last part of the subject that a row of these names stands on: the same at every node. */
  nameOf(names: readonly string[]): string
  seal(subject: string, message: Message): Uint8Array
  /** Undefined where it is not what anybody with this secret has put there. */
  open(subject: string, bytes: Uint8Array): Message | undefined
}

export function createRowSeal(key: Buffer): RowSeal {
  const keyFor = (purpose: string): Buffer => createHmac('sha256', key).update(purpose).digest()
  const cipher = createCipher(keyFor('rows'))
  const namesKey = keyFor('names')
  return {
    nameOf: names => createHmac('sha256', namesKey).update(JSON.stringify(names)).digest('base64url'),
    seal: (subject, { row: { names, text }, made }) => cipher.seal(Buffer.from(JSON.stringify([names, text ?? null, made])), subject),
    open(subject, bytes) {
      try {
        const clear = Buffer.from(cipher.open(bytes, subject)).toString('utf8')
        const [names, text, made] = JSON.parse(clear) as [string[], string | null, Made[] | undefined] // as a node has sealed it
        return { row: { names, text: text ?? undefined }, made }
      } catch {
        return undefined
      }
    },
  }
}
