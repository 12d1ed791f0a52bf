// The vault in memory: for tests and for one-off turns.
import { randomBytes } from 'node:crypto'
import type { Erasure } from '@parley/core/erasure/erasure.ts'
import { Fault } from '@parley/core/faults.ts'
import type { ConversationId, ConversationKey } from '@parley/core/ids.ts'
import type { OwnedConversation, Vault } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'

export function createMemoryVault(): Vault {
  const conversations = new Map<string, OwnedConversation | 'erased'>()
  const noted = new Map<string, Erasure>()
  const nameOf = ({ shop, conversation }: ConversationKey): string => `${shop}/${conversation}`
  const find = (key: ConversationKey): OwnedConversation | undefined => {
    const found = conversations.get(nameOf(key))
    if (found === 'erased') throw new Fault('CONVERSATION_ERASED', { conversation: key.conversation })
    return found
  }
  return {
    async cipher(key, customer) {
      const conversation = find(key) ?? { customer, cipher: createCipher(randomBytes(32)) }
      if (conversation.customer !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      conversations.set(nameOf(key), conversation)
      return conversation.cipher
    },
    opened: async key => find(key),
    isErased: async key => conversations.get(nameOf(key)) === 'erased',
    conversationsOf: async (shop, customer) =>
      [...conversations].flatMap(([name, found]) =>
        found !== 'erased' && found.customer === customer && name.startsWith(`${shop}/`)
          ? [name.slice(shop.length + 1) as ConversationId] // put by `cipher`
          : [],
      ),
    async sealedWith(key) {
      const found = conversations.get(nameOf(key))
      return found && found !== 'erased' ? [key.conversation] : []
    },
    note: async erasure => void noted.set(`${erasure.shop}/${erasure.id}`, structuredClone(erasure)),
    dropNote: async ({ shop, id }) => void noted.delete(`${shop}/${id}`),
    notes: async () => [...noted.values()].sort((a, b) => a.at - b.at),
    async destroy(erasure) {
      const { shop, id } = erasure
      for (const { conversation } of erasure.conversations) conversations.set(nameOf({ shop, conversation }), 'erased')
      noted.set(`${shop}/${id}`, structuredClone(erasure))
    },
    follow() {},
    close: async () => {},
  }
}
