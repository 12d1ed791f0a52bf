// Which page a request may come from: one of this server's own. A cookie goes along with whatever page asks; the origin says which one it was.
import { Fault } from '@parley/core/faults.ts'

/** A request without an origin is no page's. Faults: ORIGIN_REFUSED. */
export function checkOrigin(origin: string | undefined, host: string | undefined): void {
  if (origin === undefined || isOwn(origin, host)) return
  throw new Fault('ORIGIN_REFUSED', { origin: origin.slice(0, 200) })
}

/** Behind a proxy that ends TLS the server does not know its scheme, so host and port decide. */
function isOwn(origin: string, host: string | undefined): boolean {
  const scheme = /^https?:(?=\/\/)/.exec(origin)?.[0]
  if (scheme === undefined || !host || !URL.canParse(origin) || !URL.canParse(`${scheme}//${host}`)) return false
  const own = new URL(`${scheme}//${host}`) // as a URL, so that a port that goes without saying is the same as one that was said
  return new URL(origin).origin === own.origin && own.pathname === '/' && own.username === ''
}
