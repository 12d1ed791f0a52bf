// The remote voters of a shop as the configuration has them, each with its key in hand and an address that it may be asked at.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Config, RemoteVoterConfig, ShopConfig } from '../config.ts'
import { hostOf, isPrivateAddress } from '../outgoing/public-address.ts'

export interface RemoteVoter extends Omit<RemoteVoterConfig, 'url' | 'secret' | 'secretFile' | 'secretEnv'> {
  /** `remote:ID`. */
  readonly voter: string
  readonly shop: string
  readonly url: URL
  /** Sent as a bearer token; in no log, metric or version. */
  readonly key?: string
  /** The configuration names its host: it may be a private address, and be asked without TLS. */
  readonly isNamedHost: boolean
}

/** Faults: CONFIG_INVALID, naming the voter and what is wrong with its address or its key. */
export const remoteVotersOf = (
  { id: shop, remoteVoters }: Pick<ShopConfig, 'id' | 'remoteVoters'>,
  { voterHosts }: Pick<Config, 'voterHosts'>,
): readonly RemoteVoter[] =>
  remoteVoters.map(({ url: address, secret, secretFile, secretEnv, ...voter }) => {
    const name = `remote:${voter.id}`
    const url = new URL(address)
    const host = hostOf(url.hostname)
    const isNamedHost = voterHosts.includes(host)
    if (!isNamedHost && (url.protocol !== 'https:' || isPrivateAddress(url.hostname)))
      throw new Fault('CONFIG_INVALID', {
        file: name,
        path: 'url',
        reason: `${host} is a private address or asked without TLS, and voterHosts does not name it`,
      })
    const key = keyOf(name, { secret, secretFile, secretEnv })
    return { ...voter, voter: name, shop, url, isNamedHost, ...(key !== undefined && { key }) }
  })

function keyOf(
  name: string,
  { secret, secretFile, secretEnv }: Pick<RemoteVoterConfig, 'secretFile' | 'secretEnv'> & { readonly secret: string | undefined },
): string | undefined {
  if (secretFile === undefined && secretEnv === undefined) return undefined
  const file = secretFile ?? `environment variable ${secretEnv}`
  let text = secret ?? ''
  try {
    if (secretFile !== undefined) text = readFileSync(resolve(secretFile), 'utf8')
  } catch (cause) {
    throw new Fault('CONFIG_INVALID', { file, path: name, reason: 'the file cannot be read' }, { cause })
  }
  const key = text.trim()
  // What may stand in a header; a line break in it would be a header of its own.
  if (!/^[\x21-\x7e]{1,4096}$/.test(key))
    throw new Fault('CONFIG_INVALID', { file, path: name, reason: 'it holds no key: one word, in ASCII' })
  return key
}
