// Snapshots in memory, for tests: what a second engine on the same one would find.
import type { ConversationKey, Seq } from '@parley/core/ids.ts'
import type { Snapshots, StoredStretch } from '@parley/core/ports/snapshots.ts'

export function createMemorySnapshots(): Snapshots {
  const kept = new Map<string, Map<Seq, StoredStretch>>()
  const nameOf = ({ shop, conversation }: ConversationKey): string => `${shop}/${conversation}`
  const all = (key: ConversationKey): StoredStretch[] =>
    structuredClone([...(kept.get(nameOf(key))?.values() ?? [])].sort((a, b) => a.from - b.from))
  return {
    read: async key => all(key),
    last: async key => all(key).at(-1),
    async put(key, stretch) {
      const stretches = kept.get(nameOf(key)) ?? new Map<Seq, StoredStretch>()
      kept.set(nameOf(key), stretches.set(stretch.from, structuredClone(stretch)))
    },
    forget: async key => void kept.delete(nameOf(key)),
  }
}
