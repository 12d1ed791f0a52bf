// Whose conversation this is on the shelf. A customer whom the retailer has named has a place of their own there, so that on a shared computer
// neither the next customer nor a visitor without a name finds it.
import type { Shelf } from './world.ts'

/** The customer that a retailer's identity token names, unchecked: the server checks it. Undefined where it names none. */
export function customerOf(identity: string | undefined): string | undefined {
  try {
    const body = (identity?.split('.')[1] ?? '').replaceAll('-', '+').replaceAll('_', '/')
    const claims: unknown = JSON.parse(atob(body))
    const sub = typeof claims === 'object' && claims !== null && 'sub' in claims ? claims.sub : undefined
    return typeof sub === 'string' && /^[A-Za-z0-9_-]{1,64}$/.test(sub) ? sub : undefined
  } catch {
    return undefined // no token at all: the server would refuse it too
  }
}

/** The name under which things of this shop and customer are kept. A shop's id has no dot and no @. */
export const scopeOf = (shop: string, customer: string | undefined): string => (customer === undefined ? shop : `${shop}.@${customer}`)

/** The retailer's page says who is signed in: what is kept of anybody else who was is removed. */
export function forgetOthers(shelf: Shelf, shop: string, customer: string | undefined): void {
  const own = customer === undefined ? undefined : `parley.${scopeOf(shop, customer)}.`
  for (const key of shelf.keys()) {
    if (key.startsWith(`parley.${shop}.@`) && !(own !== undefined && key.startsWith(own))) shelf.remove(key)
  }
}
