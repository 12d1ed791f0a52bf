// What people have said turns of the log are about. A label names its turn and quotes nobody: what was written stays in the log, under its key. Where a
// conversation is erased, its labels go with it.
import { join } from 'node:path'
import { z } from 'zod'
import { openLmdbRecords } from '../drivers/records.lmdb.ts'
import type { RecordStore } from '../records.ts'

export const LABELS_FOLDER = 'labels'

/** Shop, conversation, turn and who said it, or has left it to others. */
export type LabelKey = readonly ['label' | 'skip', ...names: string[]]

const KINDS = ['label', 'skip'] as const

const Kept = z.strictObject({
  action: z.string(),
  /** Milliseconds since 1970. */
  at: z.number(),
  atDesk: z.literal(true).optional(),
})

export interface Label {
  readonly conversation: string
  readonly turn: number
  readonly who: string
  readonly action: string
  readonly at: number
  /** An agent said it at the desk, in passing: the turn is still worth a second person's label. */
  readonly atDesk?: true
}

export interface LabelStore {
  /** All or none, on the disk when it resolves. What the same person said of the same turn before is replaced. Faults: STORAGE_FULL. */
  put(shop: string, labels: readonly Label[]): Promise<void>
  list(shop: string): readonly Label[]
  /** Those of one conversation. */
  of(shop: string, conversation: string): readonly Label[]
  /** Takes back what this person said of the turn, or that they skipped it. Faults: STORAGE_FULL. */
  remove(shop: string, label: Pick<Label, 'conversation' | 'turn' | 'who'>): Promise<void>
  /** This person does not want to say what the turn is about. `at` in milliseconds since 1970. Faults: STORAGE_FULL. */
  skip(shop: string, turn: Pick<Label, 'conversation' | 'turn' | 'who' | 'at'>): Promise<void>
  /** Turns that this person has skipped. */
  skipped(shop: string, who: string): readonly Pick<Label, 'conversation' | 'turn'>[]
  /** Nothing names the conversation any more when it resolves. Faults: STORAGE_FULL. */
  forget(shop: string, conversation: string): Promise<void>
  close(): Promise<void>
}

/** Faults: STORE_DAMAGED, STORAGE_FULL. */
export const openLabelStore = (data: string): LabelStore =>
  createLabelStore(openLmdbRecords<LabelKey>(join(data, LABELS_FOLDER), 'the labels'))

export function createLabelStore(records: RecordStore<LabelKey>): LabelStore {
  return {
    put: (shop, labels) =>
      records.change(within => {
        for (const { conversation, turn, who, ...kept } of labels)
          within.put(['label', shop, conversation, String(turn), who], kept satisfies z.infer<typeof Kept>)
      }),
    list: shop => records.list(['label', shop]).map(([[conversation, turn, who], value]) => labelOf(conversation!, turn!, who!, value)), // a key has all of them
    of: (shop, conversation) =>
      records.list(['label', shop, conversation]).map(([[turn, who], value]) => labelOf(conversation, turn!, who!, value)), // as above
    remove: (shop, { conversation, turn, who }) =>
      records.change(within => {
        for (const kind of KINDS) within.remove([kind, shop, conversation, String(turn), who])
      }),
    skip: (shop, { conversation, turn, who, at }) =>
      records.change(within => within.put(['skip', shop, conversation, String(turn), who], { at })),
    skipped: (shop, who) =>
      records
        .list(['skip', shop])
        .flatMap(([[conversation, turn, by]]) => (by === who ? [{ conversation: conversation!, turn: Number(turn) }] : [])), // as above
    async forget(shop, conversation) {
      const keys = KINDS.flatMap(kind =>
        records.list([kind, shop, conversation]).map(([names]): LabelKey => [kind, shop, conversation, ...names]),
      )
      if (keys.length === 0) return
      await records.change(within => {
        for (const key of keys) within.remove(key)
      })
    },
    close: () => records.close(),
  }
}

function labelOf(conversation: string, turn: string, who: string, value: unknown): Label {
  const { action, at, atDesk } = Kept.parse(value)
  return { conversation, turn: Number(turn), who, action, at, ...(atDesk && { atDesk }) }
}

/** What everybody who labelled the turn says it is about, by `conversation/turn`; null where they disagree. */
export function agreedLabels(labels: readonly Label[]): ReadonlyMap<string, string | null> {
  const said = new Map<string, string | null>()
  for (const label of labels) {
    const name = nameOf(label)
    said.set(name, said.has(name) && said.get(name) !== label.action ? null : label.action)
  }
  return said
}

export const nameOf = ({ conversation, turn }: Pick<Label, 'conversation' | 'turn'>): string => `${conversation}/${turn}`
