// How figures are written: the same in a plot, its table and a headline.
import type { Compared } from '@parley/ensembles/evaluation/report.ts'
import type { Difference, Estimate } from '@parley/ensembles/evaluation/resample.ts'
import type { Strings } from './strings.ts'

/** What a figure is: a share is written in per cent. */
export type Kind = 'share' | 'cost' | 'score'

const NONE = '–'
const PLACES: Readonly<Record<Kind, number>> = { share: 1, cost: 0, score: 3 }

export function told(value: number | null, kind: Kind): string {
  if (value === null) return NONE
  return kind === 'share' ? `${(100 * value).toFixed(1)} %` : value.toFixed(PLACES[kind])
}

/** `71.0 % to 75.6 %`; empty where there is no interval. */
export const interval = ({ low, high }: Pick<Estimate, 'low' | 'high'>, kind: Kind, strings: Strings): string =>
  low === null || high === null ? '' : strings.range(told(low, kind), told(high, kind))

/** With its interval, where it has one. */
export function around(estimate: Estimate, kind: Kind, strings: Strings): string {
  const between = interval(estimate, kind, strings)
  return between === '' ? told(estimate.value, kind) : `${told(estimate.value, kind)} (${between})`
}

const signed = (value: number, kind: Kind): string =>
  `${value > 0 ? '+' : value < 0 ? '−' : ''}${(Math.abs(value) * (kind === 'share' ? 100 : 1)).toFixed(PLACES[kind])}`

/** In points of per cent where it is a share. In words where none is shown. */
export function difference({ value, low, high, isShown }: Difference, kind: Kind, strings: Strings): string {
  if (value === null || low === null || high === null) return strings.notMeasured
  return isShown ? `${signed(value, kind)} (${strings.range(signed(low, kind), signed(high, kind))})` : strings.noDifference
}

/** The numbers too where none is shown. */
export function exactDifference(estimate: Difference, kind: Kind, strings: Strings): string {
  const { value, low, high, isShown } = estimate
  if (value === null || low === null || high === null) return strings.notMeasured
  const numbers = `${signed(value, kind)} (${strings.range(signed(low, kind), signed(high, kind))})`
  return isShown ? numbers : `${numbers}: ${strings.noDifference}`
}

/** Of an axis: without places that say nothing. */
export const tickOf = (kind: Kind) => (value: number) =>
  kind === 'share' ? `${Number((100 * value).toFixed(1))} %` : String(Number(value.toFixed(3)))

/** Of an axis of differences. */
export const signedTickOf = (kind: Kind) => (value: number) => {
  const size = Number((Math.abs(value) * (kind === 'share' ? 100 : 1)).toFixed(3))
  return `${value > 0 ? '+' : value < 0 ? '−' : ''}${size}`
}

export const kindOf = (measure: Compared): Kind => (measure === 'costPer1000' ? 'cost' : 'share')
