// Finishes what a dead node has left: of the conversations that are unsettled, those whose last append a dead node made are divided among the living by their
// names, so that each is settled by one of them without any word between them. Where two judge differently for a while both may, and the log decides.
import { createHash } from 'node:crypto'
import { isFault } from '../faults.ts'
import { nameOf } from '../holder.ts'
import type { ConversationKey } from '../ids.ts'
import type { Conversations } from '../ports/conversations.ts'
import type { NodeName, Nodes } from '../ports/nodes.ts'

export interface TakeOver {
  /** Whether an unsettled conversation is this node's to settle: its own last append, or a dead node's that falls to it. Its own, where nobody knows. */
  isMine(key: ConversationKey): Promise<boolean>
  /** Takes nothing over from now on; resolves when it looks at nothing any more. */
  stop(): Promise<void>
}

export interface TakeOverParts {
  readonly nodes: Nodes
  readonly conversations: Conversations
  readonly settle: (key: ConversationKey) => Promise<void>
  /** So many conversations of a node that is dead went on here. */
  readonly tookOver: (from: NodeName, conversations: number) => void
  readonly broke: (key: ConversationKey, error: unknown) => void
  /** The unsettled conversations could not be listed. */
  readonly failed: (error: unknown) => void
}

/** Conversations that are settled at a time. */
const AT_ONCE = 32

/** Whose it is to take what is called so: each node comes to the same, and one that is gone moves nothing but what was its own. Undefined where nobody takes. */
export function takerOf(name: string, takers: readonly NodeName[]): NodeName | undefined {
  const weighed = takers.map(node => ({ node, weight: createHash('sha256').update(`${node}\n${name}`).digest('hex') }))
  return weighed.sort((a, b) => (a.weight < b.weight ? 1 : -1))[0]?.node
}

export function createTakeOver({ nodes, conversations, settle, tookOver, broke, failed }: TakeOverParts): TakeOver {
  let isStopped = false
  let looking: Promise<void> | undefined
  let isAskedAgain = false

  const falls = (key: ConversationKey, last: NodeName | undefined): boolean =>
    last === nodes.self || ((last === undefined || nodes.isDead(last)) && takerOf(nameOf(key), nodes.takers()) === nodes.self)

  async function look(): Promise<void> {
    const underWay = new Set<Promise<void>>()
    const taken = new Map<NodeName, number>()
    for await (const key of conversations.unsettled()) {
      if (isStopped) break
      const last = await conversations.lastNode(key)
      if (!falls(key, last)) continue
      const work = take(key, last, taken).finally(() => underWay.delete(work))
      underWay.add(work)
      if (underWay.size >= AT_ONCE) await Promise.race(underWay)
    }
    await Promise.all(underWay)
    for (const [node, count] of taken) tookOver(node, count)
  }

  async function take(key: ConversationKey, last: NodeName | undefined, taken: Map<NodeName, number>): Promise<void> {
    try {
      await settle(key)
      if (last === undefined || last === nodes.self) return
      if ((await conversations.lastNode(key)) === nodes.self) taken.set(last, (taken.get(last) ?? 0) + 1)
    } catch (error) {
      if (!isFault(error, 'CONVERSATION_ERASED')) broke(key, error)
    }
  }

  /** One look at a time; what is asked for meanwhile is one more. */
  function lookSoon(): void {
    if (isStopped) return
    if (looking) isAskedAgain = true
    else
      looking = look()
        .catch(error => {
          if (!isStopped) failed(error)
        })
        .finally(() => {
          looking = undefined
          const again = isAskedAgain
          isAskedAgain = false
          if (again) lookSoon()
        })
  }
  nodes.onChange(() => lookSoon())
  // What a dead node has appended may come to this one after the news of its death.
  const deaf = conversations.follow(({ key, isUnsettled, node }) => {
    if (isUnsettled && node !== undefined && node !== nodes.self && falls(key, node)) lookSoon()
  })

  return {
    isMine: async key => falls(key, await conversations.lastNode(key)),
    async stop() {
      isStopped = true
      deaf()
      await looking
    },
  }
}
