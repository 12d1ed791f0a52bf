// Publishing into JetStream and hearing what became of it. The client's own requests make an Error, a race of promises and two timers for each, which costs
// more than everything else that an append does here; these go over one inbox, with one timer.
import { type ApiError, JetStreamApiError } from '@nats-io/jetstream'
import { createInbox, type Msg, type MsgHdrs, type NatsConnection } from '@nats-io/transport-node'

export interface Asker {
  /** The place at which the message stands, if it was taken now or had been before. Rejects with JetStreamApiError where the server refuses it. */
  publish(subject: string, payload: Uint8Array, headers: MsgHdrs, timeoutMs: number): Promise<number>
}

/**
 * A server that is cut off from the others answers its clients' pings and nothing else. So long after the first that waited in vain it is left for another:
 * soon where it does not even reach who leads all servers, and later in any case, since it may have led them itself.
 */
const DOUBT_MS = 2_000
const LEAVE_MS = 6_000
const LEADERS_MS = 1_000
const OF_THE_LEADER = '$JS.API.INFO'

interface Asked {
  resolve(seq: number): void
  reject(error: unknown): void
  readonly timer: NodeJS.Timeout
}

export function createAsker(connection: NatsConnection): Asker {
  const inbox = createInbox()
  const asked = new Map<string, Asked>()
  let count = 0
  /** When the first waited in vain, since when none was answered. */
  let silentSince: number | undefined
  let isDoubting = false

  async function inVain(): Promise<void> {
    silentSince ??= performance.now()
    const silence = performance.now() - silentSince
    if (silence < DOUBT_MS || isDoubting) return
    isDoubting = true
    try {
      const isOver =
        silence > LEAVE_MS || (await connection.request(OF_THE_LEADER, '', { timeout: LEADERS_MS }).catch(() => undefined)) === undefined
      if (!isOver || silentSince === undefined) return
      silentSince = undefined
      await connection.reconnect()
    } finally {
      isDoubting = false
    }
  }

  function answer(reply: string, settle: (asked: Asked) => void): void {
    const found = asked.get(reply)
    if (!found) return // it was late
    asked.delete(reply)
    clearTimeout(found.timer)
    settle(found)
  }
  connection.subscribe(`${inbox}.*`, {
    callback: (error, message) => {
      if (error) return // of the subscription: the connection is gone, and each that waits is late
      answer(message.subject, ({ resolve, reject }) => {
        if (message.data.length === 0) {
          inVain().catch(() => {}) // it is closing
          return reject(new Error('no server leads the stream'))
        }
        silentSince = undefined
        try {
          resolve(placeIn(message))
        } catch (refusal) {
          reject(refusal)
        }
      })
    },
  })

  return {
    publish: (subject, payload, headers, timeoutMs) =>
      new Promise((resolve, reject) => {
        const reply = `${inbox}.${++count}`
        const late = (): void =>
          answer(reply, () => {
            inVain().catch(() => {}) // it is closing
            reject(new Error(`nobody answered within ${timeoutMs} ms`))
          })
        asked.set(reply, { resolve, reject, timer: setTimeout(late, timeoutMs) })
        try {
          connection.publish(subject, payload, { reply, headers })
        } catch (error) {
          answer(reply, () => reject(error))
        }
      }),
  }
}

function placeIn(message: Msg): number {
  const { seq, error } = message.json<{ readonly seq?: number; readonly error?: ApiError }>()
  if (error) throw new JetStreamApiError(error)
  if (typeof seq !== 'number') throw new Error('the answer names no place')
  return seq
}
