// Hears the keys' stream from a place on: what stands there of erasures first, and then everything as it comes.
import { setTimeout as delay } from 'node:timers/promises'
import { type ConsumerMessages, DeliverPolicy, type JetStreamClient, jetstream } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'

const PAUSE_MS = 100
const AHEAD = 1_000
/** After twice this without a word from the server that sends, another is asked. */
const SILENCE_MS = 1_000
const API_MS = 2_000

export interface Followed {
  /** All up to here was heard. */
  readonly place: number
  /** Resolves when all up to this place was heard. Rejects when the following ends before. */
  reached(seq: number): Promise<void>
  close(): Promise<void>
}

export interface FollowParts {
  readonly connection: NatsConnection
  readonly stream: string
  /** What has been heard already. */
  readonly from: number
  /** What is on one of these is listened to. */
  readonly subjects: readonly string[]
  /** Up to there only what is on one of these: of the others there may be very many. */
  readonly first: { readonly upTo: number; readonly subjects: readonly string[] }
  readonly hear: (seq: number, subject: string, payload: Uint8Array) => void
  readonly broke: (error: unknown) => void
}

export function followKeys({ connection, stream, from, subjects, first, hear, broke }: FollowParts): Followed {
  const client: JetStreamClient = jetstream(connection, { timeout: API_MS })
  let place = from
  let isClosed = false
  let stop = (): void => {}
  const waiting = new Set<{ readonly seq: number; resolve(): void; reject(error: unknown): void }>()

  function take(seq: number, subject: string, payload: Uint8Array): void {
    if (seq <= place) return
    try {
      hear(seq, subject, payload)
    } catch (error) {
      broke(error) // nobody's row: what comes after it is heard
    }
    place = seq
    for (const each of waiting)
      if (each.seq <= place) {
        waiting.delete(each)
        each.resolve()
      }
  }

  async function follow(): Promise<void> {
    while (!isClosed) {
      try {
        await followOnce()
      } catch {
        // No server answers, or the consumer is gone with one: again.
      }
      if (!isClosed) await delay(PAUSE_MS)
    }
  }

  async function followOnce(): Promise<void> {
    const isFirst = place < first.upTo
    const consumer = await client.consumers.get(stream, {
      deliver_policy: DeliverPolicy.StartSequence,
      opt_start_seq: place + 1,
      filter_subjects: [...(isFirst ? first.subjects : subjects)],
    })
    const messages = await consumer.consume({ max_messages: AHEAD, expires: 4 * SILENCE_MS, idle_heartbeat: SILENCE_MS })
    stop = () => void messages.close()
    if (isClosed) stop()
    let heard = 0
    watch(messages, () => heard).catch(broke)
    try {
      for await (const message of messages) {
        heard = message.info.deliverySequence
        take(message.seq, message.subject, message.data)
        if (isFirst && place >= first.upTo) return
      }
    } finally {
      stop()
    }
  }

  /** Ends the messages where some may have been lost on their way: a line that broke says nothing of it until another one comes. */
  async function watch(messages: ConsumerMessages, heard: () => number): Promise<void> {
    let before: number | undefined
    for await (const note of messages.status()) {
      if (note.type === 'heartbeats_missed' || note.type === 'reset') void messages.close()
      if (note.type !== 'heartbeat') continue
      // What came before it may wait in line here; by the next one it has been heard.
      if (note.lastConsumerSequence > heard() && before === heard()) void messages.close()
      before = heard()
    }
  }

  async function listenAgain(): Promise<void> {
    for await (const { type } of connection.status()) if (type === 'reconnect') stop()
  }
  listenAgain().catch(broke)
  const following = follow()

  return {
    get place() {
      return place
    },
    reached: seq => (place >= seq ? Promise.resolve() : new Promise((resolve, reject) => waiting.add({ seq, resolve, reject }))),
    async close() {
      isClosed = true
      stop()
      for (const { reject } of waiting) reject(new Error('the keys were closed meanwhile'))
      waiting.clear()
      await following
    },
  }
}
