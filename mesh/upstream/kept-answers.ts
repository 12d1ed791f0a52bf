// Answers that were given a moment ago. What goes out of date does so by time or by being called so: then the answers that are kept, and those that
// are still under way, are asked for under another key and found by nobody.

export interface KeptAnswer<T> {
  readonly value: T
  /** Milliseconds since it came. */
  readonly ageMs: number
}

export interface KeptAnswers<T> {
  get(key: string): KeptAnswer<T> | undefined
  set(key: string, value: T): void
  /** Goes into the keys of what has something to do with these types: changes when one of them is called out of date. */
  version(types: readonly string[], customer: string | null): string
  /** What is kept of the type is out of date; with a customer, what is kept for them alone, and for the shop's own people, who see theirs too. */
  outdate(type: string, customer?: string): void
  readonly size: number
}

/** Customers whose answers were called out of date are told apart up to so many; then all are out of date at once. */
const MOST_CUSTOMERS = 10_000

/** Keeps the `most` that were used last. `now` is in milliseconds. */
export function createKeptAnswers<T>(most: number, now: () => number): KeptAnswers<T> {
  const kept = new Map<string, { readonly value: T; readonly at: number }>()
  /** How often a type was called out of date, as a whole, for one customer, and for any. */
  const whole = new Map<string, number>()
  const ofCustomer = new Map<string, number>()
  const ofAny = new Map<string, number>()
  const add = (counts: Map<string, number>, key: string): void => void counts.set(key, (counts.get(key) ?? 0) + 1)

  return {
    get(key) {
      const found = kept.get(key)
      if (!found) return undefined
      kept.delete(key)
      kept.set(key, found)
      return { value: found.value, ageMs: now() - found.at }
    },
    set(key, value) {
      kept.delete(key)
      kept.set(key, { value, at: now() })
      if (kept.size > most) kept.delete(kept.keys().next().value!) // it holds more than `most`
    },
    version(types, customer) {
      let version = ''
      for (const type of types) {
        const own = customer === null ? ofAny.get(type) : ofCustomer.size > 0 ? ofCustomer.get(`${type} ${customer}`) : 0
        version += `${whole.get(type) ?? 0}.${own ?? 0};`
      }
      return version
    },
    outdate(type, customer) {
      if (customer === undefined) return add(whole, type)
      add(ofAny, type)
      if (ofCustomer.size >= MOST_CUSTOMERS) {
        // The counts begin anew, so everything that was counted must be behind a new count of the whole.
        const types = new Set([...ofCustomer.keys()].map(key => key.slice(0, key.indexOf(' '))))
        for (const each of types) add(whole, each)
        ofCustomer.clear()
      }
      add(ofCustomer, `${type} ${customer}`)
    },
    get size() {
      return kept.size
    },
  }
}
