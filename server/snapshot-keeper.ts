// Keeps snapshots of conversations, and says which can be trusted. One is written behind a conversation that has grown by some events: nobody waits for
// it, and where it fails the next one is tried. It is sealed with the conversation's key and bound to its place in the log, so that destroying the key
// destroys it; and it is trusted only if the log has, at its seq, the hash that it was made of: the hash stands for all that is before it.
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib'
import type { Conversation } from '@parley/core/conversation/conversation.ts'
import { recallFrom } from '@parley/core/conversation/past.ts'
import {
  type Compression,
  lengthen,
  packStretch,
  SNAPSHOT_VERSION,
  type Stretch,
  stretchSince,
  unpackStretch,
} from '@parley/core/conversation/stretch.ts'
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { ConversationLog } from '@parley/core/ports/conversation-log.ts'
import type { Snapshots, StoredStretch } from '@parley/core/ports/snapshots.ts'
import type { Cipher, Vault } from '@parley/core/ports/vault.ts'

/** A snapshot is due when a conversation passes a multiple of this: what opening it reads of the log is no more than some of these events. */
export const SNAPSHOT_EVERY = 32
/** A stretch grows up to these events, being written anew each time; then the next one begins. */
const STRETCH = 512
/**
 * What a conversation's rows take falls to a tenth, and so does what an opening puts upon the collector's heap: at three megabytes each, every
 * seventh opening waited for it. Zstandard is read back three times as fast as deflate.
 */
const ZSTD: Compression = {
  compress: text => zstdCompressSync(text, { params: { [constants.ZSTD_c_compressionLevel]: 1 } }),
  expand: zstdDecompressSync,
}

export interface SnapshotObserver {
  /** A conversation was read: out of its snapshot and the log's end, or out of the whole log. */
  opened(from: 'snapshot' | 'log'): void
  written(): void
  /** It could not be read or written. Whoever wanted it goes on without. */
  failed(error: unknown): void
}

export interface SnapshotKeeper {
  /** What is kept of a conversation, as yet to be held against the log: its hash must be the log's at its seq. Undefined when there is none. */
  recall(key: ConversationKey, cipher: Cipher): Promise<Recalled | undefined>
  /** Asks for a snapshot of the conversation as it stands; with `isAnew` nothing of those before is used. */
  remember(key: ConversationKey, conversation: Conversation, isAnew: boolean): void
  /** Nothing is left of it when this resolves. */
  forget(key: ConversationKey): Promise<void>
  /** Resolves when everything asked for so far is written. */
  settled(): Promise<void>
}

export interface Recalled extends Pick<Conversation, 'seq' | 'dialogue' | 'custody'> {
  readonly hash: Uint8Array
}

export interface KeeperParts {
  readonly snapshots: Snapshots
  readonly log: ConversationLog
  readonly vault: Pick<Vault, 'opened'>
  /** The conversation folded from the whole log. */
  readonly fromLog: (key: ConversationKey) => Promise<Conversation>
  readonly observer: SnapshotObserver
}

export function createSnapshotKeeper({ snapshots, log, vault, fromLog, observer }: KeeperParts): SnapshotKeeper {
  const due = new Map<string, { readonly key: ConversationKey; readonly conversation: Conversation; readonly isAnew: boolean }>()
  let working: Promise<void> | undefined

  const nameOf = ({ shop, conversation }: ConversationKey): string => `${shop}/${conversation}`

  async function cipherOf(key: ConversationKey): Promise<Cipher> {
    const owned = await vault.opened(key)
    if (!owned) throw new Error(`nobody owns conversation ${nameOf(key)}`) // it was folded from its log: somebody did
    return owned.cipher
  }

  async function work(): Promise<void> {
    for (;;) {
      await new Promise(resolve => setImmediate(resolve)) // behind the turns of this moment
      const [next] = due
      if (!next) break
      const [name, { key, conversation, isAnew }] = next
      due.delete(name)
      try {
        await (isAnew ? writeWhole : write)(key, conversation)
      } catch (error) {
        observer.failed(error)
      }
    }
    working = undefined // in the step that found nothing left
  }

  async function write(key: ConversationKey, conversation: Conversation): Promise<void> {
    const cipher = await cipherOf(key)
    const last = await snapshots.last(key)
    if (last && last.seq >= conversation.seq) return
    const before = last && (await isOfTheLog(key, last)) ? unseal(last, key, cipher) : undefined
    const added = before && stretchSince(before.seq, conversation)
    if (!last || !before || !added) return writeWhole(key, conversation)
    const grows = before.seq - before.from < STRETCH
    await put(key, grows ? lengthen(before, added) : added, grows ? last.fromHash : last.hash, cipher)
  }

  /** Anew, from the first event on. */
  async function writeWhole(key: ConversationKey, conversation: Conversation): Promise<void> {
    await snapshots.forget(key)
    const whole = stretchSince(0, conversation) ?? stretchSince(0, await fromLog(key))
    if (whole) await put(key, whole, new Uint8Array(32), await cipherOf(key))
  }

  async function put(key: ConversationKey, stretch: Stretch, fromHash: Uint8Array, cipher: Cipher): Promise<void> {
    const place = { from: stretch.from, seq: stretch.seq, fromHash, hash: await hashAt(key, stretch.seq) }
    await snapshots.put(key, { ...place, sealed: cipher.seal(packStretch(stretch, ZSTD), contextOf(key, place)) })
    observer.written()
  }

  const isOfTheLog = async (key: ConversationKey, { seq, hash }: StoredStretch): Promise<boolean> =>
    Buffer.compare(await hashAt(key, seq), hash) === 0

  async function hashAt(key: ConversationKey, seq: Seq): Promise<Uint8Array> {
    const [event] = await log.read(key, seq - 1)
    return event?.hash ?? new Uint8Array() // a log that does not reach so far
  }

  return {
    async recall(key, cipher) {
      try {
        const stored = await snapshots.read(key)
        const last = stored.at(-1)
        if (!last || !areOneAfterAnother(stored)) return undefined
        return { ...recallFrom(stored.map(stretch => unseal(stretch, key, cipher))), hash: last.hash }
      } catch (error) {
        observer.failed(error)
        return undefined
      }
    },
    remember(key, conversation, isAnew) {
      const name = nameOf(key)
      due.set(name, { key, conversation, isAnew: isAnew || (due.get(name)?.isAnew ?? false) })
      working ??= work()
    },
    async forget(key) {
      due.delete(nameOf(key))
      await working // one may be under way
      await snapshots.forget(key)
    },
    settled: async () => working,
  }
}

/** From the first event on without a hole, and of one history. */
const areOneAfterAnother = (stretches: readonly StoredStretch[]): boolean =>
  stretches.every(({ from, fromHash }, i) => {
    const before = stretches[i - 1]
    return before ? from === before.seq && Buffer.compare(fromHash, before.hash) === 0 : from === 0
  })

type Place = Omit<StoredStretch, 'sealed'>
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')

/** What the seal is bound to: it opens for this conversation, at this place of this history, as the folds are now. */
const contextOf = ({ shop, conversation }: ConversationKey, { from, seq, fromHash, hash }: Place): string =>
  ['snapshot', SNAPSHOT_VERSION, shop, conversation, from, seq, hex(fromHash), hex(hash)].join('/')

/** Throws where the seal does not open. */
const unseal = (stored: StoredStretch, key: ConversationKey, cipher: Cipher): Stretch =>
  unpackStretch(cipher.open(stored.sealed, contextOf(key, stored)), stored, ZSTD)
