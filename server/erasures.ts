// The stores as erasing sees them. Whatever keeps something that was derived from a conversation's text has to be cleared in `clear`, and nowhere else:
// snapshots, the log's marks, labels and what shadows' comparisons name now; a search index where there is one. Jobs hold ids alone, and find nothing to do.
import { randomBytes } from 'node:crypto'
import type { EndedErasure, ErasedConversation } from '@parley/core/erasure/erasure.ts'
import { isFault } from '@parley/core/faults.ts'
import type { ConversationId, ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { Vault } from '@parley/core/ports/vault.ts'

/**
 * `forget` leaves no snapshot and no name of the conversation on this node; `tell` has its shop's webhooks told, by one node. Both again after a crash, until
 * they have resolved.
 */
export function createErasures(
  log: ConversationLog,
  vault: Vault,
  forget: (key: ConversationKey) => Promise<void>,
  tell: (key: ConversationKey) => Promise<void> = async () => {},
): Erasures {
  async function lastOf(key: ConversationKey): Promise<StoredEnvelope | undefined> {
    const { seq } = await log.head(key)
    return seq === 0 ? undefined : (await log.read(key, seq - 1)).at(-1)
  }

  async function lastUnlessDamaged(key: ConversationKey): Promise<StoredEnvelope | undefined> {
    try {
      return await lastOf(key)
    } catch (error) {
      if (isFault(error, 'LOG_DAMAGED')) return undefined
      throw error
    }
  }

  async function proofOf(key: ConversationKey): Promise<ErasedConversation> {
    const last = await lastUnlessDamaged(key)
    return { conversation: key.conversation, events: last?.seq ?? 0, hash: last ? Buffer.from(last.hash).toString('hex') : null }
  }

  return {
    async conversationsOf(shop, target) {
      const found = new Set<ConversationId>()
      if (target.kind === 'customer') for (const each of await vault.conversationsOf(shop, target.customer)) found.add(each)
      else
        for (const conversation of target.conversations) for (const each of await vault.sealedWith({ shop, conversation })) found.add(each)
      return [...found].map(conversation => ({ shop, conversation }))
    },
    isErased: key => vault.isErased(key),
    name: erasure => ({ ...erasure, id: `${erasure.at.toString(36)}-${randomBytes(6).toString('hex')}`, state: 'asked' }),
    note: erasure => vault.note(erasure),
    drop: erasure => vault.dropNote(erasure),
    async destroy({ id, shop, by, at, target }, keys, ended) {
      const conversations = await Promise.all(keys.map(proofOf))
      const erasure: EndedErasure = { id, shop, by, at, state: 'destroyed', of: target.kind, conversations, ...ended }
      await vault.destroy(erasure)
      return erasure
    },
    async clear(ended) {
      for (const { conversation } of ended.conversations) {
        const key = { shop: ended.shop, conversation }
        await forget(key)
        await tell(key)
        await log.clearMarks(key)
      }
      await vault.note({ ...ended, state: 'done' })
    },
    async clearHere(ended) {
      for (const { conversation } of ended.conversations) {
        const key = { shop: ended.shop, conversation }
        await forget(key)
        await log.clearMarks(key) // an append of this node may have come between
      }
    },
    notes: () => vault.notes(),
    async *ages() {
      for await (const key of log.conversations()) {
        if (await vault.isErased(key)) continue
        const last = await lastUnlessDamaged(key)
        if (last) yield { key, lastAt: last.at }
      }
    },
    lastAt: async key => (await lastUnlessDamaged(key))?.at,
  }
}
