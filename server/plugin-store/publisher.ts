// Who publishes plugins: an ed25519 key pair. The private half signs what `parley plugin pack` writes and stays with the publisher, the public half
// is a line of text that an operator is given and trusts. People compare the fingerprint.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Fault } from '@parley/core/faults.ts'

/** Bytes of a public key as they stand in a bundle. */
export const KEY_BYTES = 32

const PUBLIC_LINE = /^parley-publisher ([A-Za-z0-9_-]{43})$/
const FINGERPRINT_DIGITS = 32

/** 128 bits of the key's hash, in groups of four digits: `3f2a-9c01-…`. */
export const fingerprintOf = (publicKey: Uint8Array): string =>
  createHash('sha256').update(publicKey).digest('hex').slice(0, FINGERPRINT_DIGITS).match(/.{4}/g)!.join('-') // 32 digits have groups of four

/** Writes the private key to `file`, for its owner's eyes only, and the public one to `file.pub`; gives the fingerprint. Faults: KEY_INVALID where one of them is there. */
export function makeKeyPair(file: string): string {
  const publicFile = `${file}.pub`
  for (const each of [file, publicFile])
    if (existsSync(each)) throw new Fault('KEY_INVALID', { file: each, reason: 'it is there already, and no key is written over' })
  const { privateKey } = generateKeyPairSync('ed25519')
  const publicKey = publicKeyOf(privateKey)
  writeFileSync(file, privateKey.export({ type: 'pkcs8', format: 'pem' }), { flag: 'wx', mode: 0o600, flush: true })
  writeFileSync(publicFile, `parley-publisher ${publicKey.toString('base64url')}\n`, { flag: 'wx', mode: 0o644, flush: true })
  return fingerprintOf(publicKey)
}

/** Faults: KEY_INVALID. */
export function readPrivateKey(file: string): KeyObject {
  const key = createOr(file, () => createPrivateKey(readFileSync(file)))
  if (key.asymmetricKeyType !== 'ed25519') throw new Fault('KEY_INVALID', { file, reason: `it is a key of ${key.asymmetricKeyType}` })
  return key
}

/** The public key in a file that `makeKeyPair` has written. Faults: KEY_INVALID. */
export function readPublicKey(file: string): Buffer {
  const text = createOr(file, () => readFileSync(file, 'utf8'))
  const [, encoded] = PUBLIC_LINE.exec(text.trim()) ?? []
  if (encoded === undefined) throw new Fault('KEY_INVALID', { file, reason: 'it is not one line "parley-publisher …"' })
  return Buffer.from(encoded, 'base64url')
}

export const publicKeyOf = (key: KeyObject): Buffer => Buffer.from(String(createPublicKey(key).export({ format: 'jwk' }).x), 'base64url')

export const keyFrom = (publicKey: Buffer): KeyObject =>
  createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x: publicKey.toString('base64url') }, format: 'jwk' })

function createOr<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (cause) {
    throw new Fault(
      'KEY_INVALID',
      { file, reason: existsSync(file) ? 'it holds none' : 'it is not there: parley plugin key makes one' },
      { cause },
    )
  }
}
