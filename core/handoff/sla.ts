// Sees to it that a conversation which waits longer for a person than the shop promises is marked. One timer for each entry into the queue, ended by
// whatever takes the conversation out of it; the log says who waits since when, so that a lost timer is set again at the start.
import type { Conversation } from '../conversation/conversation.ts'
import { isFault } from '../faults.ts'
import { type Holder, nameOf } from '../holder.ts'
import type { ConversationKey, Seq } from '../ids.ts'
import { keyIn, SLA, unlessErased } from '../jobs/kinds.ts'
import type { Shop } from '../pipeline/shop.ts'
import type { Clock } from '../ports/clock.ts'
import type { Jobs } from '../ports/jobs.ts'

export interface SlaParts {
  readonly holder: Holder
  readonly jobs: Jobs
  readonly clock: Clock
  readonly shop: (id: string) => Shop | undefined
  /** A conversation is marked as having waited too long. */
  readonly overdue: (key: ConversationKey) => void
  readonly broke: (key: ConversationKey, error: unknown) => void
}

export interface Sla {
  /** Sets and ends timers as the conversation has moved; `before` is undefined at a start. */
  moved(key: ConversationKey, before: Conversation | undefined, after: Conversation): void
}

export function createSla({ holder, jobs, clock, shop, overdue, broke }: SlaParts): Sla {
  jobs.handle(
    SLA,
    unlessErased(async ({ payload }) => {
      const key = keyIn(payload)
      await holder.change(key, async () => {
        const before = await holder.load(key)
        const { customer } = before.custody
        if (waiting(before)?.seq !== payload.seq || customer === null) return
        await holder.append(key, customer, before, [{ type: 'overdue', at: clock.now() }])
        overdue(key)
      })
    }),
  )

  const idOf = (key: ConversationKey, seq: Seq): string => `sla/${nameOf(key)}/${seq}`

  return {
    moved(key, before, after) {
      const [was, is] = [before && waiting(before), waiting(after)]
      if (was?.seq === is?.seq) return
      const failed = (error: unknown): void => {
        if (!isFault(error, 'SHUTTING_DOWN')) broke(key, error) // else the next start sets it
      }
      if (was) jobs.cancel(idOf(key, was.seq)).catch(failed)
      const promised = shop(key.shop)?.slaMs
      if (!is || promised === undefined) return
      const delayMs = Math.max(0, is.since + promised - clock.now())
      jobs.add({ id: idOf(key, is.seq), kind: SLA, payload: { ...key, seq: is.seq }, delayMs }).catch(failed)
    },
  }
}

/** Its entry into the queue, unless it is marked already. */
function waiting({ custody: { owner } }: Conversation): { readonly seq: Seq; readonly since: number } | undefined {
  return owner.with === 'queue' && !owner.isOverdue ? owner : undefined
}
