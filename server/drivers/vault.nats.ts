// The keys of conversations where several machines share a log: rows of a replicated stream (keys-stream.ts), and ciphers in this node's memory; no key on its disk. One
// message decides an erasure: from its place in the stream on what it names is erased at every node, whatever rows are left, and these are overwritten then.
//
// A cipher is used only by a node that is known to have heard of every erasure up to PROVEN_MS ago: it says so in a row of its own, which goes through the
// servers' agreement, and hears that back. Who erases waits until all others have said that they have heard of it, or can use nothing any more.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { headers } from '@nats-io/transport-node'
import type { AskedErasure, EndedErasure } from '@parley/core/erasure/erasure.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationId, type ConversationKey, type CustomerId, type ShopId } from '@parley/core/ids.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { OwnedConversation, Vault } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'
import { followKeys } from './keys-follow.ts'
import { openKeysMirror } from './keys-mirror.ts'
import { type KeyRow, keysRows } from './keys-rows.ts'
import { type KeysSettings, keysStreamOf, openKeysStream } from './keys-stream.ts'
import { nameOf } from './log-ends.ts'
import { isApiError } from './log-streams.ts'
import type { Nats } from './nats.ts'
import { createAsker } from './nats-asker.ts'
import { KEY_BYTES } from './vault.lmdb.ts'

/** Ciphers kept at hand. */
const CACHE = 10_000
/** Longer than a new leader takes to be elected: meanwhile what is known goes on being read. */
const PROVEN_MS = 15_000
const TRY_MS = 2_000
const DECIDED_MS = 15_000
const PAUSE_MS = 100
const SHORT_MS = 5
const RETRY_AFTER_MS = 2_000
/** Rows that are asked for at once. */
const AT_ONCE = 64

const NO_MESSAGE = [10037, 10057, 10043]
const WRONG_LAST_SEQUENCE = 10071
const UNDER_WAY = [10164, 10158]
const NO_ROOM = [10023, 10047, 10077]

export interface NatsVaultSettings extends Omit<KeysSettings, 'owner'> {
  /** 32 bytes that the nodes of one installation have, and nobody else. */
  readonly secret: Uint8Array
  readonly owner: string
  /** This node's own name, of `A-Z a-z 0-9 _ -`. */
  readonly node: string
  /** False where the log has conversations: then a stream that is not there is lost. */
  readonly mayMake: () => Promise<boolean>
  readonly provenMs?: number
}

/** What is known of another node. */
interface Heard {
  /** It has heard the stream up to there. */
  readonly place: number
  /** When that was heard here. */
  readonly at: number
}

