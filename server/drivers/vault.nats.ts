// The keys of conversations where several machines share a log: rows of a replicated stream (keys-stream.ts), and ciphers in this node's memory; no key is on its disk.
// One message decides an erasure: from its place in the stream on what it names is erased at every node, whatever rows are left, and these are overwritten then
// (keys-scrub.ts). A key is taken out of memory only by a node that is known to have heard of the erasures before (keys-nodes.ts).
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import type { AskedErasure, EndedErasure } from '@parley/core/erasure/erasure.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationId, type ConversationKey, type CustomerId, type ShopId } from '@parley/core/ids.ts'
import { createLanes } from '@parley/core/lanes.ts'
import type { OwnedConversation, Vault } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'
import { followKeys } from './keys-follow.ts'
import { createKeysLine, inParallel, PAUSE_MS } from './keys-line.ts'
import { openKeysMirror } from './keys-mirror.ts'
import { createKeysNodes } from './keys-nodes.ts'
import { type KeyRow, keysRows } from './keys-rows.ts'
import { createKeysScrub } from './keys-scrub.ts'
import { type KeysSettings, keysStreamOf, openKeysStream } from './keys-stream.ts'
import { nameOf } from './log-ends.ts'
import type { Nats } from './nats.ts'
import { KEY_BYTES } from './vault.lmdb.ts'

/** Ciphers kept at hand. */
const CACHE = 10_000
/** Longer than a new leader takes to be elected: meanwhile what is in memory goes on being used. */
const PROVEN_MS = 15_000
/** Rows that are asked for at once. */
const AT_ONCE = 64

export interface NatsVaultSettings extends KeysSettings {
  /** 32 bytes that the nodes of one installation have, and nobody else. */
  readonly secret: Uint8Array
  /** This node's own name, of `A-Z a-z 0-9 _ -`. */
  readonly node: string
  /** False where the log has conversations: then a stream that is not there is lost. */
  readonly mayMake: () => Promise<boolean>
  readonly provenMs?: number
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
  const line = createKeysLine(nats, stream)
  const lanes = createLanes()
  const opened = new Map<string, OwnedConversation>()
  const asked = new Map<string, { readonly erasure: AskedErasure; readonly seq: number }>()
  /** Those that this node ends itself; true once it has heard of it. */
  const own = new Map<string, boolean>()
  const underWay = new Set<Promise<unknown>>()
  let follower: ((erasure: EndedErasure) => Promise<void>) | undefined
  let following: Promise<void> = Promise.resolve()
  let isOpen = false
  let closing: Promise<void> | undefined

  const refuseClosed = (): void => {
    if (closing) throw new Error('the vault is closed')
  }
  function under<T>(work: Promise<T>): Promise<T> {
    const ended: Promise<unknown> = work.catch(() => {}).then(() => underWay.delete(ended))
    underWay.add(ended)
    return work
  }
  const idOf = ({ shop, id }: Pick<EndedErasure, 'shop' | 'id'>): string => `${shop}/${id}`

  const nodes = createKeysNodes({
    line,
    node,
    subject: rows.nodeOf(node),
    provenMs,
    place: () => followed?.place ?? mirror.place,
    reached: seq => followed!.reached(seq), // it is asked once that is there
  })
  const scrubber = createKeysScrub({ line, subjects: { fill: `${rows.prefix}.f`, owed: `${rows.prefix}.w` }, broke })

  async function fresh(): Promise<void> {
    refuseClosed()
    await nodes.fresh()
  }

  // What is heard.

  function hear(seq: number, subject: string, payload: Uint8Array): void {
    const [kind, first = '', second = ''] = subject.slice(rows.prefix.length + 1).split('.')
    if (kind === 'n') nodes.heard(first, payload)
    else if (kind === 'w') scrubber.heard(payload)
    else if (kind === 'a') hearAsked(seq, { shop: asShopId(first), id: second }, payload)
    else if (kind === 'e') hearErasure(seq, { shop: asShopId(first), id: second }, payload)
    else if (kind === 'x') {
      const key = { shop: asShopId(first), conversation: asConversationId(second) }
      mirror.erasedAlone(key, seq)
      opened.delete(nameOf(key))
    }
  }

