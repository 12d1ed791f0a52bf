// Whether what was tuned may take the place of what is in force: only where it is shown to be better, on turns enough.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { type Differences, isShownBetter, isShownWorse, type TunedBy, timesAsMany } from './figures.ts'

/** Why what was tuned may not take the place. `than`: null is what is in force, else the voter that is best alone. */
export type Reason =
  | { readonly what: 'conversations'; readonly there: number; readonly least: number }
  | {
      readonly what: 'actions'
      /** Actions with `least` turns or more, of all actions. */
      readonly enough: number
      readonly actions: number
      readonly least: number
      /** So many turns more, of so many other actions, would do. */
      readonly missing: number
      readonly short: number
    }
  | { readonly what: 'worse'; readonly by: 'logLoss' | 'costPer1000' | 'accuracy'; readonly than: string | null }
  | { readonly what: 'no difference' }

export interface Verdict {
  readonly isBetter: boolean
  /** Empty where it may. */
  readonly because: readonly Reason[]
  /** The same in words. */
  readonly reasons: readonly string[]
  /** About how many turns like these, all together, would be needed; null where it is better, or where no number of them would show it. */
  readonly turnsNeeded: number | null
}

/** Fewer conversations, or fewer actions with so many turns each, tell too little of a shop. */
export const LEAST = { conversations: 100, turnsOfAction: 5, shareOfActions: 0.5 } as const

/** What it has to be better by, one of them, and not worse by any. */
const BY = ['logLoss', 'costPer1000'] as const satisfies readonly TunedBy[]
const NOT_WORSE = ['logLoss', 'costPer1000', 'accuracy'] as const satisfies readonly TunedBy[]
const NAMES: Readonly<Record<(typeof NOT_WORSE)[number], string>> = { logLoss: 'log-loss', costPer1000: 'cost', accuracy: 'accuracy' }

export interface Evidenced {
  readonly contender: { readonly againstInForce: Differences; readonly againstBestAlone: Differences }
  readonly bestAlone: string
  readonly turns: number
  readonly conversations: number
  readonly turnsAbout: Readonly<Record<ActionId, number>>
}

export function verdictOn({ contender, bestAlone, turns, conversations, turnsAbout }: Evidenced): Verdict {
  const { againstInForce, againstBestAlone } = contender
  const because: Reason[] = []
  let needed = turns
  const perConversation = turns / conversations
  if (conversations < LEAST.conversations) {
    because.push({ what: 'conversations', there: conversations, least: LEAST.conversations })
    needed = Math.max(needed, LEAST.conversations * perConversation)
  }
  const few = Object.entries(turnsAbout).filter(([, count]) => count < LEAST.turnsOfAction)
  const total = Object.keys(turnsAbout).length
  const short = Math.ceil(total * LEAST.shareOfActions) - (total - few.length)
  if (short > 0) {
    const nearest = few.toSorted(([, a], [, b]) => b - a).slice(0, short)
    const missing = nearest.reduce((sum, [, count]) => sum + LEAST.turnsOfAction - count, 0)
    because.push({
      what: 'actions',
      enough: total - few.length,
      actions: total,
      least: LEAST.turnsOfAction,
      missing,
      short,
    })
    needed = Math.max(needed, turns + missing)
  }
  for (const by of NOT_WORSE) {
    if (isShownWorse(againstInForce, by)) because.push({ what: 'worse', by, than: null })
    if (isShownWorse(againstBestAlone, by)) because.push({ what: 'worse', by, than: bestAlone })
  }
  const isWorse = NOT_WORSE.some(by => isShownWorse(againstInForce, by) || isShownWorse(againstBestAlone, by))
  if (!BY.some(by => isShownBetter(againstInForce, by))) {
    const times = Math.min(...BY.map(by => timesAsMany(againstInForce[by], by)))
    because.push({ what: 'no difference' })
    needed = Math.max(needed, turns * times)
  }
  const isBetter = because.length === 0
  return {
    isBetter,
    because,
    reasons: because.map(inWords),
    turnsNeeded: isBetter || isWorse || !Number.isFinite(needed) ? null : twoDigits(needed),
  }
}

function inWords(reason: Reason): string {
  switch (reason.what) {
    case 'conversations':
      return `there are ${reason.there} conversations; it takes ${reason.least}`
    case 'actions': {
      const { enough, actions, least, missing, short } = reason
      return `${enough} of ${actions} actions have ${least} turns or more, and it takes half of them: ${missing} turns more, of ${short} other actions`
    }
    case 'worse':
      return `by ${NAMES[reason.by]} it is worse than ${reason.than === null ? 'the ensemble in force' : `${reason.than} alone`}`
    case 'no difference':
      return 'no difference shown to the ensemble in force, neither in log-loss nor in cost'
  }
}

/** Upwards: more would be said of it than is known. */
function twoDigits(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return Math.ceil(count / unit) * unit
}
