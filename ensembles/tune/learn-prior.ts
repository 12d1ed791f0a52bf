// How often each action is what a turn is about: counted where it is known, estimated where only the votes are.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from '../ensemble-file.ts'
import { fuse } from '../fuse.ts'
import { priorOf } from '../ground.ts'
import type { TurnToFit } from './turn-to-fit.ts'

/** Of those that are named, so that something is left where they are all of them. */
const MOST = 0.9999

/** Counted with one turn more of each action than there is; an action without turns is not named. */
export function countPrior(turns: readonly Pick<TurnToFit, 'right'>[], domain: readonly ActionId[]): Record<ActionId, number> {
  const counts = Map.groupBy(turns, ({ right }) => right)
  return rounded(
    domain.flatMap(action => {
      const count = counts.get(action)?.length ?? 0
      return count === 0 ? [] : [[action, (count + 1) / (turns.length + domain.length)] as const]
    }),
  )
}

/** Turns that the estimate takes to be as the file's prior says, beside those that there are: what a few votes say changes little. */
const HELD = 50
const ROUNDS = 200

/**
 * The prior of traffic of which only the votes are known (Saerens, Latinne and Decaestecker 2002): the mean of what the turns are about by the votes and the
 * prior of before, until it stays. Every action of the domain is named.
 */
export function estimatePrior(
  file: EnsembleFile,
  turns: readonly Omit<TurnToFit, 'right' | 'conversation'>[],
  domain: readonly ActionId[],
): Record<ActionId, number> {
  const known = priorOf(file, domain)
  const fused = turns.map(({ ballots, language, past }) => {
    const { probabilities } = fuse({ ...file, priorOfTraffic: {} }, ballots, language, domain, past)
    return domain.map((action, i) => probabilities[action]! / known[i]!) // of the domain, here and below
  })
  let prior = known
  for (let round = 0; round < ROUNDS; round++) {
    const sums = known.map(p => HELD * p)
    for (const ratios of fused) {
      const total = ratios.reduce((sum, ratio, i) => sum + ratio * prior[i]!, 0)
      for (let i = 0; i < sums.length; i++) sums[i]! += (ratios[i]! * prior[i]!) / total
    }
    const next = sums.map(sum => sum / (turns.length + HELD))
    const moved = next.reduce((most, p, i) => Math.max(most, Math.abs(p - prior[i]!)), 0)
    prior = next
    if (moved < 1e-7) break
  }
  return rounded(domain.map((action, i) => [action, prior[i]!] as const))
}

function rounded(entries: readonly (readonly [ActionId, number])[]): Record<ActionId, number> {
  const total = entries.reduce((sum, [, p]) => sum + p, 0)
  const scale = total > MOST ? MOST / total : 1
  return Object.fromEntries(entries.map(([action, p]) => [action, Math.max(1e-6, Math.floor(p * scale * 1e6) / 1e6)]))
}
