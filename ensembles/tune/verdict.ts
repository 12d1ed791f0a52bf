// Whether what was tuned may take the place of what is in force: only where it is shown to be better, on turns enough.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { type Differences, isShownBetter, isShownWorse, type TunedBy, timesAsMany } from './figures.ts'

export interface Verdict {
  readonly isBetter: boolean
  /** Why it may not; empty where it may. */
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
  const reasons: string[] = []
  let needed = turns
  const perConversation = turns / conversations
  if (conversations < LEAST.conversations) {
    reasons.push(`there are ${conversations} conversations; it takes ${LEAST.conversations}`)
    needed = Math.max(needed, LEAST.conversations * perConversation)
  }
  const few = Object.entries(turnsAbout).filter(([, count]) => count < LEAST.turnsOfAction)
  const total = Object.keys(turnsAbout).length
  const short = Math.ceil(total * LEAST.shareOfActions) - (total - few.length)
  if (short > 0) {
    const nearest = few.toSorted(([, a], [, b]) => b - a).slice(0, short)
    const missing = nearest.reduce((sum, [, count]) => sum + LEAST.turnsOfAction - count, 0)
    reasons.push(
      `${total - few.length} of ${total} actions have ${LEAST.turnsOfAction} turns or more, and it takes half of them: ${missing} turns more, of ${short} other actions`,
    )
    needed = Math.max(needed, turns + missing)
  }
  for (const by of NOT_WORSE) {
    if (isShownWorse(againstInForce, by)) reasons.push(`by ${NAMES[by]} it is worse than the ensemble in force`)
    if (isShownWorse(againstBestAlone, by)) reasons.push(`by ${NAMES[by]} it is worse than ${bestAlone} alone`)
  }
  const isWorse = NOT_WORSE.some(by => isShownWorse(againstInForce, by) || isShownWorse(againstBestAlone, by))
  if (!BY.some(by => isShownBetter(againstInForce, by))) {
    const times = Math.min(...BY.map(by => timesAsMany(againstInForce[by], by)))
    reasons.push('no difference shown to the ensemble in force, neither in log-loss nor in cost')
    needed = Math.max(needed, turns * times)
  }
  const isBetter = reasons.length === 0
  return { isBetter, reasons, turnsNeeded: isBetter || isWorse || !Number.isFinite(needed) ? null : twoDigits(needed) }
}

/** Upwards: more would be said of it than is known. */
function twoDigits(count: number): number {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1)
  return Math.ceil(count / unit) * unit
}
