// Who this browser is to the shop. The refresh token stays on the shelf and buys short-lived tokens; a refresh token that the shop does not take
// any more means a new visitor with a new conversation. A retailer's identity token, where the page has one, comes first and is used once: it lives for
// minutes, and what it has bought goes on by the refresh token.
import { type Proof, type Shelf, type VisitorAnswer, VisitorRefused, type World } from './world.ts'

export interface Visitor {
  readonly token: string
  readonly conversation: string
}

export interface Visitors {
  /** A visitor whose token is good for a while yet. Rejects as World.fetchVisitor does, but never because of an old refresh token. */
  current(): Promise<Visitor>
  /** The token was refused or has run out: the next `current` fetches another. */
  forgetToken(): void
  /** The next `current` is a new visitor with a new conversation. */
  forgetVisitor(): void
  /** The conversation that is on the shelf: another tab may have begun a new one. */
  keptConversation(): string | undefined
  shopName(): string | undefined
}

/** What is on the shelf. */
interface Kept {
  readonly refresh: string
  readonly conversation: string
  readonly shopName?: string
}

/** A token is fetched anew when it has less than this left: it must still be good when the server reads it. */
const LEAST_LIFE_MS = 30_000

export const visitorKey = (shop: string): string => `parley.${shop}.visitor`

export function createVisitors(world: Pick<World, 'clock' | 'shelf' | 'fetchVisitor'>, shop: string, identity?: string): Visitors {
  const { clock, shelf } = world
  let unused = identity
  const key = visitorKey(shop)
  let held: (Visitor & { readonly until: number }) | undefined
  let fetching: Promise<Visitor> | undefined
  let life = 0

  async function fetchAnew(): Promise<Visitor> {
    const mine = life
    const answer = await fetchWith(read(shelf, key)?.refresh)
    if (mine !== life) return current() // forgotten while it was fetched
    const { token, conversation, refresh, shopName } = answer
    shelf.write(key, JSON.stringify({ refresh, conversation, ...(shopName && { shopName }) } satisfies Kept))
    held = { token, conversation, until: clock.monotonic() + answer.expiresInMs - LEAST_LIFE_MS }
    return held
  }

  /** The strongest proof first; one that is refused gives way to the next. */
  async function fetchWith(refresh: string | undefined): Promise<VisitorAnswer> {
    const proofs: Proof[] = [...(unused === undefined ? [] : [{ identity: unused }]), ...(refresh === undefined ? [] : [{ refresh }])]
    for (const proof of proofs) {
      try {
        const answer = await world.fetchVisitor(proof)
        unused = undefined
        return answer
      } catch (error) {
        if (!(error instanceof VisitorRefused) || error.status !== 401) throw error
        if (proof.identity !== undefined) unused = undefined
      }
    }
    return world.fetchVisitor({})
  }

  async function current(): Promise<Visitor> {
    if (held && clock.monotonic() < held.until) return held
    // Shared while under way: two fetches without a refresh token would make two visitors.
    if (fetching) return fetching
    const mine = fetchAnew().finally(() => {
      if (fetching === mine) fetching = undefined
    })
    fetching = mine
    return mine
  }

  const forgetToken = (): void => {
    held = undefined
  }

  return {
    current,
    forgetToken,
    forgetVisitor() {
      forgetToken()
      life++
      fetching = undefined
      shelf.remove(key)
    },
    keptConversation: () => read(shelf, key)?.conversation,
    shopName: () => read(shelf, key)?.shopName,
  }
}

/** Undefined when there is nothing, or nothing that this release can read. */
function read(shelf: Shelf, key: string): Kept | undefined {
  const text = shelf.read(key)
  if (text === undefined) return undefined
  try {
    const value: unknown = JSON.parse(text)
    const isKept =
      typeof value === 'object' && value !== null && 'refresh' in value && typeof value.refresh === 'string' && 'conversation' in value
    return isKept ? (value as Kept) : undefined // the rest was written together with `refresh`
  } catch {
    return undefined // damaged: as if this browser had never been here
  }
}
