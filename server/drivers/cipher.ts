// AES-256-GCM for one key: nonce, ciphertext and tag in one piece.
import { createCipheriv, createDecipheriv, createSecretKey, randomFillSync } from 'node:crypto'
import type { Cipher } from '@parley/core/ports/vault.ts'

const NONCE = 12
const TAG = 16

/** Random bytes fetched ahead: a call for twelve costs as much as one for thousands. Each is handed out once. */
const ahead = Buffer.alloc(340 * NONCE)
let used = ahead.length

function freshNonce(): Buffer {
  if (used === ahead.length) {
    randomFillSync(ahead)
    used = 0
  }
  used += NONCE
  return Buffer.from(ahead.subarray(used - NONCE, used)) // a copy: what lies ahead is filled anew
}

export function createCipher(bytes: Uint8Array): Cipher {
  const key = createSecretKey(bytes) // taken in once: bytes are taken in anew by every call, which costs four times the sealing
  return {
    seal(clear, context) {
      const nonce = freshNonce()
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context))
      return Buffer.concat([nonce, cipher.update(clear), cipher.final(), cipher.getAuthTag()])
    },
    open(sealed, context) {
      if (sealed.length < NONCE + TAG) throw new Error('too short to be sealed text')
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, NONCE))
        .setAAD(Buffer.from(context))
        .setAuthTag(sealed.subarray(-TAG))
      const clear = decipher.update(sealed.subarray(NONCE, -TAG))
      decipher.final() // checks the tag; GCM has nothing left to give by then, and putting the two together would copy all of it
      return clear
    },
  }
}
