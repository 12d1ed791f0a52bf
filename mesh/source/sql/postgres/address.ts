// Where a PostgreSQL is: `postgres://reader@db.shop.example:5432/shop?sslmode=verify-full&sslrootcert=ca.pem`, as libpq reads it.
import { isIP, type LookupFunction, Socket } from 'node:net'
import type { ConnectionOptions } from 'node:tls'

export interface Address {
  /** A folder, with the socket of the port in it, where it begins with a slash. */
  readonly host: string
  readonly port: number
  readonly user: string
  readonly database: string
  /** Only where it stands in the address, which then is a secret itself. */
  readonly password?: string
  /** Undefined: not encrypted. */
  readonly tls?: ConnectionOptions
}

const MODES = ['disable', 'require', 'verify-ca', 'verify-full'] as const
const KNOWN = ['sslmode', 'sslrootcert', 'host']

/** `read` gives the text of a file that it names. Throws an Error that says what is wrong, without the address. */
export function readAddress(text: string, isPrivate: boolean, read: (file: string) => string): Address {
  if (!URL.canParse(text)) throw new Error('it must be an address postgres://USER@HOST:PORT/DATABASE')
  const { hostname, port, username, password, pathname, searchParams } = new URL(text)
  const unknown = [...searchParams.keys()].find(key => !KNOWN.includes(key))
  if (unknown !== undefined) throw new Error(`there is no setting ${unknown} of an address; there are ${KNOWN.join(', ')}`)
  const host = searchParams.get('host') ?? decodeURIComponent(hostname).replace(/^\[|\]$/g, '')
  const database = decodeURIComponent(pathname.slice(1))
  if (host === '' || username === '' || database === '') throw new Error('it must name a user, a host and a database')
  // What is said to be private may go unencrypted, as within a machine; what is not is held to its certificate.
  const mode = searchParams.get('sslmode') ?? (isPrivate ? 'disable' : 'verify-full')
  if (!MODES.some(each => each === mode)) throw new Error(`sslmode is one of ${MODES.join(', ')}`)
  const root = searchParams.get('sslrootcert')
  const tls: ConnectionOptions | undefined =
    mode === 'disable' || host.startsWith('/')
      ? undefined
      : {
          rejectUnauthorized: mode !== 'require' || root !== null,
          ...(root !== null && { ca: read(root) }),
          // The certificate counts, whatever name it is for.
          ...(mode !== 'verify-full' && { checkServerIdentity: () => undefined }),
        }
  return {
    host,
    port: port === '' ? 5432 : Number(port),
    user: decodeURIComponent(username),
    database,
    ...(password !== '' && { password: decodeURIComponent(password) }),
    ...(tls && { tls }),
  }
}

export interface Reach {
  readonly isPrivate: boolean
  readonly lookupPublic: LookupFunction
  readonly isPrivateAddress: (host: string) => boolean
}

/** Whether it may be asked at all; a name is looked up as it is connected to, by the socket. */
export const mayReach = ({ host }: Address, { isPrivate, isPrivateAddress }: Reach): boolean =>
  isPrivate || !(host.startsWith('/') || (isIP(host) !== 0 && isPrivateAddress(host)))

/** A socket that looks names up so that none leads to a private address, unless it may. */
export function socketFor({ isPrivate, lookupPublic }: Reach): Socket {
  const socket = new Socket()
  if (isPrivate) return socket
  const connect = socket.connect.bind(socket)
  socket.connect = ((port: number, host: string) => connect({ port, host, lookup: lookupPublic })) as Socket['connect'] // pg calls it so
  return socket
}
