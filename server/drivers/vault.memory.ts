// The vault in memory: for tests and for one-off turns.
import { randomBytes } from 'node:crypto'
import { Fault } from '@parley/core/faults.ts'
import type { CustomerId } from '@parley/core/ids.ts'
import type { Cipher, Vault } from '@parley/core/ports/vault.ts'
import { createCipher } from './cipher.ts'

export function createMemoryVault(): Vault {
  const ciphers = new Map<string, Cipher | 'destroyed'>()
  const owners = new Map<string, CustomerId>()
  return {
    async cipher(shop, customer) {
      const id = `${shop}/${customer}`
      const cipher = ciphers.get(id) ?? createCipher(randomBytes(32))
      if (cipher === 'destroyed') throw new Fault('KEY_DESTROYED', { customer })
      ciphers.set(id, cipher)
      return cipher
    },
    ownerOf: async key => owners.get(`${key.shop}/${key.conversation}`),
    async own(key, customer) {
      const id = `${key.shop}/${key.conversation}`
      const owner = owners.get(id)
      if (owner !== undefined && owner !== customer) throw new Fault('UNKNOWN_CONVERSATION', { conversation: key.conversation })
      owners.set(id, customer)
    },
    async destroy(shop, customer) {
      ciphers.set(`${shop}/${customer}`, 'destroyed')
    },
    close: async () => {},
  }
}
