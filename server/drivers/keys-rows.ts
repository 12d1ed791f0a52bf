// What a row of the keys' stream holds, sealed with keys that derive from the installation's secret: whoever reads the disks of NATS, or a copy of them, and has no
// secret, learns which conversations there are, and neither whose they are nor a key.
import { createHmac } from 'node:crypto'
import type { Erasure } from '@parley/core/erasure/erasure.ts'
import { type ConversationId, type ConversationKey, type CustomerId, isId, type ShopId } from '@parley/core/ids.ts'
import { createCipher } from './cipher.ts'
import { KEY_BYTES } from './vault.lmdb.ts'

export interface KeyRow {
  readonly customer: CustomerId
  readonly key: Buffer
  /** It has sealed this conversation alone. Earlier releases had one key for all of a customer's. */
  readonly isOwn: boolean
}

export interface KeysRows {
  readonly prefix: string
  keyOf(key: ConversationKey): string
  indexOf(shop: ShopId, customer: CustomerId, conversation: ConversationId | '*'): string
  erasedOf(key: ConversationKey): string
  noteOf(kind: 'a' | 'e', erasure: Pick<Erasure, 'shop' | 'id'>): string
  nodeOf(node: string): string
  sealKey(key: ConversationKey, row: KeyRow): Buffer
  /** Undefined where it is damaged. */
  openKey(key: ConversationKey, sealed: Uint8Array): KeyRow | undefined
  sealNote(erasure: Erasure): Buffer
  /** Undefined where it is damaged. */
  openNote(about: Pick<Erasure, 'shop' | 'id'>, sealed: Uint8Array): Erasure | undefined
}

/** `secretFor` gives 32 bytes that only this purpose has. */
export function keysRows(name: string, secret: Uint8Array): KeysRows {
  const derived = (purpose: string): Buffer => createHmac('sha256', secret).update(purpose).digest()
  const wrap = createCipher(derived('wrap'))
  const notes = createCipher(derived('notes'))
  const names = derived('names')
  const prefix = `${name}.keys`
  const noteContext = ({ shop, id }: Pick<Erasure, 'shop' | 'id'>): string => `note/${shop}/${id}`
  const contextOf = ({ shop, conversation }: ConversationKey): string => `key/${shop}/${conversation}`
  return {
    prefix,
    keyOf: ({ shop, conversation }) => `${prefix}.k.${shop}.${conversation}`,
    indexOf(shop, customer, conversation) {
      const hash = createHmac('sha256', names).update(`${shop}/${customer}`).digest('hex').slice(0, 32)
      return `${prefix}.o.${shop}.${hash}.${conversation}`
    },
    erasedOf: ({ shop, conversation }) => `${prefix}.x.${shop}.${conversation}`,
    noteOf(kind, { shop, id }) {
      if (!isId(id)) throw new Error(`not an id of an erasure: ${JSON.stringify(id)}`)
      return `${prefix}.${kind}.${shop}.${id}`
    },
    nodeOf: node => `${prefix}.n.${node}`,
    sealKey(key, { customer, key: bytes, isOwn }) {
      const clear = Buffer.concat([Buffer.of(isOwn ? 1 : 0), bytes, Buffer.from(customer)])
      return Buffer.from(wrap.seal(clear, contextOf(key)))
    },
    openKey(key, sealed) {
      const clear = opened(() => wrap.open(sealed, contextOf(key)))
      if (!clear) return undefined
      const bytes = Buffer.from(clear)
      return {
        isOwn: bytes[0] === 1,
        key: bytes.subarray(1, 1 + KEY_BYTES),
        customer: bytes.toString('utf8', 1 + KEY_BYTES) as CustomerId, // authenticated: we wrote it
      }
    },
    sealNote: erasure => Buffer.from(notes.seal(Buffer.from(JSON.stringify(erasure)), noteContext(erasure))),
    openNote(about, sealed) {
      const clear = opened(() => notes.open(sealed, noteContext(about)))
      return clear && (JSON.parse(Buffer.from(clear).toString()) as Erasure) // authenticated: we wrote it
    },
  }
}

function opened(open: () => Uint8Array): Uint8Array | undefined {
  try {
    return open()
  } catch {
    return undefined
  }
}
