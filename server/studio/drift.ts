// How a shop's turns drift, week by week: read from the log in the background, kept, and brought forward. A week that has ended long enough ago is not read
// again; what is kept are counts.
import { mkdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Logged } from '@parley/core/conversation/event.ts'
import { asShopId } from '@parley/core/ids.ts'
import type { DriftView, DriftWeek, Progress } from '@parley/core/protocol/studio.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { emptyWeek, mixOf, mondayOf, stabilityOf, tally, type WeekTally } from '@parley/ensembles/drift.ts'
import { calibrationErrorOf } from '@parley/ensembles/evaluation/measures.ts'
import { drawConversations, estimateOf, sampled } from '@parley/ensembles/evaluation/resample.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { z } from 'zod'
import { replaceFile } from '../drivers/replace-file.ts'
import { agreedLabels, type LabelStore, nameOf } from '../label-store/label-store.ts'
import { type LogParts, readLog } from '../read-log.ts'
import { createProgress, READING } from './progress.ts'
import { STUDIO_FOLDER } from './studio-folder.ts'

export interface Drift {
  /** What is known; what is older than an hour is brought forward meanwhile. */
  view(): DriftView
  /** Resolves when what is under way is done. */
  settled(): Promise<void>
  close(): Promise<void>
}

export interface DriftParts {
  readonly data: string
  readonly shop: string
  /** IANA. */
  readonly timeZone: string
  readonly log: LogParts
  readonly labels: Pick<LabelStore, 'list'>
  readonly now: () => number
  readonly broke: (error: unknown) => void
}

const DAY_MS = 86_400_000
const WEEK_MS = 7 * DAY_MS
const STALE_MS = 3_600_000
/** The same where there was nothing: the first turns are to be seen soon. */
const STALE_EMPTY_MS = 60_000
/** After so long nobody takes a turn back any more that anybody would count. */
const SETTLED_MS = 14 * DAY_MS
/** The mix is held against that of the first weeks. */
const REFERENCE_WEEKS = 4
const SEED = 1

const Count = z.int().min(0)
const Week = z.strictObject({
  start: z.number(),
  turns: Count,
  askedBack: Count,
  handedOver: Count,
  byRule: Count,
  takenBack: Count,
  recalled: Count,
  confidence: z.strictObject({ turns: Count, sum: z.number() }),
  voters: z.record(z.string(), z.strictObject({ turns: Count, agreed: Count })),
  actions: z.record(z.string(), Count),
}) satisfies z.ZodType<WeekTally & { readonly start: number }>
type Week = z.infer<typeof Week>
const Labelled = z.custom<NonNullable<DriftWeek['labelled']>>(value => typeof value === 'object')
const Kept = z.strictObject({
  at: z.number(),
  /** The oldest first. */
  weeks: z.array(Week),
  /** By the start of the week. */
  labelled: z.record(z.string(), Labelled),
})
type Kept = z.infer<typeof Kept>

