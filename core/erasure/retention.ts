// Nothing is kept longer than its shop wants: at the start and once a day, conversations whose last event is older are erased, unless somebody has them
// in hand; those are looked at again the next day. Where several nodes keep one log, one of them does it.
import type { ConversationKey, ShopId } from '../ids.ts'
import type { Clock } from '../ports/clock.ts'
import type { Erasures } from '../ports/erasures.ts'
import type { Eraser } from './erase.ts'

export interface RetentionParts {
  readonly erasures: Pick<Erasures, 'ages'>
  readonly eraseOld: Eraser['eraseOld']
  readonly clock: Clock
  /** How long a shop keeps a conversation after its last event; 0: for ever. */
  readonly daysOf: (shop: ShopId) => number
  /** Whether it falls to this node, as things stand. */
  readonly isOurs: () => boolean
  readonly broke: (error: unknown) => void
}

export interface Retention {
  /** Resolves when the sweep under way, if there is one, has ended; there is none after it. */
  stop(): Promise<void>
}

const DAY_MS = 86_400_000
/** Another node has it to do: so soon it is looked again whether that is still so. */
const LOOK_MS = 3_600_000
/** Conversations of a shop that are erased together: they share the rewriting of the keys, and wait for it together. */
const BATCH = 200
/** Conversations looked at before others have the thread. */
const BREATH = 100

/** Sweeps now, and every day. */
export function startRetention({ erasures, eraseOld, clock, daysOf, isOurs, broke }: RetentionParts): Retention {
  let isStopped = false
  let cancel = (): void => {}
  let sweeping = Promise.resolve()

  async function sweep(): Promise<void> {
    const now = clock.now()
    const batches = new Map<ShopId, ConversationKey[]>()
    const eraseBatch = async (shop: ShopId): Promise<void> => {
      const keys = batches.get(shop) ?? []
      batches.delete(shop)
      if (keys.length > 0) await eraseOld(shop, keys, now - daysOf(shop) * DAY_MS, daysOf(shop))
    }
    let looked = 0
    for await (const { key, lastAt } of erasures.ages()) {
      if (isStopped) return
      if (++looked % BREATH === 0) await new Promise<void>(resolve => void clock.after(0, resolve))
      const days = daysOf(key.shop)
      if (days === 0 || lastAt >= now - days * DAY_MS) continue
      const batch = batches.get(key.shop) ?? []
      batches.set(key.shop, [...batch, key])
      if (batch.length + 1 >= BATCH) await eraseBatch(key.shop)
    }
    for (const shop of [...batches.keys()]) if (!isStopped) await eraseBatch(shop)
  }

  function sweepDaily(): void {
    if (isOurs()) sweeping = sweep().catch(broke)
    cancel = clock.after(isOurs() ? DAY_MS : LOOK_MS, sweepDaily)
  }
  sweepDaily()

  return {
    stop() {
      isStopped = true
      cancel()
      return sweeping
    },
  }
}
