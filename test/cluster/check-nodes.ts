// What must hold of several nodes' log after whatever happened: worked out from the streams by a node that has seen nothing, not from what the nodes say.
import { isDeepStrictEqual } from 'node:util'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog, StoredEnvelope } from '@parley/core/ports/conversation-log.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { checkConversation, checkRest, type Summary, summary } from '../e2e/check-conversation.ts'
import { joinConversation } from '../e2e/running-server.ts'
import type { HouseOfNodes } from './house-of-nodes.ts'
import type { Load } from './load.ts'

export interface Found {
  readonly conversations: number
  readonly events: number
  readonly acknowledged: number
  /** Acknowledged, and not where it was said to be. */
  readonly lost: number
  /** Messages that stand twice, turns with two decisions or two replies. */
  readonly doubled: number
  /** Each begins with the rule that is broken. */
  readonly complaints: readonly string[]
}

const SHOP = asShopId('demo')

/** Resolves when no conversation is unsettled any more in the streams, with where each ends; the nodes go on. */
export function settled(house: HouseOfNodes): Promise<ReadonlyMap<string, number>> {
  return house.withStores(undefined, async (_, { log }) => {
    for (;;) {
      let count = 0
      for await (const _ of log.unsettled()) count++
      if (count === 0) break
      await new Promise(resolve => setTimeout(resolve, 100))
    }
    const ends = new Map<string, number>()
    for await (const key of log.conversations()) ends.set(key.conversation, (await log.head(key)).seq)
    return ends
  })
}

type Shown = ReadonlyMap<string, ReadonlyMap<string, readonly Summary[]>>

/** What each node shows of every conversation, up to its end, to somebody who comes anew. The nodes run, and nothing is left to do. */
export async function shownByNodes(house: HouseOfNodes, load: Load, ends: ReadonlyMap<string, number>): Promise<Shown> {
  const shown = new Map<string, Map<string, readonly Summary[]>>()
  for (const node of house.nodes) {
    const of = new Map<string, readonly Summary[]>()
    shown.set(node.name, of)
    for (const { token, conversation } of load.customers.flatMap(({ told }) => told)) {
      const line = await joinConversation(node.url, { token, conversation, refresh: '' })
      let events: readonly VisibleEvent[] = []
      for (let seq = 0; seq < (ends.get(conversation) ?? 0); ) {
        const frame = await line.next('events')
        events = [...(frame.whole ? events.filter(event => event.seq <= frame.after) : events), ...frame.events]
        seq = frame.upTo
      }
      of.set(conversation, events.map(summary))
      line.socket.terminate()
    }
  }
  return shown
}

/** Of nodes that have ended in order, after a rest. */
export async function checkNodes(house: HouseOfNodes, load: Load, shown: Shown): Promise<Found> {
  const complaints = [...load.problems()]
  const complain = (error: unknown): void => void complaints.push(error instanceof Error ? error.message : String(error))
  const counts = { conversations: 0, events: 0, acknowledged: 0, lost: 0, doubled: 0 }
  for (const node of house.nodes)
    for (const line of node.said().split('\n'))
      if (/"msg":"a bug"|_DAMAGED/.test(line)) complain(`${node.name} says: ${line.slice(0, 2_000)}`)

  const stored = await house.withStores(undefined, async (conversations, { log }) => {
    for (const told of load.customers.flatMap(each => each.told)) {
      const key = { shop: SHOP, conversation: asConversationId(told.conversation) }
      const name = `${SHOP}/${told.conversation}`
      const acknowledged = new Map(told.acknowledged)
      const said = new Map(told.said)
      for (const [ref, { text, seq }] of load.agents.flatMap(agent => [...(agent.said.get(told.conversation) ?? [])])) {
        said.set(ref, text)
        if (seq > 0) acknowledged.set(ref, seq)
      }
      try {
        const { events } = await conversations.read(key, 0)
        counts.conversations++
        counts.events += events.length
        counts.acknowledged += acknowledged.size
        const refs = events.flatMap(event => ('ref' in event && 'parts' in event ? event.ref : []))
        const at = new Map<string, number>(
          events.flatMap(event => ('ref' in event && 'parts' in event ? [[event.ref, event.seq] as const] : [])),
        )
        counts.lost += [...acknowledged].filter(([ref, seq]) => at.get(ref) !== seq).length
        for (const all of [refs, ...['decided', 'reply'].map(type => events.flatMap(e => (e.type === type && 'turn' in e ? e.turn : [])))])
          counts.doubled += all.length - new Set<unknown>(all).size
        const standing = checkConversation(name, events, { acknowledged, said, shown: { upTo: told.upTo, events: told.shown } })
        checkRest(name, standing)
        for (const [node, of] of shown)
          if (!isDeepStrictEqual(of.get(told.conversation) ?? [], standing.seen))
            complain(`[RB1] ${name}: ${node} shows other than what stands in the log`)
      } catch (error) {
        complain(error)
      }
    }
    return allOf(log, complain)
  })
  for (const node of house.nodes) {
    const copy = await house.withStores(node.data, (_, { log }) => allOf(log, complain)).catch(complain)
    if (copy && !isDeepStrictEqual(copy, stored)) complain(`[LOG13] the copy of ${node.name} is another than what is in the streams`)
  }
  return { ...counts, complaints }
}

/** Every conversation as it is stored; a broken chain is a complaint. */
async function allOf(log: ConversationLog, complain: (error: unknown) => void): Promise<ReadonlyMap<string, readonly StoredEnvelope[]>> {
  const all = new Map<string, readonly StoredEnvelope[]>()
  const read = async (key: ConversationKey): Promise<void> => void all.set(key.conversation, await log.read(key, 0))
  for await (const key of log.conversations()) await read(key).catch(complain)
  return all
}