export async function openDrift(parts: DriftParts): Promise<Drift> {
  const { log, labels, now } = parts
  const shop = asShopId(parts.shop)
  const folder = join(parts.data, STUDIO_FOLDER, 'drift')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, `${parts.shop}.json`)
  const stop = new AbortController()
  const weekOf = weeksIn(parts.timeZone)
  let kept: Kept | undefined = await readKept(file)
  let progress: Progress | null = null
  let reading: Promise<void> | undefined

  async function bringForward(): Promise<void> {
    const steps = createProgress(now, READING)
    progress = steps.at('reading the log', 0)
    try {
      const began = now()
      // The first week that had not settled when it was read, and all after it, are read again, whole.
      const from = weekOf((kept?.at ?? began) - SETTLED_MS - WEEK_MS)
      const settled = (kept?.weeks ?? []).filter(({ start }) => start < from)
      const isFirst = kept === undefined
      const weeks = new Map<number, Week>()
      const wanted = { shop, since: isFirst ? 0 : from - DAY_MS, signal: stop.signal } // the shop's Monday may begin before that of UTC
      for await (const { turns, events, done, total } of readLog(log, wanted)) {
        progress = steps.at('reading the log', done / total)
        for (const turn of turns) {
          const start = weekOf(turn.at)
          if (!isFirst && start < from) continue
          const week = weeks.get(start) ?? { start, ...emptyWeek() }
          weeks.set(start, week)
          tally(week, turn.decision, takenBackBy(turn, events))
        }
      }
      const labelled = await judgeLabelled()
      kept = { at: began, weeks: [...settled, ...[...weeks.values()].sort((a, b) => a.start - b.start)], labelled }
      await replaceFile(file, JSON.stringify(kept))
    } catch (error) {
      if (!stop.signal.aborted) parts.broke(error)
    } finally {
      progress = null
      reading = undefined
    }
  }

  /** Labels of old turns come late: these few conversations are read each time. */
  async function judgeLabelled(): Promise<Kept['labelled']> {
    const said = agreedLabels(labels.list(shop))
    const conversations = new Set([...said.keys()].map(name => name.slice(0, name.lastIndexOf('/'))))
    const byWeek = new Map<
      number,
      { readonly conversation: string; readonly said: string; readonly confidence: number; readonly isRight: boolean }[]
    >()
    for await (const { turns } of readLog(log, { shop, since: 0, conversations, signal: stop.signal }))
      for (const { at, received, decision } of turns) {
        const right = said.get(nameOf(received))
        if (right == null || decision.votes.length === 0) continue
        const those = byWeek.get(weekOf(at)) ?? []
        byWeek.set(weekOf(at), those)
        const { action, confidence } = decision
        those.push({ conversation: received.conversation, said: action, confidence, isRight: action === right })
      }
    const figures: Record<string, NonNullable<DriftWeek['labelled']>> = {}
    for (const [start, turns] of byWeek) {
      await setImmediate()
      const names = [...new Set(turns.map(({ conversation }) => conversation))]
      const numbers = turns.map(({ conversation }) => names.indexOf(conversation))
      const draws = drawConversations(numbers, createRandom(SEED))
      const rows = turns.map((_, i) => i)
      const right = Uint8Array.from(turns, ({ isRight }) => (isRight ? 1 : 0))
      const share = (draw: Uint16Array): number => {
        let [hits, all] = [0, 0]
        for (const [i, times] of draw.entries()) {
          hits += times * right[i]! // one each
          all += times
        }
        return hits / all
      }
      figures[start] = {
        turns: turns.length,
        accuracy: estimateOf(sampled(Object.assign(share, { among: rows }), numbers, draws)),
        calibrationError: estimateOf(sampled(calibrationErrorOf(turns, right, rows), numbers, draws)),
      }
    }
    return figures
  }

  return {
    view() {
      if (!kept || now() - kept.at > (kept.weeks.length > 0 ? STALE_MS : STALE_EMPTY_MS)) reading ??= bringForward()
      const weeks = kept?.weeks ?? []
      const reference = weeks.slice(0, REFERENCE_WEEKS)
      const mix = mixOf(reference)
      return {
        at: kept?.at ?? null,
        progress,
        weeks: weeks.map(week => shown(week, stabilityOf(mix, week.actions), kept?.labelled[week.start] ?? null)),
        reference: reference.map(({ start }) => start),
      }
    },
    async settled() {
      await reading
    },
    async close() {
      stop.abort()
      await reading
    },
  }
}

/** What cannot be read is worked out anew. */
async function readKept(file: string): Promise<Kept | undefined> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, 'utf8')))
  } catch {
    return undefined
  }
}

function takenBackBy({ received }: RecordedTurn, events: readonly Logged[]): 'customer' | 'other' | null {
  const back = events.find(event => event.type === 'rolled_back' && event.seq > received.upTo && event.toSeq < received.turn)
  return back?.type === 'rolled_back' ? (back.by === 'customer' ? 'customer' : 'other') : null
}

/** The Monday of the shop's week, as midnight UTC of that day. */
function weeksIn(timeZone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-CA', { timeZone, year: 'numeric', month: '2-digit', day: '2-digit' })
  /** Clocks of the world differ by quarters of an hour: within one there is one date. */
  const known = new Map<number, number>()
  return at => {
    const quarter = Math.floor(at / 900_000)
    const found = known.get(quarter) ?? mondayOf(Date.parse(`${format.format(at)}T00:00:00Z`))
    known.set(quarter, found)
    return found
  }
}

function shown(week: Week, stability: number | null, labelled: DriftWeek['labelled']): DriftWeek {
  const { start, turns, askedBack, handedOver, byRule, takenBack, recalled, confidence, voters, actions } = week
  const of = (count: number): number => count / turns
  return {
    start,
    turns,
    shares: {
      answered: of(turns - askedBack - handedOver - byRule),
      askedBack: of(askedBack),
      handedOver: of(handedOver),
      byRule: of(byRule),
      takenBack: of(takenBack),
      recalled: of(recalled),
    },
    meanConfidence: confidence.turns === 0 ? null : confidence.sum / confidence.turns,
    voters,
    actions: Object.entries(actions)
      .map(([action, count]) => ({ action, share: of(count) }))
      .sort((a, b) => b.share - a.share),
    stability,
    labelled,
  }
}
