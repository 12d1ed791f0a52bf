// Hears a stream from a place on, for as long as it is open: over broken lines, other leaders and servers that fall silent. What was lost on the way is
// heard, since it begins again behind the last that was.
import { setTimeout as delay } from 'node:timers/promises'
import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, type JsMsg } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

export interface StreamListener {
  close(): Promise<void>
}

export interface ListenerParts {
  readonly connection: NatsConnection
  readonly client: JetStreamClient
  readonly stream: string
  /** The last place that needs not be heard again. */
  readonly place: () => number
  /** In the stream's order; one may come twice. */
  readonly heard: (message: JsMsg) => void
  readonly broke: (error: unknown) => void
}

const AHEAD = 1_000
/** After twice this without a word from the server that sends, another is asked. */
const SILENCE_MS = 1_000
const PAUSE_MS = 100

export function listenToStream({ connection, client, stream, place, heard, broke }: ListenerParts): StreamListener {
  let isClosed = false
  let stop = (): void => {}

  async function listenOnce(): Promise<void> {
    let last = place()
    const consumer = await client.consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: last + 1 })
    const messages = await consumer.consume({ max_messages: AHEAD, expires: 4 * SILENCE_MS, idle_heartbeat: SILENCE_MS })
    stop = () => void messages.close()
    if (isClosed) stop()
    watch(messages, () => last).catch(broke)
    try {
      for await (const message of messages) {
        last = message.seq
        try {
          heard(message)
        } catch (error) {
          broke(error) // a bug: what comes next is no worse for it
        }
      }
    } finally {
      stop()
    }
  }

  /** Ends the messages where some may have been lost on their way: a line that broke says nothing of it until another one comes. */
  async function watch(messages: ConsumerMessages, last: () => number): Promise<void> {
    let lastBefore: number | undefined
    for await (const note of messages.status()) {
      if (note.type === 'heartbeats_missed' || note.type === 'reset') void messages.close()
      if (note.type !== 'heartbeat') continue
      // What came before it may wait in line here; by the next one it has been heard.
      if (note.lastStreamSequence > last() && lastBefore === last()) void messages.close()
      lastBefore = last()
    }
  }

  async function listen(): Promise<void> {
    while (!isClosed) {
      await listenOnce().catch(() => {}) // nobody leads, or the line is broken: again
      if (!isClosed) await delay(PAUSE_MS)
    }
  }
  const listening = listen()
  const afresh = async (): Promise<void> => {
    for await (const { type } of connection.status()) {
      if (isClosed) return
      if (type === 'reconnect') stop()
    }
  }
  afresh().catch(broke)

  return {
    async close() {
      isClosed = true
      stop()
      await listening
    },
  }
}
