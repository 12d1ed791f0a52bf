// The demo shop: a retailer's order system in one SQLite file, behind the same ports as a real one. README.md has its customers and its refusals.
import { isFault } from '@parley/core/faults.ts'
import type { CustomerId } from '@parley/core/ids.ts'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Fact, Mesh, OrderFact } from '@parley/core/ports/mesh.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { allUnknown } from '../mesh.ts'
import { EFFECTS } from './cases.ts'
import { startShopThread } from './shop-thread.ts'
import { FACTS, type FactName } from './work.ts'

const SOURCE = 'demo-shop'

export interface DemoShopOptions {
  /** `data/demo-shop/shop.db`; made and filled where there is none, kept as it is where there is one. */
  readonly file: string
  /** The date in the shop, `YYYY-MM-DD`, asked for with every answer: the shop's orders move along with it and never grow old. */
  readonly today: () => string
  /** Takes a customer that the shop does not know for one that it has, always the same one. For demos alone. */
  readonly adopts?: boolean
  /** The shop's thread died; it is being replaced. */
  readonly onFailure?: (reason: string) => void
}

export interface DemoShop {
  readonly mesh: Mesh
  readonly effects: Effects
  /** All of a customer's orders, newest first, for who serves them. Faults: SOURCE_UNAVAILABLE. */
  ordersOf(customer: CustomerId, locale: Locale, signal: AbortSignal): Promise<readonly OrderFact[]>
  close(): Promise<void>
}

const isFactName = (name: string): name is FactName => FACTS.some(known => known === name)
const hasEffect = (name: string): boolean => EFFECTS.some(known => known === name)

/** Faults: SOURCE_INVALID, where the file cannot be opened or made. */
export async function openDemoShop({ file, today, adopts = true, onFailure = () => {} }: DemoShopOptions): Promise<DemoShop> {
  const thread = await startShopThread({ file, adopts, today, onFailure })

  const ask = async (names: readonly FactName[], query: Parameters<Mesh['facts']>[1], signal: AbortSignal) => {
    if (names.length === 0) return {}
    try {
      const { customer, slots, locale } = query
      const values = await thread.run({ type: 'facts', names, query: { customer, slots }, telling: { locale, today: today() } }, signal)
      return Object.fromEntries(names.map((name): [string, Fact] => [name, { isKnown: true, value: values[name] }]))
    } catch (error) {
      if (!isFault(error, 'SOURCE_UNAVAILABLE')) throw error
      return allUnknown(names, SOURCE, error.details.reason)
    }
  }

  return {
    mesh: {
      facts: async (names, query, signal) => ({
        ...allUnknown(
          names.filter(name => !isFactName(name)),
          null,
          'the demo shop has no such fact',
        ),
        ...(await ask(names.filter(isFactName), query, signal)),
      }),
    },
    effects: {
      has: (_shop, name) => hasEffect(name),
      async run(request, signal) {
        if (!hasEffect(request.name)) throw new Error(`the demo shop has no effect ${JSON.stringify(request.name)}: ask \`has\` first`)
        return thread.run({ type: 'effect', request }, signal)
      },
    },
    ordersOf: (customer, locale, signal) => thread.run({ type: 'orders', customer, telling: { locale, today: today() } }, signal),
    close: () => thread.close(),
  }
}