/** `folder` holds no key (keys-mirror.ts). Faults: LOG_REFUSED, LOG_UNAVAILABLE, STORE_DAMAGED, STORAGE_FULL. */
export async function openNatsVault(
  folder: string,
  nats: Nats,
  settings: NatsVaultSettings,
  broke: (error: unknown) => void,
): Promise<Vault> {
  const { name, node, epoch, provenMs = PROVEN_MS } = settings
  const stream = keysStreamOf(name)
  const rows = keysRows(name, settings.secret)
  const info = await openKeysStream(nats, settings, settings.mayMake)
  const mirror = await openKeysMirror(folder, epoch, broke)
  if (mirror.place > info.state.last_seq) {
    await mirror.close()
    const reason = `it ends at ${info.state.last_seq}, and this node has read it up to ${mirror.place}`
    throw new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason })
  }
  const asker = createAsker(nats.connection)
  const lanes = createLanes()
  const opened = new Map<string, OwnedConversation>()
  const asked = new Map<string, { readonly erasure: AskedErasure; readonly seq: number }>()
  const nodes = new Map<string, Heard>()
  const listening = new Set<() => void>()
  const underWay = new Set<Promise<unknown>>()
  const writer = randomBytes(8).toString('hex')
  let said = 0
  let provenAt = Number.NEGATIVE_INFINITY
  let proving: Promise<void> | undefined
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Error('the vault is closed')
  }
  function under<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.catch(() => {}).then(() => underWay.delete(ended))
    underWay.add(ended)
    return work
  }

  /** Repeats it while nobody answers. Faults: LOG_UNAVAILABLE, STORAGE_FULL. */
  async function insisting<T>(work: () => Promise<T>): Promise<T> {
    const until = performance.now() + DECIDED_MS
    for (;;) {
      try {
        return await work()
      } catch (error) {
        if (error instanceof Fault || isApiError(error, WRONG_LAST_SEQUENCE)) throw error
        if (NO_ROOM.some(code => isApiError(error, code)))
          throw new Fault('STORAGE_FULL', { what: `stream ${stream}`, retryAfterMs: RETRY_AFTER_MS }, { cause: error })
        if (performance.now() > until || closing) throw unavailable(error)
        await delay(UNDER_WAY.some(code => isApiError(error, code)) ? SHORT_MS : PAUSE_MS)
      }
    }
  }

  /** The place at which it stands. Where `isNew`, undefined if there is something on its subject already. */
  async function put(subject: string, payload: Uint8Array, isNew: true): Promise<number | undefined>
  async function put(subject: string, payload: Uint8Array): Promise<number>
  async function put(subject: string, payload: Uint8Array, isNew = false): Promise<number | undefined> {
    const named = headers()
    named.set('Nats-Msg-Id', `${writer}-${++said}`)
    if (isNew) named.set('Nats-Expected-Last-Subject-Sequence', '0')
    try {
      return await insisting(() => asker.publish(subject, payload, named, TRY_MS))
    } catch (error) {
      if (isApiError(error, WRONG_LAST_SEQUENCE)) return undefined
      throw error
    }
  }

  /** What stands there, as the server has it that leads the stream. */
  async function rowAt(subject: string): Promise<{ readonly seq: number; readonly data: Uint8Array } | undefined> {
    const found = await insisting(() => nats.manager.streams.getMessage(stream, { last_by_subj: subject }))
    return found && found.data.length > 0 ? { seq: found.seq, data: found.data } : undefined
  }

  /** Overwrites it on the disks of the servers. */
  const wipe = (seq: number): Promise<unknown> =>
    insisting(async () => {
      try {
        await nats.manager.streams.deleteMessage(stream, seq, true)
      } catch (error) {
        if (!NO_MESSAGE.some(code => isApiError(error, code))) throw error // it is gone already
      }
    })

  // What is heard.

  function hear(seq: number, subject: string, payload: Uint8Array): void {
    const [kind, first = '', second = ''] = subject.slice(rows.prefix.length + 1).split('.')
    if (kind === 'n') hearNode(first, payload)
    else if (kind === 'a') hearAsked(seq, first, second, payload)
    else if (kind === 'e') hearErasure(seq, first, second, payload)
    else if (kind === 'x') {
      const key = { shop: asShopId(first), conversation: asConversationId(second) }
      mirror.erasedAlone(key, seq)
      opened.delete(nameOf(key))
    }
  }

  function hearNode(other: string, payload: Uint8Array): void {
    if (other === node) return
    if (payload.length === 8) nodes.set(other, { place: Buffer.from(payload).readDoubleBE(), at: performance.now() })
    else nodes.delete(other)
    for (const look of listening) look()
  }

  function hearAsked(seq: number, shop: string, id: string, payload: Uint8Array): void {
    const about = { shop: asShopId(shop), id }
    const erasure = payload.length > 0 ? rows.openNote(about, payload) : undefined
    if (erasure?.state === 'asked') asked.set(`${shop}/${id}`, { erasure, seq })
    else asked.delete(`${shop}/${id}`)
  }

  function hearErasure(seq: number, shop: string, id: string, payload: Uint8Array): void {
    const erasure = rows.openNote({ shop: asShopId(shop), id }, payload)
    if (!erasure || erasure.state === 'asked') {
      broke(new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason: `the note of erasure ${id} at ${seq} can't be read` }))
      return
    }
    asked.delete(`${shop}/${id}`)
    mirror.erased(erasure, seq)
    for (const { conversation } of erasure.conversations) opened.delete(nameOf({ shop: erasure.shop, conversation }))
    if (isOpen && nodes.size > 0) announce().catch(() => {}) // whoever erases does not wait for ever
  }

  const announce = async (): Promise<number> => {
    const place = Buffer.alloc(8)
    place.writeDoubleBE(followed?.place ?? mirror.place)
    return put(rows.nodeOf(node), place)
  }

  async function prove(): Promise<void> {
    const at = performance.now()
    await within(followed.reached(await announce()))
    provenAt = at
  }
  /** Rejects where nothing is heard. Faults: LOG_UNAVAILABLE. */
  async function within<T>(work: Promise<T>): Promise<T> {
    const { promise: late, reject } = Promise.withResolvers<never>()
    const timer = setTimeout(() => reject(unavailable(new Error(`nothing was heard within ${DECIDED_MS} ms`))), DECIDED_MS)
    try {
      return await Promise.race([work, late])
    } finally {
      clearTimeout(timer)
    }
  }

  /** Resolves when this node is known to have heard of every erasure up to a while ago. Faults: LOG_UNAVAILABLE. */
  async function fresh(): Promise<void> {
    refuseClosed()
    for (;;) {
      const age = performance.now() - provenAt
      if (age > provenMs / 3) proving ??= under(prove().finally(() => (proving = undefined)))
      if (age < provenMs) {
        proving?.catch(() => {}) // it is asked for again
        return
      }
      await proving
    }
  }

  /** Resolves when no other node uses a key any more that was destroyed at this place. */
  async function untilOthersHeard(seq: number): Promise<void> {
    const before = [...nodes].filter(([, { place }]) => place < seq)
    await Promise.all(
      before.map(async ([other, { at }]) => {
        const heard = (): boolean => (nodes.get(other)?.place ?? Number.POSITIVE_INFINITY) >= seq
        const { promise, resolve } = Promise.withResolvers<void>()
        const look = (): void => {
          if (heard()) resolve()
        }
        const timer = setTimeout(resolve, Math.max(0, at + provenMs - performance.now()))
        listening.add(look)
        look()
        await promise
        clearTimeout(timer)
        listening.delete(look)
      }),
    )
  }

  // Keys.

  const erasedFault = ({ conversation }: ConversationKey): Fault => new Fault('CONVERSATION_ERASED', { conversation })
  const refuseErased = (key: ConversationKey): void => {
    if (mirror.isErased(key)) throw erasedFault(key)
  }

  function remember(key: ConversationKey, conversation: OwnedConversation): OwnedConversation {
    const named = nameOf(key)
    opened.delete(named) // the youngest stands last
    opened.set(named, conversation)
    if (opened.size > CACHE) opened.delete(opened.keys().next().value as string) // size > 0: there is a first key
    return conversation
  }

  async function lookUp(key: ConversationKey): Promise<KeyRow | undefined> {
    refuseErased(key)
    const found = await rowAt(rows.keyOf(key))
    refuseErased(key)
    if (!found) return undefined
    const row = rows.openKey(key, found.data)
    if (!row) throw new Fault('LOG_DAMAGED', { conversation: key.conversation, seq: 1, reason: 'its key is damaged' })
    return row
  }

  const conversationIn = ({ customer, key }: KeyRow): OwnedConversation => ({ customer, cipher: createCipher(key) })

  async function find(key: ConversationKey): Promise<OwnedConversation | undefined> {
    await fresh()
    const held = opened.get(nameOf(key))
    if (held) return remember(key, held)
    const row = await lookUp(key)
    return row && remember(key, conversationIn(row))
  }

  async function make(key: ConversationKey, customer: CustomerId): Promise<OwnedConversation> {
    const row: KeyRow = { customer, key: randomBytes(KEY_BYTES), isOwn: true }
    // First the index: it does no harm where the key never comes, and a conversation that it lacks would outlive its customer's erasure.
    await put(rows.indexOf(key.shop, customer, key.conversation), Buffer.alloc(0))
    for (;;) {
      const seq = await put(rows.keyOf(key), rows.sealKey(key, row), true)
      if (seq !== undefined) {
        await within(followed.reached(seq)) // an erasure may stand before it
        if (!mirror.isErased(key)) return remember(key, conversationIn(row))
        await wipeRows(key)
        throw erasedFault(key)
      }
      const theirs = await lookUp(key) // another node was faster
      if (theirs) return remember(key, conversationIn(theirs))
      await delay(PAUSE_MS) // a server answers that leads no more
    }
  }

  /** Overwrites what the stream has of an erased conversation. Idempotent. */
  async function wipeRows(key: ConversationKey): Promise<void> {
    const found = await rowAt(rows.keyOf(key))
    if (!found) return
    const row = rows.openKey(key, found.data)
    if (row) {
      const index = await insisting(() =>
        nats.manager.streams.getMessage(stream, { last_by_subj: rows.indexOf(key.shop, row.customer, key.conversation) }),
      )
      if (index) await wipe(index.seq)
    }
    await wipe(found.seq) // last: it alone says whose it was
  }

  const wipeAll = (erasure: EndedErasure): Promise<unknown> =>
    inParallel(erasure.conversations, ({ conversation }) => wipeRows({ shop: erasure.shop, conversation }))

  async function conversationsOf(shop: ShopId, customer: CustomerId): Promise<ConversationId[]> {
    await fresh()
    const filter = rows.indexOf(shop, customer, '*')
    const { state } = await insisting(() => nats.manager.streams.info(stream, { subjects_filter: filter }))
    const found: ConversationId[] = []
    await inParallel(Object.keys(state.subjects ?? {}), async subject => {
      const conversation = asConversationId(subject.slice(filter.length - 1))
      const key = { shop, conversation }
      if (mirror.isErased(key)) return
      try {
        if ((await find(key))?.customer === customer) found.push(conversation)
      } catch (error) {
        if (!(error instanceof Fault) || error.code !== 'CONVERSATION_ERASED') throw error // meanwhile
      }
    })
    return found
  }

  let isOpen = false
  let followed: ReturnType<typeof followKeys>
  try {
    const upTo = await announce()
    followed = followKeys({
      connection: nats.connection,
      stream,
      from: mirror.place,
      first: { upTo, subjects: ['a', 'e', 'x', 'n'].map(kind => `${rows.prefix}.${kind}.>`) },
      hear,
      broke,
    })
    await within(followed.reached(upTo))
    await mirror.stored()
    isOpen = true
  } catch (error) {
    await mirror.close()
    throw error
  }

  return {
    async cipher(key, customer) {
      const held = (await find(key)) ?? (await under(lanes.run(nameOf(key), async () => (await find(key)) ?? make(key, customer))))
      if (held.customer !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      return held.cipher
    },
    opened: find,
    async isErased(key) {
      await fresh()
      return mirror.isErased(key)
    },
    conversationsOf,
    async sealedWith(key) {
      await fresh()
      if (mirror.isErased(key)) return []
      const row = await lookUp(key)
      if (!row) return []
      if (row.isOwn) return [key.conversation]
      const all = await conversationsOf(key.shop, row.customer)
      const shared: ConversationId[] = []
      await inParallel(all, async conversation => {
        if ((await lookUp({ shop: key.shop, conversation }))?.isOwn === false) shared.push(conversation)
      })
      return shared
    },
    async note(erasure) {
      refuseClosed()
      if (erasure.state === 'asked') {
        await under(within(put(rows.noteOf('a', erasure), rows.sealNote(erasure)).then(seq => followed.reached(seq))))
        return
      }
      await under(wipeAll(erasure)) // where a crash has left them
      await under(within(put(rows.noteOf('e', erasure), rows.sealNote(erasure)).then(seq => followed.reached(seq))))
      if (erasure.state === 'done') await mirror.cleared(erasure)
    },
    async dropNote({ shop, id }) {
      refuseClosed()
      const found = asked.get(`${shop}/${id}`)
      if (!found) return
      await under(wipe(found.seq))
      await under(within(put(rows.noteOf('a', { shop, id }), Buffer.alloc(0)).then(seq => followed.reached(seq))))
    },
    async notes() {
      await fresh()
      return [...mirror.notes(), ...[...asked.values()].map(({ erasure }) => erasure)].sort((a, b) => a.at - b.at)
    },
    destroy: erasure =>
      under(
        (async () => {
          refuseClosed()
          const before = asked.get(`${erasure.shop}/${erasure.id}`)
          const seq = await put(rows.noteOf('e', erasure), rows.sealNote(erasure))
          await within(followed.reached(seq))
          await Promise.all([wipeAll(erasure), before && wipe(before.seq), untilOthersHeard(seq)])
        })(),
      ),
    close() {
      const end = async (): Promise<void> => {
        await Promise.allSettled([...underWay])
        await Promise.race([asker.publish(rows.nodeOf(node), Buffer.alloc(0), headers(), TRY_MS).catch(() => {}), delay(TRY_MS)])
        await followed.close()
        await mirror.close()
      }
      closing ??= end()
      return closing
    },
  }

  function unavailable(cause: unknown): Fault {
    const reason = cause instanceof Error ? cause.message : String(cause)
    return new Fault('LOG_UNAVAILABLE', { reason, retryAfterMs: RETRY_AFTER_MS }, { cause })
  }
}

async function inParallel<T>(items: readonly T[], work: (item: T) => Promise<unknown>): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++]!) // there is one
  }
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, worker))
}
