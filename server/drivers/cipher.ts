// AES-256-GCM for one customer's key: nonce, ciphertext and tag in one piece.
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import type { Cipher } from '@parley/core/ports/vault.ts'

const NONCE = 12
const TAG = 16

export function createCipher(key: Uint8Array): Cipher {
  return {
    seal(clear, context) {
      const nonce = randomBytes(NONCE)
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, context) {
      if (sealed.length < NONCE + TAG) throw new Error('too short to be sealed text')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE))
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-TAG))
      return Buffer.concat([decipher.update(sealed.subarray(NONCE, -TAG)), decipher.final()])
    },
  }
}
