// What a node has on its own disk of the keys' stream: which conversations are erased, the notes of that, and which of these it has to clear away itself yet. No key and
// nobody's name is in it, and it is made anew from the stream where it is gone.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { EndedErasure } from '@parley/core/erasure/erasure.ts'
import type { ConversationKey, Epoch } from '@parley/core/ids.ts'
import type { Database } from 'lmdb'
import { naming, openStore, putTogether } from './lmdb-store.ts'
import { nameOf } from './log-ends.ts'

type RowKey = [shop: string, id: string]

export interface KeysMirror {
  /** The place in the stream up to which it is on the disk. */
  readonly place: number
  isErased(key: ConversationKey): boolean
  /** Oldest first. */
  notes(): readonly EndedErasure[]
  /** Those that this node has not cleared away. */
  uncleared(): readonly EndedErasure[]
  /** An erasure, as it stands at `place`. True where nothing was known of it. */
  erased(erasure: EndedErasure, place: number): boolean
  /** It is erased, and no note names it. */
  erasedAlone(key: ConversationKey, place: number): void
  /** This node has nothing left of it. Resolves when that is on the disk. */
  cleared(erasure: Pick<EndedErasure, 'shop' | 'id'>): Promise<void>
  /** Resolves when all that was heard is on the disk. */
  stored(): Promise<void>
  close(): Promise<void>
}

/** Opens the mirror in `folder`, making it where there is none; that of another log's keys is begun anew. Faults: STORE_DAMAGED, STORAGE_FULL. */
export async function openKeysMirror(folder: string, epoch: Epoch, broke: (error: unknown) => void): Promise<KeysMirror> {
  const isNew = !existsSync(join(folder, 'data.mdb'))
  const file = join(folder, 'data.mdb')
  const root = openStore(folder)
  const meta: Database<string | number, string> = root.openDB({ name: 'meta', encoding: 'json' })
  const erased: Database<boolean, RowKey> = root.openDB({ name: 'erased', encoding: 'json' })
  const notes: Database<EndedErasure, RowKey> = root.openDB({ name: 'notes', encoding: 'json' })
  const uncleared: Database<boolean, RowKey> = root.openDB({ name: 'uncleared', encoding: 'json' })
  if (isNew || naming(file, () => meta.get('epoch')) !== epoch)
    await putTogether(root, 'the erasures', () => {
      for (const table of [meta, erased, notes, uncleared]) void table.clearAsync()
      meta.put('epoch', epoch)
      meta.put('place', 0)
    })
  const place = Number(naming(file, () => meta.get('place')) ?? 0)

  /** Heard, and not on the disk yet. */
  let young = newYoung()
  let flushing = newYoung()
  let storing: Promise<void> | undefined

  function newYoung() {
    return {
      rows: new Map<string, RowKey>(),
      notes: new Map<string, EndedErasure>(),
      uncleared: new Map<string, RowKey>(),
      cleared: new Map<string, RowKey>(),
      place: 0,
    }
  }
  const nameOfNote = ({ shop, id }: Pick<EndedErasure, 'shop' | 'id'>): string => `${shop}/${id}`

  async function flush(): Promise<void> {
    while (young.rows.size + young.notes.size + young.cleared.size > 0) {
      flushing = young
      young = newYoung()
      const batch = flushing
      try {
        await putTogether(root, 'the erasures', () => {
          for (const row of batch.rows.values()) erased.put(row, true)
          for (const note of batch.notes.values()) notes.put([note.shop, note.id], note)
          for (const row of batch.uncleared.values()) uncleared.put(row, true)
          for (const row of batch.cleared.values()) uncleared.remove(row)
          if (batch.place > 0) meta.put('place', batch.place)
        })
      } catch (error) {
        // It stays in memory, and is heard again after a start.
        young = joined(batch, young)
        throw error
      } finally {
        flushing = newYoung()
      }
    }
  }
  function joined(older: ReturnType<typeof newYoung>, newer: ReturnType<typeof newYoung>): ReturnType<typeof newYoung> {
    return {
      rows: new Map([...older.rows, ...newer.rows]),
      notes: new Map([...older.notes, ...newer.notes]),
      uncleared: new Map([...older.uncleared, ...newer.uncleared]),
      cleared: new Map([...older.cleared, ...newer.cleared]),
      place: Math.max(older.place, newer.place),
    }
  }

  function stored(): Promise<void> {
    storing ??= flush().finally(() => (storing = undefined))
    return storing
  }
  const changed = (): void => void stored().catch(broke)

  const all = (): EndedErasure[] => {
    const found = new Map<string, EndedErasure>()
    for (const { value } of naming(file, () => [...notes.getRange()])) found.set(nameOfNote(value), value)
    for (const [name, note] of [...flushing.notes, ...young.notes]) found.set(name, note)
    return [...found.values()].sort((a, b) => a.at - b.at)
  }

  return {
    place,
    isErased(key) {
      const name = nameOf(key)
      return young.rows.has(name) || flushing.rows.has(name) || naming(file, () => erased.doesExist([key.shop, key.conversation]))
    },
    notes: all,
    uncleared() {
      const left = new Set(naming(file, () => [...uncleared.getKeys()].map(row => row.join('/'))))
      for (const batch of [flushing, young]) {
        for (const name of batch.uncleared.keys()) left.add(name)
        for (const name of batch.cleared.keys()) left.delete(name)
      }
      return all().filter(note => left.has(nameOfNote(note)))
    },
    erased(erasure, at) {
      for (const { conversation } of erasure.conversations) young.rows.set(`${erasure.shop}/${conversation}`, [erasure.shop, conversation])
      const name = nameOfNote(erasure)
      const row: RowKey = [erasure.shop, erasure.id]
      const isKnown = young.notes.has(name) || flushing.notes.has(name) || naming(file, () => notes.doesExist(row))
      if (!isKnown) young.uncleared.set(name, row) // also one that is done: it was done by others
      young.notes.set(name, erasure)
      young.place = at
      changed()
      return !isKnown
    },
    erasedAlone(key, at) {
      young.rows.set(nameOf(key), [key.shop, key.conversation])
      young.place = at
      changed()
    },
    async cleared({ shop, id }) {
      young.cleared.set(`${shop}/${id}`, [shop, id])
      await stored()
    },
    stored,
    async close() {
      await stored().catch(() => {}) // it is heard again
      await root.close()
    },
  }
}
