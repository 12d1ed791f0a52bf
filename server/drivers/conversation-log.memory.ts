// The log in memory: for tests and for one-off turns. Everything of the contract but durability: it ends with the process.
import { chainHash, genesisHash } from '@parley/core/conversation/chain.ts'
import { Fault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey, type Epoch } from '@parley/core/ids.ts'
import type { ConversationLog, Head, Position, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'

/** `slice()` would not do: a Buffer's gives a view of the same bytes. */
const copy = (stored: StoredEnvelope): StoredEnvelope => ({
  ...stored,
  body: new Uint8Array(stored.body),
  hash: new Uint8Array(stored.hash),
})

export function createMemoryLog(epoch = 'memory' as Epoch): ConversationLog {
  const logs = new Map<string, StoredEnvelope[]>()
  const open = new Set<string>()
  const withPeople = new Set<string>()
  const outgoing = new Map<string, number>()
  let isClosed = false
  // NUL sorts before everything that an id may hold, so that ids sort by shop and then by conversation.
  const idOf = (key: ConversationKey): string => `${key.shop}\0${key.conversation}`
  const keyOf = (id: string): ConversationKey => {
    const [shop = '', conversation = ''] = id.split('\0')
    return { shop: asShopId(shop), conversation: asConversationId(conversation) }
  }
  const headOf = (seq: number): Head => ({ seq, position: String(seq) as Position }) // the memory driver's position is the seq
  const refuseClosed = (): void => {
    if (isClosed) throw new Error('the log is closed')
  }
  return {
    epoch,
    async append(key, events, expected, { isUnsettled, isWithPeople, isOutgoing }) {
      refuseClosed()
      if (events.length === 0) throw new Error('an append needs an event')
      const id = idOf(key)
      const log = logs.get(id) ?? []
      if (expected !== headOf(log.length).position) throw new Fault('APPEND_CONFLICT', { conversation: key.conversation })
      const added: StoredEnvelope[] = []
      for (const event of events) {
        const seq = log.length + added.length + 1
        const hash = chainHash((added.at(-1) ?? log.at(-1))?.hash ?? genesisHash(key), seq, event)
        added.push(copy({ ...event, seq, hash }))
      }
      log.push(...added) // all or none: whatever is wrong with an event has thrown above
      logs.set(id, log)
      if (isUnsettled) open.add(id)
      else open.delete(id)
      if (isWithPeople) withPeople.add(id)
      else withPeople.delete(id)
      if (isOutgoing && !outgoing.has(id)) outgoing.set(id, log.length - events.length + 1)
      return headOf(log.length)
    },
    async read(key, after) {
      refuseClosed()
      return (logs.get(idOf(key)) ?? []).slice(after).map(copy)
    },
    async head(key) {
      refuseClosed()
      return headOf(logs.get(idOf(key))?.length ?? 0)
    },
    async *unsettled() {
      refuseClosed()
      for (const id of [...open]) yield keyOf(id)
    },
    async *withPeople() {
      refuseClosed()
      for (const id of [...withPeople]) yield keyOf(id)
    },
    async clearMarks(key) {
      refuseClosed()
      open.delete(idOf(key))
      withPeople.delete(idOf(key))
    },
    async *outgoing() {
      refuseClosed()
      for (const [id, from] of [...outgoing]) yield { key: keyOf(id), from }
    },
    async outgoingFrom(key) {
      refuseClosed()
      return outgoing.get(idOf(key))
    },
    async delivered(key, upTo) {
      refuseClosed()
      if ((logs.get(idOf(key))?.length ?? 0) !== upTo) return false
      outgoing.delete(idOf(key))
      return true
    },
    follow: () => () => {}, // this engine has made every append
    lastNode: async () => undefined,
    caughtUp: async () => {},
    async *conversations() {
      refuseClosed()
      for (const id of [...logs.keys()].sort()) yield keyOf(id)
    },
    async close() {
      isClosed = true
    },
  }
}
