// What a vault keeps, row by row, on whatever driver: how the keys of one are brought into another.
import { createHash } from 'node:crypto'
import type { Erasure } from '@parley/core/erasure/erasure.ts'
import type { ConversationKey, CustomerId } from '@parley/core/ids.ts'
import { nameOf } from './log-ends.ts'

export type VaultRow =
  /** Whose it is, and its key: undefined where that is lost. Where it is not its own it has sealed others of the customer's too. */
  | {
      readonly kind: 'key'
      readonly of: ConversationKey
      readonly customer: CustomerId
      readonly key: Buffer | undefined
      readonly isOwn: boolean
    }
  | { readonly kind: 'erased'; readonly of: ConversationKey }
  | { readonly kind: 'note'; readonly erasure: Erasure }

export interface VaultSum {
  readonly keys: number
  readonly erased: number
  readonly notes: number
  /** Of all rows, in whatever order. */
  readonly hash: string
}

/** Two vaults are the same if this is. */
export async function sumOf(rows: Iterable<VaultRow> | AsyncIterable<VaultRow>): Promise<VaultSum> {
  const counts = { key: 0, erased: 0, note: 0 }
  const hash = Buffer.alloc(32)
  for await (const row of rows) {
    counts[row.kind]++
    const one = createHash('sha256').update(textOf(row)).digest()
    for (let i = 0; i < hash.length; i++) hash[i]! ^= one[i]!
  }
  return { keys: counts.key, erased: counts.erased, notes: counts.note, hash: hash.toString('hex') }
}

function textOf(row: VaultRow): string {
  if (row.kind === 'note') return `note ${JSON.stringify(row.erasure)}`
  if (row.kind === 'erased' || !row.key) return `${row.kind} ${nameOf(row.of)}`
  return `key ${nameOf(row.of)} ${row.customer} ${row.key.toString('hex')} ${row.isOwn}`
}
