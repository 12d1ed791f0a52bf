// The turns of a shop's log that are worth a label, for each person the ones that are left for them, with the conversation around each; and what they say.
import { Worker } from 'node:worker_threads'
import type { Logged } from '@parley/core/conversation/event.ts'
import { textOf } from '@parley/core/conversation/event.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, isId } from '@parley/core/ids.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { AgreementView, LabelGiven, LabelPage, LabelRow, Progress, TurnNamed } from '@parley/core/protocol/studio.ts'
import { type RecordedTurn, recordedTurns } from '@parley/core/recorded-turns.ts'
import { firstVote } from '@parley/ensembles/evaluation/variants.ts'
import type { Agreements, Said } from '@parley/ensembles/labels/agreements.ts'
import { queueOf, type RowToLabel } from '../evaluation/turns-to-label.ts'
import { type KeepLabelsParts, keepLabels } from '../label-store/keep-labels.ts'
import { agreedLabels, type LabelStore, nameOf } from '../label-store/label-store.ts'
import type { LogParts } from '../read-log.ts'
import { logLines } from './log-lines.ts'
import { createProgress, READING } from './progress.ts'

export interface LabelQueue {
  /** `who` as they are called in labels. */
  page(who: string, from: number, limit: number): Promise<LabelPage>
  /** Faults: LABEL_INVALID, STORAGE_FULL. */
  say(who: string, given: LabelGiven): Promise<void>
  undo(who: string, turn: TurnNamed): Promise<void>
  agreement(): Promise<AgreementView>
  close(): Promise<void>
}

export interface LabelQueueParts {
  readonly shop: string
  readonly shopNow: () => Shop
  readonly log: LogParts
  readonly erasures: KeepLabelsParts['erasures']
  readonly labels: Pick<LabelStore, 'list' | 'put' | 'forget' | 'remove' | 'skip' | 'skipped'>
  readonly now: () => number
  readonly broke: (error: unknown) => void
}

/** As the command line's. */
const BACK_MS = 30 * 86_400_000
/** Then it is read again, beside what is known. */
const STALE_MS = 10 * 60_000
/** The same where nothing is left: whoever looks again waits for what customers write now. */
const STALE_EMPTY_MS = 20_000
/** Of one person; there is more to do than anybody does. */
const MOST = 2_000
const BEFORE = 8
const LIKELY = 5

interface Queue {
  readAt: number | null
  rows: readonly Pick<RowToLabel, 'conversation' | 'turn' | 'times' | 'why'>[]
  progress: Progress | null
  reading: Promise<void> | undefined
}

