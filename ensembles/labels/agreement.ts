// How far two people agree on what turns are about, beyond what they would by chance: Cohen's kappa, 1 for always, 0 for as often as by chance.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { type Draw, drawConversations, type Estimate, estimateOf, sampled } from '../evaluation/resample.ts'

/** What two people said of one turn. */
export interface Pair {
  readonly conversation: string
  readonly a: ActionId
  readonly b: ActionId
}

export interface Agreement {
  readonly turns: number
  readonly agreed: number
  /** Null where both always say the same one action: then chance explains all. Its interval is from draws of conversations. */
  readonly kappa: Estimate
}

/** `random` gives numbers in [0, 1). */
export function agreementOf(pairs: readonly Pair[], random: () => number): Agreement {
  const numbers = new Map<string, number>()
  const conversations = pairs.map(({ conversation }) => {
    const number = numbers.get(conversation) ?? numbers.size
    numbers.set(conversation, number)
    return number
  })
  const measure = (draw: Draw): number => kappaOf(pairs, draw)
  return {
    turns: pairs.length,
    agreed: pairs.filter(({ a, b }) => a === b).length,
    kappa: estimateOf(sampled(measure, conversations, drawConversations(conversations, random))),
  }
}

/** NaN where there is nothing to agree on. `times`: how often each pair counts. */
export function kappaOf(pairs: readonly Pair[], times: ArrayLike<number>): number {
  const [first, second] = [new Map<ActionId, number>(), new Map<ActionId, number>()]
  let [total, same] = [0, 0]
  for (const [i, { a, b }] of pairs.entries()) {
    const n = times[i]!
    total += n
    if (a === b) same += n
    first.set(a, (first.get(a) ?? 0) + n)
    second.set(b, (second.get(b) ?? 0) + n)
  }
  const chance = [...first].reduce((sum, [action, n]) => sum + n * (second.get(action) ?? 0), 0) / total ** 2
  return (same / total - chance) / (1 - chance)
}