  /** What is in memory alone: what stands of it before the place from which the stream is heard. */
  async function hearWhatStands(): Promise<void> {
    const infos = await Promise.all(['a', 'n'].map(kind => line.info(`${rows.prefix}.${kind}.>`)))
    const subjects = infos.flatMap(({ state }) => Object.keys(state.subjects ?? {}))
    await inParallel([...subjects, `${rows.prefix}.w`], AT_ONCE, async subject => {
      const row = await line.rowAt(subject)
      if (row) hear(row.seq, subject, row.data)
    })
  }

  function hearAsked(seq: number, about: Pick<EndedErasure, 'shop' | 'id'>, payload: Uint8Array): void {
    const erasure = payload.length > 0 ? rows.openNote(about, payload) : undefined
    if (erasure?.state === 'asked') asked.set(idOf(about), { erasure, seq })
    else asked.delete(idOf(about))
  }

  function hearErasure(seq: number, about: Pick<EndedErasure, 'shop' | 'id'>, payload: Uint8Array): void {
    const erasure = rows.openNote(about, payload)
    if (!erasure || erasure.state === 'asked') {
      const reason = `the note of erasure ${about.id} at ${seq} can't be read`
      broke(new Fault('STORE_DAMAGED', { file: `stream ${stream}`, reason }))
      return
    }
    asked.delete(idOf(about))
    const isNews = mirror.erased(erasure, seq)
    for (const { conversation } of erasure.conversations) opened.delete(nameOf({ shop: erasure.shop, conversation }))
    if (!isOpen) return
    // Once it is counted as heard. Where it does not come through, whoever erases waits a little.
    if (nodes.hasOthers) queueMicrotask(() => void nodes.announce().catch(() => {}))
    if (own.has(idOf(erasure))) own.set(idOf(erasure), true)
    else if (isNews) tell(erasure)
  }

  /** One after the other. */
  function tell(erasure: EndedErasure): void {
    const told = follower
    if (!told) return
    following = following.then(async () => {
      if (closing) return
      try {
        await told(erasure)
        await mirror.cleared(erasure)
      } catch (error) {
        broke(error) // it is told of again after a start
      }
    })
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
    const found = await line.rowAt(rows.keyOf(key))
    refuseErased(key) // it may have been heard meanwhile
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
    await line.put(rows.indexOf(key.shop, customer, key.conversation), Buffer.alloc(0))
    for (;;) {
      const seq = await line.make(rows.keyOf(key), rows.sealKey(key, row))
      if (seq !== undefined) {
        await line.within(followed!.reached(seq)) // an erasure may stand before it
        if (!mirror.isErased(key)) return remember(key, conversationIn(row))
        await wipe(key)
        throw erasedFault(key)
      }
      const theirs = await lookUp(key) // another node was faster
      if (theirs) return remember(key, conversationIn(theirs))
      await delay(PAUSE_MS) // a server answers that leads no more
    }
  }

  /** Overwrites what the stream has of an erased conversation. False where that is nothing. */
  async function wipe(key: ConversationKey): Promise<boolean> {
    const found = await line.rowAt(rows.keyOf(key))
    if (!found) return false
    const row = rows.openKey(key, found.data)
    const index = row && (await line.rowAt(rows.indexOf(key.shop, row.customer, key.conversation)))
    if (index) await line.wipe(index.seq)
    await line.wipe(found.seq) // last: it alone says whose it was
    return true
  }

  async function wipeAll({ shop, conversations }: EndedErasure): Promise<void> {
    let isAny = false
    await inParallel(conversations, AT_ONCE, async ({ conversation }) => {
      if (await wipe({ shop, conversation })) isAny = true
    })
    if (isAny) await scrubber.scrub()
  }

