// The installation's secret: made at the first start, readable by its owner only. Every key that is not a customer's derives from it. With another
// one every visitor would be a stranger to their own conversation; so it is on the disk, whole, before anything is signed with it, and carries a sum.
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { flushFolder } from './drivers/flush-folder.ts'
import { placeFile } from './drivers/place-file.ts'

export interface Secret {
  /** 32 bytes that only this purpose has. */
  keyFor(
    purpose:
      | 'visitor-tokens'
      | 'operator'
      | 'desk-sessions'
      | 'studio-sessions'
      | 'log'
      | 'keys'
      | 'signs'
      | 'jobs'
      | 'rows'
      | `identity:${string}`,
  ): Buffer
}

/**
 * What a shop's own backend signs identity tokens with, as the text that `parley shop identity-key` prints: JWT libraries take a text's bytes as
 * they are, and nobody has to know in which encoding a key was written down.
 */
export const identityKeyOf = (secret: Secret, shop: string): string => secret.keyFor(`identity:${shop}`).toString('hex')

export const hasSecret = (folder: string): boolean => existsSync(fileIn(folder))

/** Makes the secret where there is none. Faults: CONFIG_INVALID when the file holds something else. */
export function loadOrMakeSecret(folder: string): Secret {
  const file = fileIn(folder)
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    const text = randomBytes(32).toString('hex')
    placeFile(file, `${text} ${sumOf(text)}\n`)
    flushFolder(dirname(resolve(folder)))
  }
  return loadSecret(folder)
}

const sumOf = (text: string): string => createHash('sha256').update(`parley secret ${text}`).digest('hex').slice(0, 8)

/** Faults: CONFIG_INVALID when there is none, or the file holds something else. */
export function loadSecret(folder: string): Secret {
  const file = fileIn(folder)
  if (!existsSync(file))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'there is none: is PARLEY_DATA the data folder of the server?' })
  // Those of earlier releases carry no sum.
  const [, text = '', sum] = /^([0-9a-f]{64})(?: ([0-9a-f]{8}))?$/.exec(readFileSync(file, 'utf8').trim()) ?? []
  if (text === '' || (sum !== undefined && sum !== sumOf(text)))
    throw new Fault('CONFIG_INVALID', { file, path: '', reason: 'it is damaged: put it back from a backup, or every token is void' })
  return { keyFor: purpose => createHmac('sha256', Buffer.from(text, 'hex')).update(purpose).digest() }
}

const fileIn = (folder: string): string => join(folder, 'secret')
