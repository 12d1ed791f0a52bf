// How an ensemble in shadow would have decided, beside what was decided: counts, and the last turns that it would have decided otherwise. Kept among the
// records, so that it outlives the server, and bounded. A turn is kept by its name, with actions and numbers of the shop: nothing that quotes a customer,
// and nothing at all once the conversation is erased.
import type { Clock } from '@parley/core/ports/clock.ts'
import { z } from 'zod'
import type * as records from '../records.ts'
import { createWriteBehind, type Taken } from '../write-behind.ts'
import type { EnsembleKey, EnsembleRecords } from './ensemble-store.ts'
import { Standing } from './standing.ts'

const TURNS_KEPT = 1_000

type Records = records.Records<EnsembleKey>
type RecordsToChange = records.RecordsToChange<EnsembleKey>

/** What became of a turn: it would be decided the same, or otherwise; or the shadow failed, was late, or was not asked, since there was no room. */
export const OUTCOMES = ['same', 'otherwise', 'failed', 'late', 'skipped'] as const
export type Outcome = (typeof OUTCOMES)[number]
/** What of a decision can be otherwise. */
export const PARTS = ['action', 'disposition', 'template'] as const

const Count = z.int().min(0)
const Told = z.strictObject({
  ensemble: z.string(),
  action: z.string(),
  disposition: z.string(),
  template: z.string(),
  confidence: z.number(),
})
const DivergentTurn = z.strictObject({
  conversation: z.string(),
  turn: z.number(),
  /** Milliseconds since 1970, when it was decided. */
  at: z.number(),
  differs: z.array(z.enum(PARTS)),
  /** What was decided, and by which ensemble: it may have been a canary. */
  before: Told,
  now: Told,
})
export type DivergentTurn = z.infer<typeof DivergentTurn>

const Kept = z.strictObject({
  /** Of the shadow that it is about. */
  since: z.number(),
  counts: z.record(z.enum(OUTCOMES), Count),
  /** Divergent turns by what differed. */
  parts: z.record(z.enum(PARTS), Count),
})
type Kept = z.infer<typeof Kept>

export interface Comparison extends Omit<Kept, 'since'> {
  /** Share of the compared turns that would be decided the same; null where there are none. */
  readonly agreement: number | null
  /** The last of those that would be decided otherwise, newest first. */
  readonly turns: readonly DivergentTurn[]
}

export interface Compared {
  readonly outcome: Outcome
  /** With `otherwise`. */
  readonly divergent?: DivergentTurn
}

/** Which shadow of a shop: a later one's comparison begins anew. */
export interface Shadow {
  readonly shop: string
  readonly since: number
}

export interface EnsembleShadows {
  note(shadow: Shadow, compared: Compared): void
  /** Nothing names the conversation any more when it resolves. Faults: STORAGE_FULL. */
  forget(shop: string, conversation: string): Promise<void>
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>
  close(): Promise<void>
}

interface Noted {
  readonly of: Shadow
  kept: Kept
  turns: readonly DivergentTurn[]
}

/** What could not be written is tried again with what comes next; `broke` is told once, until something was written again. */
export function keepEnsembleShadows(store: EnsembleRecords, clock: Clock, broke: (error: unknown) => void): EnsembleShadows {
  let noted = new Map<string, Noted>()
  const behind = createWriteBehind(clock, take, broke)

  function merge({ of, kept, turns }: Noted, areEarlier: boolean): void {
    const name = JSON.stringify([of.shop, of.since])
    const found = noted.get(name) ?? { of, kept: nothing(of.since), turns: [] }
    found.kept = sumOf(found.kept, kept)
    found.turns = (areEarlier ? [...turns, ...found.turns] : [...found.turns, ...turns]).slice(-TURNS_KEPT)
    noted.set(name, found)
  }
  function take(): Taken | undefined {
    if (noted.size === 0) return undefined
    const taken = [...noted.values()]
    noted = new Map()
    return {
      write: () =>
        store.change(within => {
          for (const each of taken) add(within, each)
        }),
      putBack() {
        for (const each of taken) merge(each, true)
      },
    }
  }

  return {
    note(of, { outcome, divergent }) {
      behind.soon()
      const one = nothing(of.since)
      one.counts[outcome] = 1
      for (const part of divergent?.differs ?? []) one.parts[part] = 1
      merge({ of, kept: one, turns: divergent ? [divergent] : [] }, false)
    },
    forget: (shop, conversation) =>
      behind.inTurn(async () => {
        for (const each of noted.values())
          if (each.of.shop === shop) each.turns = each.turns.filter(turn => turn.conversation !== conversation)
        if (store.list(['shadow-of', shop, conversation]).length === 0) return
        await store.change(within => {
          for (const [[place]] of within.list(['shadow-of', shop, conversation])) drop(within, shop, place!) // a key ends with it
        })
      }),
    flush: behind.flush,
    close: behind.flush,
  }
}

/** Of a shadow that runs; empty where nothing was compared so far. */
export function readComparison(from: Records, { shop, since }: Shadow): Comparison {
  const kept = keptOf(from, shop)
  const { counts, parts } = kept?.since === since ? kept : nothing(since)
  const compared = counts.same + counts.otherwise
  const turns =
    kept?.since === since
      ? from
          .list(['shadow-turn', shop])
          .map(([, turn]) => DivergentTurn.parse(turn))
          .sort((a, b) => b.at - a.at)
      : []
  return { counts, parts, agreement: compared === 0 ? null : counts.same / compared, turns }
}

function add(within: RecordsToChange, { of: { shop, since }, kept, turns }: Noted): void {
  const standing = within.get(['ensemble', shop])
  if (standing === undefined || Standing.parse(standing).shadow?.since !== since) return // it was ended meanwhile
  const earlier = keptOf(within, shop)
  if (earlier && earlier.since !== since) for (const [[place]] of within.list(['shadow-turn', shop])) drop(within, shop, place!) // a key ends with it
  const before = earlier?.since === since ? earlier : nothing(since)
  for (const [at, turn] of turns.entries()) {
    const place = String((before.counts.otherwise + at) % TURNS_KEPT).padStart(4, '0')
    drop(within, shop, place)
    within.put(['shadow-turn', shop, place], turn)
    within.put(['shadow-of', shop, turn.conversation, place], {})
  }
  within.put(['shadow-counts', shop], sumOf(before, kept))
}

function drop(within: RecordsToChange, shop: string, place: string): void {
  const turn = within.get(['shadow-turn', shop, place])
  if (turn === undefined) return
  within.remove(['shadow-turn', shop, place])
  within.remove(['shadow-of', shop, DivergentTurn.parse(turn).conversation, place])
}

const keptOf = (from: Records, shop: string): Kept | undefined => {
  const value = from.get(['shadow-counts', shop])
  return value === undefined ? undefined : Kept.parse(value)
}

const zeros = <N extends string>(names: readonly N[]): Record<N, number> =>
  Object.fromEntries(names.map(name => [name, 0])) as Record<N, number> // its keys are those
const nothing = (since: number): Kept => ({ since, counts: zeros(OUTCOMES), parts: zeros(PARTS) })
const sums = <N extends string>(names: readonly N[], a: Record<N, number>, b: Record<N, number>): Record<N, number> =>
  Object.fromEntries(names.map(name => [name, a[name] + b[name]])) as Record<N, number> // as above
const sumOf = (a: Kept, b: Kept): Kept => ({
  since: b.since,
  counts: sums(OUTCOMES, a.counts, b.counts),
  parts: sums(PARTS, a.parts, b.parts),
})