export function openLabelQueue(parts: LabelQueueParts): LabelQueue {
  const { log, labels, now } = parts
  const shop = asShopId(parts.shop)
  const stop = new AbortController()
  const queues = new Map<string, Queue>()
  let agreements: { readonly of: string; readonly found: Promise<Agreements> } | undefined

  function queueFor(who: string): Queue {
    const found = queues.get(who) ?? { readAt: null, rows: [], progress: null, reading: undefined }
    queues.set(who, found)
    return found
  }

  async function read(who: string, queue: Queue): Promise<void> {
    const steps = createProgress(now, READING)
    queue.progress = steps.at('reading the log', 0)
    try {
      const lines = logLines(log, { shop, since: now() - BACK_MS, signal: stop.signal }, share => {
        queue.progress = steps.at('reading the log', share)
      })
      const rows = await queueOf(lines, labels.list(shop), who)
      queue.rows = rows.slice(0, MOST).map(({ conversation, turn, times, why }) => ({ conversation, turn, times, why }))
      queue.readAt = now()
    } catch (error) {
      if (!stop.signal.aborted) parts.broke(error)
    } finally {
      queue.progress = null
      queue.reading = undefined
    }
  }

  /** Undefined where it is erased, or cannot be read. */
  async function eventsOf(conversation: string) {
    try {
      return await log.conversations.read({ shop, conversation: asConversationId(conversation) }, 0)
    } catch (error) {
      if (isFault(error)) return undefined
      throw error
    }
  }

  async function rowOf({ conversation, turn, times, why }: Queue['rows'][number]): Promise<LabelRow | undefined> {
    const found = await eventsOf(conversation)
    if (!found) return undefined
    const key = { shop, conversation: asConversationId(conversation) }
    for (const recorded of recordedTurns(key, found.events, found.position))
      if (recorded.received.turn === turn) return { conversation, turn, times, why, ...shown(recorded, found.events) }
    return undefined
  }

  async function hasTurn({ conversation, turn }: TurnNamed): Promise<boolean> {
    const found = isId(conversation) ? await eventsOf(conversation) : undefined
    return found?.events.some(event => event.type === 'decided' && event.turn === turn) ?? false
  }

  return {
    async page(who, from, limit) {
      const queue = queueFor(who)
      const theirs = labels.list(shop).filter(label => label.who === who)
      const skipped = labels.skipped(shop, who)
      const done = new Set([...theirs, ...skipped].map(nameOf))
      const left = queue.rows.filter(row => !done.has(nameOf(row)))
      const isStale = queue.readAt === null || now() - queue.readAt > (left.length > 0 ? STALE_MS : STALE_EMPTY_MS)
      if (isStale && from === 0) queue.reading ??= read(who, queue)
      const rows: LabelRow[] = []
      const gone = new Set<Queue['rows'][number]>()
      for (const row of left.slice(from)) {
        if (rows.length >= limit) break
        const found = await rowOf(row)
        if (found) rows.push(found)
        else gone.add(row)
      }
      if (gone.size > 0) queue.rows = queue.rows.filter(row => !gone.has(row))
      return {
        from,
        total: left.length - gone.size,
        labelled: theirs.length,
        skipped: skipped.length,
        readAt: queue.readAt,
        progress: queue.progress,
        rows,
      }
    },
    async say(who, { conversation, turn, action }) {
      const at = now()
      if (action === null) {
        if (!(await hasTurn({ conversation, turn }))) throw noSuchTurn(turn)
        await labels.skip(shop, { conversation, turn, who, at })
        // An erasure looks for what is there; what it came before has to be taken away here.
        if (await parts.erasures.isErased({ shop, conversation: asConversationId(conversation) })) await labels.forget(shop, conversation)
        return
      }
      if (!Object.hasOwn(parts.shopNow().actions, action))
        throw new Fault('LABEL_INVALID', { reason: `the shop has no action ${JSON.stringify(action)}` })
      if (!isId(conversation)) throw noSuchTurn(turn)
      const kept = { conversations: log.conversations, erasures: parts.erasures, labels }
      const { kept: count } = await keepLabels(kept, shop, [{ conversation, turn, who, action, at }])
      if (count === 0) throw noSuchTurn(turn)
    },
    undo: (who, turn) => labels.remove(shop, { ...turn, who }),
    async agreement() {
      const said = labels.list(shop)
      const of = JSON.stringify(said)
      if (agreements?.of !== of)
        agreements = {
          of,
          found: agreementsBeside(said.map(({ conversation, turn, who, action }) => ({ conversation, turn, who, action }))),
        }
      const { people, pairs, disputes } = await agreements.found
      const disputed = [...agreedLabels(said)].flatMap(([name, action]) => (action === null ? [name] : []))
      const byTurn = Map.groupBy(said, nameOf)
      return {
        people,
        pairs,
        disputes,
        disputed: disputed.map(name => {
          const those = byTurn.get(name)! // it is one of them
          const { conversation, turn } = those[0]! // of a group
          return { conversation, turn, said: Object.fromEntries(those.map(({ who, action }) => [who, action])) }
        }),
      }
    },
    async close() {
      stop.abort()
      await Promise.all([...queues.values()].map(({ reading }) => reading))
    },
  }
}

const noSuchTurn = (turn: number): Fault => new Fault('LABEL_INVALID', { reason: `the conversation has no turn ${turn} of the bot's` })

function agreementsBeside(said: readonly Said[]): Promise<Agreements> {
  const thread = new Worker(new URL('./agreement.thread.ts', import.meta.url), { workerData: said })
  return new Promise((resolve, reject) => {
    thread.once('message', resolve)
    thread.once('error', reject)
    thread.once('exit', () => reject(new Error('the thread has ended without a word'))) // nothing, where it has spoken
  })
}

function shown(
  { at, received, decision }: RecordedTurn,
  events: readonly Logged[],
): Omit<LabelRow, 'conversation' | 'turn' | 'times' | 'why'> {
  const { ranking, votes, situation } = decision
  const best = ranking[0]?.score ?? 0 // best first
  const raised = ranking.map(({ score }) => Math.exp(score - best))
  const total = raised.reduce((sum, each) => sum + each, 0)
  return {
    at,
    text: received.texts.join('\n'),
    lang: decision.locale === 'en' ? 'en' : 'zh',
    before: events.flatMap(event => (event.seq < received.turn ? spoken(event) : [])).slice(-BEFORE),
    said: decision.action,
    disposition: decision.disposition,
    reply: decision.reply,
    likely: ranking.slice(0, LIKELY).map(({ action }, i) => ({ action, p: raised[i]! / total })), // one each
    votes: votes.map(ballot => {
      const first = firstVote(ballot, situation.domain)
      return { voter: ballot.voter, action: first?.action ?? null, confidence: first?.confidence ?? 0 }
    }),
    shares: decision.breakdown.flatMap(({ voter, action, share }) =>
      action === decision.action ? [{ what: voter.replace(/^signal:/, ''), share }] : [],
    ),
  }
}

function spoken(event: Logged): LabelRow['before'] {
  switch (event.type) {
    case 'message':
      return [{ who: 'customer', text: textOf(event.parts) }]
    case 'reply':
    case 'notice':
      return [{ who: 'shop', text: textOf(event.parts) }]
    case 'agent_message':
      return [{ who: 'agent', text: textOf(event.parts) }]
    default:
      return []
  }
}
