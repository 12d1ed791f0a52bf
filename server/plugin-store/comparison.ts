// How a shadow's votes compare with those that counted: counts, and the last turns on which it voted otherwise or that would have been decided
// otherwise. Kept among the records, so that it outlives the server, and bounded. A turn is kept by its name, with actions and numbers: nothing that
// quotes a customer, and nothing at all once the conversation is erased.
import type { Clock } from '@parley/core/ports/clock.ts'
import { z } from 'zod'
import { createWriteBehind, type Taken } from '../write-behind.ts'
import { Shadow } from './installed.ts'
import type { PluginRecords, Records, RecordsToChange } from './plugin-records.ts'

const TURNS_KEPT = 1_000

/**
 * What became of a turn: it was voted on as by the version in force, or otherwise; or the shadow alone had an answer. It failed, came late or was off;
 * or it was not asked, since the engine had better things to do.
 */
export const OUTCOMES = ['same', 'otherwise', 'alone', 'failed', 'late', 'off', 'skipped'] as const
export type Outcome = (typeof OUTCOMES)[number]

const Count = z.int().min(0)
const Counts = z.strictObject(Object.fromEntries(OUTCOMES.map(outcome => [outcome, Count])) as Record<Outcome, typeof Count>) // its keys are those
export type Counts = z.infer<typeof Counts>

const Voted = z.array(z.strictObject({ action: z.string(), confidence: z.number() }))
const Decided = z.strictObject({ action: z.string(), disposition: z.string(), template: z.string() })
export const PARTS = ['votes', 'template', 'question', 'evidence', 'memory'] as const

const DivergentTurn = z.strictObject({
  conversation: z.string(),
  turn: z.number(),
  /** Milliseconds since 1970, when it was decided. */
  at: z.number(),
  /** What of the answer is another; empty where only one of the two answered. */
  differs: z.array(z.enum(PARTS)),
  /** Null where the version in force did not answer. */
  before: Voted.nullable(),
  now: Voted,
  decided: z.strictObject({ before: Decided, now: Decided }),
})
export type DivergentTurn = z.infer<typeof DivergentTurn>

const Kept = z.strictObject({
  /** Of the shadow that it is about. */
  since: z.number(),
  counts: Counts,
  decidedOtherwise: Count,
  /** Divergent turns so far; the next one's place is what this leaves, divided by how many are kept. */
  divergent: Count,
})
type Kept = z.infer<typeof Kept>

export interface Comparison extends Omit<Kept, 'since'> {
  /** The last of them, newest first. */
  readonly turns: readonly DivergentTurn[]
}

/** What came of one turn. */
export interface Compared {
  readonly outcome: Outcome
  readonly isDecidedOtherwise: boolean
  /** Where anything was otherwise. */
  readonly divergent?: DivergentTurn
}

export interface ShadowName {
  readonly shop: string
  readonly plugin: string
  /** Which of them: a later one's comparison begins anew. */
  readonly since: number
}

