// Passwords as they are kept: scrypt, with the cost that was paid beside the hash, so that the cost can be raised and old hashes still be read.
import { randomBytes, type ScryptOptions, scrypt, timingSafeEqual } from 'node:crypto'
import { z } from 'zod'
import { normalisePassword } from './password-rules.ts'

export const PasswordHash = z.object({
  algorithm: z.literal('scrypt'),
  n: z.int(),
  r: z.int(),
  p: z.int(),
  /** base64url, as the hash. */
  salt: z.string(),
  hash: z.string(),
})
export type PasswordHash = Readonly<z.infer<typeof PasswordHash>>

export type Cost = Pick<PasswordHash, 'n' | 'r' | 'p'>

/** 32 MiB and some 80 ms for a guess. */
export const COST: Cost = { n: 2 ** 15, r: 8, p: 1 }

const BYTES = 32

/** The one expensive step: a function of its own, so that a test can count how often it is taken. Leaves the engine's thread alone. */
export type Derive = (password: string, salt: Buffer, cost: Cost) => Promise<Buffer>

export const deriveByScrypt: Derive = (password, salt, { n, r, p }) =>
  new Promise((resolve, reject) => {
    const options: ScryptOptions = { N: n, r, p, maxmem: 256 * n * r } // it needs half of that and a little; Node's own bound is too low
    scrypt(password, salt, BYTES, options, (error, key) => (error ? reject(error) : resolve(key)))
  })

export async function hashPassword(raw: string, cost: Cost, derive: Derive): Promise<PasswordHash> {
  const salt = randomBytes(16)
  const hash = await derive(normalisePassword(raw), salt, cost)
  return { algorithm: 'scrypt', ...cost, salt: salt.toString('base64url'), hash: hash.toString('base64url') }
}

export async function isPassword(raw: string, kept: PasswordHash, derive: Derive): Promise<boolean> {
  const hash = Buffer.from(kept.hash, 'base64url')
  const given = await derive(normalisePassword(raw), Buffer.from(kept.salt, 'base64url'), kept)
  return given.length === hash.length && timingSafeEqual(given, hash)
}

/** True when the hash was made at another cost than is paid today. */
export const isOutdated = (kept: PasswordHash, cost: Cost): boolean => kept.n !== cost.n || kept.r !== cost.r || kept.p !== cost.p

/** What a password is held against where there is no account: of the same cost, and of no password. */
export const nobodysHash = (cost: Cost): PasswordHash => ({
  algorithm: 'scrypt',
  ...cost,
  salt: randomBytes(16).toString('base64url'),
  hash: randomBytes(BYTES).toString('base64url'),
})
