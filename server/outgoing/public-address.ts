// Which addresses webhooks and remote voters may reach: those of the open internet. Otherwise a shop's setting could have the server ask what only it can reach, another
// service of the machine or a cloud's metadata. Checked for the address that is connected to, after the name was looked up, so that a name that
// changes its address in between gains nothing.
import { lookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

const closed = new BlockList()
for (const [net, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 3],
] as const)
  closed.addSubnet(net, bits, 'ipv4')
// Of version 6 only what is given out to the world is open, and of that not what wraps an address of version 4.
const open6 = new BlockList()
open6.addSubnet('2000::', 3, 'ipv6')
for (const [net, bits] of [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
] as const)
  closed.addSubnet(net, bits, 'ipv6')

export function isPublic(address: string): boolean {
  if (isIP(address) === 4) return !closed.check(address, 'ipv4')
  return isIP(address) === 6 && open6.check(address, 'ipv6') && !closed.check(address, 'ipv6')
}

/** `dns.lookup` that gives public addresses alone. `refuse` makes its error where there is none. */
export const lookupPublic =
  (refuse: (host: string) => Error): LookupFunction =>
  (host, options, callback) => {
    lookup(host, { ...options, all: true }, (error, addresses) => {
      if (error) return callback(error, '')
      const open = addresses.filter(({ address }) => isPublic(address))
      const [first] = open
      if (!first) return callback(refuse(host), '')
      if (options.all) callback(null, open)
      else callback(null, first.address, first.family)
    })
  }

/** Of a URL's host: whether it is a private address as it stands. A name may still have one. */
export const isPrivateAddress = (host: string): boolean => isIP(hostOf(host)) !== 0 && !isPublic(hostOf(host))

/** Without the brackets that an address of version 6 has in a URL. */
export const hostOf = (hostname: string): string => hostname.replace(/^\[|\]$/g, '')