export interface Comparisons {
  note(shadow: ShadowName, compared: Compared): void
  /** Nothing names the conversation any more when it resolves. Faults: STORAGE_FULL. */
  forget(shop: string, conversation: string): Promise<void>
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

interface Noted extends Omit<Comparison, 'turns' | 'divergent'> {
  readonly of: ShadowName
  readonly counts: Counts
  decidedOtherwise: number
  turns: DivergentTurn[]
}

/** What could not be written is tried again with what comes next; `broke` is told once, until something was written again. */
export function keepComparisons(records: PluginRecords, clock: Clock, broke: (error: unknown) => void): Comparisons {
  let noted = new Map<string, Noted>()
  const behind = createWriteBehind(clock, take, broke)

  const notedOf = (of: ShadowName): Noted => {
    const name = JSON.stringify([of.shop, of.plugin, of.since])
    const found = noted.get(name) ?? { of, counts: noCounts(), decidedOtherwise: 0, turns: [] }
    noted.set(name, found)
    return found
  }
  function take(): Taken | undefined {
    if (noted.size === 0) return undefined
    const taken = [...noted.values()]
    noted = new Map()
    return {
      write: () =>
        records.change(within => {
          for (const each of taken) add(within, each)
        }),
      putBack() {
        for (const { of, counts, decidedOtherwise, turns } of taken) {
          const again = notedOf(of)
          for (const outcome of OUTCOMES) again.counts[outcome] += counts[outcome]
          again.decidedOtherwise += decidedOtherwise
          again.turns = [...turns, ...again.turns].slice(-TURNS_KEPT)
        }
      },
    }
  }

  return {
    note(of, { outcome, isDecidedOtherwise, divergent }) {
      behind.soon()
      const found = notedOf(of)
      found.counts[outcome]++
      if (isDecidedOtherwise) found.decidedOtherwise++
      if (divergent) found.turns = [...found.turns, divergent].slice(-TURNS_KEPT)
    },
    forget: (shop, conversation) =>
      behind.inTurn(async () => {
        for (const each of noted.values())
          if (each.of.shop === shop) each.turns = each.turns.filter(turn => turn.conversation !== conversation)
        if (records.list(['shadow-of', shop, conversation]).length === 0) return
        await records.change(within => {
          for (const [[id, place]] of within.list(['shadow-of', shop, conversation])) drop(within, shop, id!, place!) // a key is of both
        })
      }),
    flush: behind.flush,
    close: behind.flush,
  }
}

/** Of a shadow that runs; empty where nothing was compared so far. */
export function readComparison(records: Records, { shop, plugin, since }: ShadowName): Comparison {
  const kept = keptOf(records, shop, plugin)
  if (kept?.since !== since) return { counts: noCounts(), decidedOtherwise: 0, divergent: 0, turns: [] }
  const { counts, decidedOtherwise, divergent } = kept
  const turns = records
    .list(['shadow-turn', shop, plugin])
    .map(([, turn]) => DivergentTurn.parse(turn))
    .sort((a, b) => b.at - a.at)
  return { counts, decidedOtherwise, divergent, turns }
}

/** Takes away what was compared of shadows that do not run any more. */
export function sweepComparisons(within: RecordsToChange): void {
  for (const [[shop, plugin], kept] of within.list(['shadow-counts']))
    if (shadowIn(within, shop!, plugin!)?.since !== Kept.parse(kept).since) clear(within, shop!, plugin!) // a key is of both
}

export const shadowIn = (records: Records, shop: string, plugin: string): Shadow | undefined => {
  const value = records.get(['shadow', shop, plugin])
  return value === undefined ? undefined : Shadow.parse(value)
}

function add(within: RecordsToChange, { of: { shop, plugin, since }, counts, decidedOtherwise, turns }: Noted): void {
  if (shadowIn(within, shop, plugin)?.since !== since) return // it was ended meanwhile
  const before = keptOf(within, shop, plugin)
  if (before && before.since !== since) clear(within, shop, plugin)
  const kept = before?.since === since ? before : { since, counts: noCounts(), decidedOtherwise: 0, divergent: 0 }
  for (const [at, turn] of turns.entries()) {
    const place = String((kept.divergent + at) % TURNS_KEPT).padStart(4, '0')
    drop(within, shop, plugin, place)
    within.put(['shadow-turn', shop, plugin, place], turn)
    within.put(['shadow-of', shop, turn.conversation, plugin, place], {})
  }
  within.put(['shadow-counts', shop, plugin], {
    since,
    counts: Object.fromEntries(OUTCOMES.map(outcome => [outcome, kept.counts[outcome] + counts[outcome]])),
    decidedOtherwise: kept.decidedOtherwise + decidedOtherwise,
    divergent: kept.divergent + turns.length,
  })
}

const keptOf = (records: Records, shop: string, plugin: string): Kept | undefined => {
  const value = records.get(['shadow-counts', shop, plugin])
  return value === undefined ? undefined : Kept.parse(value)
}

function drop(within: RecordsToChange, shop: string, plugin: string, place: string): void {
  const turn = within.get(['shadow-turn', shop, plugin, place])
  if (turn === undefined) return
  within.remove(['shadow-turn', shop, plugin, place])
  within.remove(['shadow-of', shop, DivergentTurn.parse(turn).conversation, plugin, place])
}

function clear(within: RecordsToChange, shop: string, plugin: string): void {
  for (const [[place]] of within.list(['shadow-turn', shop, plugin])) drop(within, shop, plugin, place!) // a key ends with it
  within.remove(['shadow-counts', shop, plugin])
}

const noCounts = (): Counts => Object.fromEntries(OUTCOMES.map(outcome => [outcome, 0])) as Counts // its keys are those
