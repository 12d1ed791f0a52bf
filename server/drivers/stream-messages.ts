// All that a stream holds, from its beginning, for who reads it once.
import { DeliverPolicy, type JsMsg, jetstream } from '@nats-io/jetstream'
import { Fault } from '@parley/core/faults.ts'
import { API_MS, type Nats } from './nats.ts'

const AT_ONCE = 5_000
/** How often in succession nothing may come where something is. */
const TRIES = 10

/** Of the subjects that are named, or all; in order, up to the end that the stream has by then. Faults: LOG_UNAVAILABLE. */
export async function* messagesOf(
  { connection }: Pick<Nats, 'connection'>,
  stream: string,
  subjects?: readonly string[],
): AsyncGenerator<JsMsg> {
  const client = jetstream(connection, { timeout: API_MS })
  let place = 0
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      const consumer = await client.consumers.get(stream, {
        deliver_policy: DeliverPolicy.StartSequence,
        opt_start_seq: place + 1,
        ...(subjects && { filter_subjects: [...subjects] }),
      })
      if ((await consumer.info()).num_pending === 0) return
      for await (const message of await consumer.fetch({ max_messages: AT_ONCE, expires: API_MS })) {
        if (message.seq <= place) continue
        place = message.seq
        tries = 0
        yield message
        if (message.info.pending === 0) return
      }
    } catch (error) {
      if (error instanceof Fault) throw error // of who reads
    }
  }
  throw new Fault('LOG_UNAVAILABLE', { reason: `stream ${stream} could not be read to its end`, retryAfterMs: 0 })
}
