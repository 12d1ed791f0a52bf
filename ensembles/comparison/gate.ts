// What of a comparison must not be so for B to go on.
import type { Changes } from './compare.ts'
import type { Comparison } from './comparison.ts'

export interface Gate {
  /** Turns that may break at most; undefined: as many as do. */
  readonly maxBroken?: number
}

/** What is against B. `costs`: more per 1,000 turns, with the whole interval above 0. */
export type Objection =
  | { readonly what: 'pinned'; readonly broken: number; readonly turns: number }
  | { readonly what: 'broken'; readonly broken: number; readonly may: number }
  | { readonly what: 'costs'; readonly more: number }

/** Empty where nothing is against it. */
export function objectionsTo(
  { pinned, groups, figures }: Pick<Changes, 'pinned' | 'groups'> & Pick<Comparison, 'figures'>,
  { maxBroken }: Gate,
): readonly Objection[] {
  const broken = groups.find(({ group }) => group === 'broken')?.turns ?? 0
  const cost = figures?.costPer1000.difference
  return [
    ...(pinned.broken.length > 0 ? [{ what: 'pinned' as const, broken: pinned.broken.length, turns: pinned.turns }] : []),
    ...(maxBroken !== undefined && broken > maxBroken ? [{ what: 'broken' as const, broken, may: maxBroken }] : []),
    ...(cost?.isShown && cost.value !== null && cost.value > 0 ? [{ what: 'costs' as const, more: cost.value }] : []),
  ]
}
