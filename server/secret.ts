// The installation's secret: made at the first start, readable by its owner only. Every key that is not a customer's derives from it.
import { createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'

export interface Secret {
  /** 32 bytes that only this purpose has. */
  keyFor(purpose: 'visitor-tokens' | 'operator' | 'desk-sessions' | `identity:${string}`): Buffer
}

/**
 * What a shop's own backend signs identity tokens with, as the text that `parley shop identity-key` prints: JWT libraries take a text's bytes as
 * they are, and nobody has to know in which encoding a key was written down.
 */
export const identityKeyOf = (secret: Secret, shop: string): string => secret.keyFor(`identity:${shop}`).toString('hex')

/** Makes the secret where there is none. Faults: CONFIG_INVALID when the file holds something else. */
export function loadOrMakeSecret(folder: string): Secret {
  const file = fileIn(folder)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    writeFileSync(file, randomBytes(32).toString('hex'), { mode: 0o600, flag: 'wx', flush: true })
  }
  return loadSecret(folder)
}

/** Faults: CONFIG_INVALID when there is none, or the file holds something else. */
export function loadSecret(folder: string): Secret {
  const file = fileIn(folder)
  if (!existsSync(file))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'there is none: is PARLEY_DATA the data folder of the server?' })
  const text = readFileSync(file, 'utf8').trim()
  if (!/^[0-9a-f]{64}$/.test(text)) throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'it is not 64 hexadecimal digits' })
  return { keyFor: purpose => createHmac('sha256', Buffer.from(text, 'hex')).update(purpose).digest() }
}

const fileIn = (folder: string): string => join(folder, 'secret')
