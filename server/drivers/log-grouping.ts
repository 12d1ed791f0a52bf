// Group commit for a shard of a replicated log: appends that come while the messages before them are under way go as one message, of whatever conversations
// they are. None waits for company. docs/decisions/0059-appends-in-groups.md says why no server has to hold them to anything.
import { Fault } from '@parley/core/faults.ts'
import type { Addition } from './log-additions.ts'
import type { Fold } from './log-fold.ts'
import { type Group, sizeInGroup } from './log-group.ts'
import type { Taken } from './log-shard.ts'

/** Messages that are under way at once: where one is lost on the way, and is only sent again after seconds, the other one's turn comes meanwhile. */
const UNDER_WAY = 2
/** Bytes that go as one message, unless a single append has more. */
const ENOUGH = 256 * 1024

/** An append that was not sent yet. */
interface Queued {
  readonly addition: Addition
  /** When it came, by performance.now(). */
  readonly since: number
  resolve(seq: number | undefined): void
  reject(error: unknown): void
}

/**
 * A function that appends: `say` is given what goes as one message, at most one addition of a conversation, and when the first of them came. It resolves with the place in the stream at
 * which the append stands, and with undefined where another one has continued the conversation from that end before. Rejects as `say` does; with
 * LOG_DAMAGED where the conversation is.
 */
export function groupAppends(
  fold: Pick<Fold, 'endOf' | 'cursorOf'>,
  shard: number,
  say: (group: Group, since: number) => Promise<Taken>,
): (addition: Addition) => Promise<number | undefined> {
  let queue: Queued[] = []
  let underWay = 0

  async function sendQueued(): Promise<void> {
    underWay++
    while (queue.length > 0) {
      // Whoever was just answered, or came in the same tick, is on its way into the queue.
      await new Promise<void>(resolve => setImmediate(resolve))
      const [first, ...others] = nextGroup()
      if (first) await send([first, ...others])
    }
    underWay--
  }

  /** Takes from the queue what goes as one message. What can't stand any more need not go. */
  function nextGroup(): readonly Queued[] {
    const group: Queued[] = []
    let bytes = 0
    let taken = 0
    for (const queued of queue) {
      const size = sizeInGroup(queued.addition)
      if (group.length > 0 && bytes + size > ENOUGH) break
      taken++
      if (!mayStand(queued)) continue
      group.push(queued)
      bytes += size
    }
    queue = queue.slice(taken)
    return group
  }

  function mayStand({ addition, resolve, reject }: Queued): boolean {
    try {
      if (fold.endOf(addition.key).seq < addition.first) return true
      resolve(undefined)
    } catch (error) {
      reject(error)
    }
    return false
  }

  async function send(group: readonly [Queued, ...Queued[]]): Promise<void> {
    try {
      const additions = group.map(({ addition }) => addition)
      // Read in the step in which they were held against the fold: what it knows later the additions don't.
      const { seq, outcomes } = await say({ after: fold.cursorOf(shard).seq, additions }, group[0].since)
      for (const [i, { resolve, reject }] of group.entries()) {
        const outcome = outcomes[i]
        if (outcome instanceof Fault) reject(outcome)
        else resolve(outcome ? seq : undefined)
      }
    } catch (error) {
      for (const { reject } of group) reject(error)
    }
  }

  return addition =>
    new Promise((resolve, reject) => {
      queue.push({ addition, since: performance.now(), resolve, reject })
      if (underWay < UNDER_WAY) void sendQueued()
    })
}