  async function conversationsOf(shop: ShopId, customer: CustomerId): Promise<ConversationId[]> {
    refuseClosed()
    await nodes.prove() // a server that is cut off and does not know it would leave some out
    const filter = rows.indexOf(shop, customer, '*')
    const { state } = await line.info(filter)
    const found: ConversationId[] = []
    await inParallel(Object.keys(state.subjects ?? {}), AT_ONCE, async subject => {
      const conversation = asConversationId(subject.slice(filter.length - 1))
      const key = { shop, conversation }
      try {
        if ((await find(key))?.customer === customer) found.push(conversation)
      } catch (error) {
        if (!isFault(error, 'CONVERSATION_ERASED')) throw error
      }
    })
    return found
  }

  async function sealedWith(key: ConversationKey): Promise<readonly ConversationId[]> {
    await fresh()
    if (mirror.isErased(key)) return []
    const row = await lookUp(key)
    if (!row) return []
    if (row.isOwn) return [key.conversation]
    const shared: ConversationId[] = []
    await inParallel(await conversationsOf(key.shop, row.customer), AT_ONCE, async conversation => {
      if ((await lookUp({ shop: key.shop, conversation }))?.isOwn === false) shared.push(conversation)
    })
    return shared
  }

  /** Resolves when this node has heard it too. */
  async function say(subject: string, payload: Uint8Array): Promise<number> {
    const seq = await line.put(subject, payload)
    await line.within(followed!.reached(seq))
    return seq
  }

  async function destroy(erasure: EndedErasure): Promise<void> {
    const id = idOf(erasure)
    own.set(id, false)
    const wish = asked.get(id)
    let seq: number
    try {
      seq = await say(rows.noteOf('e', erasure), rows.sealNote(erasure))
    } catch (error) {
      // Nobody knows whether it stands. If it does, this node hears of it as of another's.
      const isHeard = own.get(id)
      own.delete(id)
      if (isHeard) tell(erasure)
      throw error
    }
    // It is decided. What can't be overwritten now is when it is noted as done, or by whoever finds that it is not.
    const wiping = Promise.all([wish && line.wipe(wish.seq), wipeAll(erasure)]).catch(broke)
    await Promise.all([wiping, nodes.untilOthersHeard(seq)])
  }

  async function noteEnded(erasure: EndedErasure): Promise<void> {
    own.set(idOf(erasure), true)
    await wipeAll(erasure) // where a crash has left something
    await say(rows.noteOf('e', erasure), rows.sealNote(erasure))
    if (erasure.state === 'done') await mirror.cleared(erasure)
    own.delete(idOf(erasure))
  }

  let followed: ReturnType<typeof followKeys> | undefined
  try {
    const upTo = await nodes.announce()
    await hearWhatStands()
    const subjects = [...['a', 'e', 'n', 'x'].map(kind => `${rows.prefix}.${kind}.>`), `${rows.prefix}.w`]
    followed = followKeys({
      connection: nats.connection,
      stream,
      from: mirror.place,
      subjects: [...subjects, `${rows.prefix}.k.>`],
      first: { upTo, subjects },
      hear,
      broke,
    })
    await line.within(followed.reached(upTo))
    await mirror.stored()
    isOpen = true
  } catch (error) {
    await followed?.close()
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
    sealedWith,
    async note(erasure) {
      refuseClosed()
      if (erasure.state === 'asked') await under(say(rows.noteOf('a', erasure), rows.sealNote(erasure)))
      else await under(noteEnded(erasure))
    },
    async dropNote(erasure) {
      refuseClosed()
      const found = asked.get(idOf(erasure))
      if (!found) return
      await under(line.wipe(found.seq))
      await under(say(rows.noteOf('a', erasure), Buffer.alloc(0)).then(line.wipe)) // once it is heard
    },
    async notes() {
      await fresh()
      return [...mirror.notes(), ...[...asked.values()].map(({ erasure }) => erasure)].sort((a, b) => a.at - b.at)
    },
    async destroy(erasure) {
      refuseClosed()
      await under(destroy(erasure))
    },
    follow(erased) {
      follower = erased
      for (const erasure of mirror.uncleared()) tell(erasure)
    },
    close() {
      const end = async (): Promise<void> => {
        await Promise.allSettled([...underWay])
        await following
        line.hurry()
        await scrubber.close()
        await nodes.leave()
        await followed?.close()
        await mirror.close()
      }
      closing ??= end()
      return closing
    },
  }
}
