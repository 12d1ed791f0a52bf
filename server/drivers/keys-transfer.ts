// The rows of the keys' stream of a cluster, for who moves them or backs them up: read beside nodes that go on making and destroying keys, and put into a stream
// that no node has open.
import { setTimeout as delay } from 'node:timers/promises'
import { headers } from '@nats-io/transport-node'
import type { Erasure } from '@parley/core/erasure/erasure.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import { type KeysRows, keysRows } from './keys-rows.ts'
import { type KeysSettings, keysStreamOf, openKeysStream } from './keys-stream.ts'
import { nameOf } from './log-ends.ts'
import type { Nats } from './nats.ts'
import { createAsker } from './nats-asker.ts'
import { messagesOf } from './stream-messages.ts'
import type { VaultRow } from './vault-rows.ts'

/** Rows that are put at once. */
const AT_ONCE = 256
const TRY_MS = 2_000
const TRIES = 10
const PAUSE_MS = 500

/** Thrown where a key was destroyed while the rows were read: they are to be read again. */
export class ErasedMeanwhile extends Error {}

/** Every key that is not destroyed, and every erasure. Throws ErasedMeanwhile. Faults: LOG_UNAVAILABLE, STORE_DAMAGED. */
export async function* keysIn(
  nats: Nats,
  { name, secret }: { readonly name: string; readonly secret: Uint8Array },
): AsyncGenerator<VaultRow> {
  const rows = keysRows(name, secret)
  const stream = keysStreamOf(name)
  const before = await erasuresIn(nats, stream, rows)
  for (const erasure of before.notes) yield { kind: 'note', erasure }
  for await (const { subject, data } of messagesOf(nats, stream, [`${rows.prefix}.k.>`])) {
    const of = keyFrom(subject)
    if (before.erased.has(nameOf(of)) || data.length === 0) continue // what is left of it is on its way out
    const row = rows.openKey(of, data)
    yield {
      kind: 'key',
      of,
      customer: row?.customer ?? asCustomerId('unknown'),
      key: row && Buffer.from(row.key),
      isOwn: row?.isOwn ?? true,
    }
  }
  for (const of of before.erased.values()) yield { kind: 'erased', of }
  const after = await erasuresIn(nats, stream, rows)
  if (after.place !== before.place) throw new ErasedMeanwhile()
}

function keyFrom(subject: string): ConversationKey {
  const [shop = '', conversation = ''] = subject.split('.').slice(-2)
  return { shop: asShopId(shop), conversation: asConversationId(conversation) }
}

interface Erasures {
  readonly notes: readonly Erasure[]
  readonly erased: ReadonlyMap<string, ConversationKey>
  /** Of the last one in the stream. */
  readonly place: number
}

async function erasuresIn(nats: Nats, stream: string, rows: KeysRows): Promise<Erasures> {
  const notes: Erasure[] = []
  const erased = new Map<string, ConversationKey>()
  let place = 0
  for await (const { seq, subject, data } of messagesOf(
    nats,
    stream,
    ['a', 'e', 'x'].map(kind => `${rows.prefix}.${kind}.>`),
  )) {
    place = seq
    const [kind, shop = '', id = ''] = subject.slice(rows.prefix.length + 1).split('.')
    if (kind === 'x') {
      const of = keyFrom(subject)
      erased.set(nameOf(of), of)
      continue
    }
    if (data.length === 0) continue // it came to nothing
    const erasure = rows.openNote({ shop: asShopId(shop), id }, data)
    if (!erasure)
      throw new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason: `the note of erasure ${id} at ${seq} can't be read` })
    notes.push(erasure)
    if (erasure.state === 'asked') continue
    for (const { conversation } of erasure.conversations) {
      const of = { shop: erasure.shop, conversation }
      erased.set(nameOf(of), of)
    }
  }
  return { notes, erased, place }
}

/** Makes the stream where there is none, and puts the rows into it. May be done again. Faults: LOG_REFUSED, LOG_UNAVAILABLE. */
export async function fillKeys(
  nats: Nats,
  settings: KeysSettings & { readonly secret: Uint8Array },
  from: AsyncIterable<VaultRow>,
  progress: (rows: number) => void,
): Promise<void> {
  await openKeysStream(nats, settings, async () => true)
  const rows = keysRows(settings.name, settings.secret)
  const asker = createAsker(nats.connection)
  const put = async (subject: string, payload: Uint8Array): Promise<void> => {
    for (let tries = 1; ; tries++) {
      try {
        await asker.publish(subject, payload, headers(), TRY_MS)
        return
      } catch (error) {
        if (tries < TRIES) await delay(PAUSE_MS)
        else
          throw new Fault(
            'LOG_UNAVAILABLE',
            { reason: error instanceof Error ? error.message : String(error), retryAfterMs: 0 },
            { cause: error },
          )
      }
    }
  }
  async function putRow(row: VaultRow): Promise<void> {
    if (row.kind === 'note') return put(rows.noteOf(row.erasure.state === 'asked' ? 'a' : 'e', row.erasure), rows.sealNote(row.erasure))
    if (row.kind === 'erased') return put(rows.erasedOf(row.of), Buffer.alloc(0))
    const { of, customer, key, isOwn } = row
    await put(rows.indexOf(of.shop, customer, of.conversation), Buffer.alloc(0))
    await put(rows.keyOf(of), key ? rows.sealKey(of, { customer, key, isOwn }) : NO_KEY)
  }
  const iterator = from[Symbol.asyncIterator]()
  let done = 0
  const work = async (): Promise<void> => {
    for (let next = await iterator.next(); !next.done; next = await iterator.next()) {
      await putRow(next.value)
      progress(++done)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
}

/** What no key can be read of: whoever asks is told that it is damaged. */
const NO_KEY = Buffer.of(0)
