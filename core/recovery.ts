// Finishes what a crash left, at the start: who waits for a person is put into the queue again, undecided turns and effects become jobs. Where nodes share the
// log, what a node that lives has in hand is left alone.
import type { Conversation } from './conversation/conversation.ts'
import type { Eraser } from './erasure/erase.ts'
import { type Holder, nameOf } from './holder.ts'
import type { ConversationKey } from './ids.ts'
import { keyIn, RECOVER, unlessErased } from './jobs/kinds.ts'
import { takerOf } from './nodes/take-over.ts'
import type { Conversations } from './ports/conversations.ts'
import type { Jobs } from './ports/jobs.ts'
import type { NodeName, Nodes } from './ports/nodes.ts'

export interface RecoveryParts {
  readonly holder: Holder
  readonly conversations: Conversations
  readonly jobs: Jobs
  readonly nodes: Nodes
  readonly eraser: Pick<Eraser, 'clearUp' | 'finish'>
  /** Of a conversation with a person, or in the queue for one. */
  readonly isWithPeople: (key: ConversationKey, conversation: Conversation) => void
  /** Of an unsettled conversation: whether it is this node's to settle. */
  readonly isMine: (key: ConversationKey) => Promise<boolean>
  readonly settle: (key: ConversationKey) => Promise<void>
  readonly broke: (key: ConversationKey, error: unknown) => void
}

export interface Recovery {
  /** What a node that is dead, or has left, may not have come to any more, beside its turns: timers of who waits for a person, and erasures. */
  takeUpFrom(gone: NodeName): Promise<void>
  /** Has everything finished that a crash left: undecided turns, effects under way, the queue, erasures. Resolves with the number of conversations. */
  finishUnsettled(): Promise<number>
  /** Has every job again that the log asks for: after the queue has lost some, or could not be told of some, while the engine went on. */
  findJobsAgain(): Promise<void>
}

export function createRecovery({
  holder,
  conversations,
  jobs,
  nodes,
  eraser,
  isWithPeople,
  isMine,
  settle,
  broke,
}: RecoveryParts): Recovery {
  /** Told when what a crash left of a conversation is decided. */
  const recovering = new Map<string, (() => void)[]>()

  async function finishUnsettled(): Promise<number> {
    await eraser.clearUp()
    const ends = await findUnsettled()
    await Promise.all(ends)
    await eraser.finish()
    return ends.length
  }

  async function findUnsettled(): Promise<readonly Promise<void>[]> {
    for await (const key of conversations.withPeople()) {
      try {
        const conversation = await holder.run(key, () => holder.load(key))
        isWithPeople(key, conversation)
      } catch (error) {
        broke(key, error) // one that is damaged keeps no other out of the queue
      }
    }
    const ends: Promise<void>[] = []
    for await (const key of conversations.unsettled()) if (await isMine(key)) ends.push(recover(key))
    return ends
  }

  /** As a job, so that a thousand of them do not begin at once. The log is what says what is open: should the queue refuse it, it is done at once. */
  function recover(key: ConversationKey): Promise<void> {
    return new Promise(resolve => {
      recovering.set(nameOf(key), [...(recovering.get(nameOf(key)) ?? []), resolve])
      jobs.add({ id: `recover/${nameOf(key)}`, kind: RECOVER, payload: { ...key } }).catch(error => {
        broke(key, error)
        void settle(key).then(resolve)
      })
    })
  }
  jobs.handle(
    RECOVER,
    unlessErased(async ({ payload }) => {
      const key = keyIn(payload)
      await settle(key)
      for (const resolve of recovering.get(nameOf(key)) ?? []) resolve()
      recovering.delete(nameOf(key))
    }),
  )

  return {
    async takeUpFrom(gone) {
      for await (const key of conversations.withPeople()) {
        if ((await conversations.lastNode(key)) !== gone || !(await isMine(key))) continue
        try {
          isWithPeople(key, await holder.run(key, () => holder.load(key)))
        } catch (error) {
          broke(key, error)
        }
      }
      if (takerOf(gone, nodes.takers()) !== nodes.self) return
      await eraser.clearUp()
      await eraser.finish()
    },
    finishUnsettled,
    async findJobsAgain() {
      await Promise.all(await findUnsettled())
    },
  }
}
