// Values of a panel as people read them. Pure: no page, no clock.
import type { PanelField, PanelPath } from '@parley/core/protocol/customer-panel.ts'
import type { PageLocale } from '../strings.ts'

export type Row = Readonly<Record<string, unknown>>

export const isRow = (value: unknown): value is Row => typeof value === 'object' && value !== null && !Array.isArray(value)

/** A day, or a moment, as ISO 8601 has it. */
export const isDate = (value: unknown): value is string =>
  typeof value === 'string' &&
  /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?)?$/.test(value) &&
  !Number.isNaN(Date.parse(value))

const DAY = 86_400_000
/** So near a day is told by its distance too. */
const NEAR_DAYS = 7

/** `3 Dec · in 3 days`. The year only where it is another one. A day is the same day everywhere; a moment is told in the reader's time. */
export function dateWords(value: string, locale: PageLocale, now: number): string {
  const isDay = value.length === 10
  const at = isDay ? new Date(`${value}T00:00:00`) : new Date(value)
  const today = new Date(now)
  const words = at.toLocaleString(locale, {
    ...(at.getFullYear() !== today.getFullYear() && { year: 'numeric' }),
    month: 'short',
    day: 'numeric',
    ...(!isDay && { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  })
  const days = Math.round((midnight(at) - midnight(today)) / DAY)
  return Math.abs(days) > NEAR_DAYS ? words : `${words} · ${new Intl.RelativeTimeFormat(locale, { numeric: 'auto' }).format(days, 'day')}`
}

const midnight = (date: Date): number => new Date(date).setHours(0, 0, 0, 0)

/** An amount as its document writes it, a decimal number; what is none stays as it is. */
export function moneyWords(value: unknown, currency: unknown, locale: PageLocale): string {
  const amount = typeof value === 'number' ? value : typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : undefined
  if (amount === undefined) return String(value)
  if (typeof currency !== 'string' || !/^[A-Z]{3}$/.test(currency)) return amount.toLocaleString(locale, { minimumFractionDigits: 2 })
  return new Intl.NumberFormat(locale, { style: 'currency', currency, currencyDisplay: 'narrowSymbol' }).format(amount)
}

/** `3 minutes ago` */
export function agoWords(ms: number, locale: PageLocale): string {
  const format = new Intl.RelativeTimeFormat(locale, { numeric: 'always' })
  const seconds = Math.max(1, Math.round(ms / 1_000))
  if (seconds < 60) return format.format(-seconds, 'second')
  const minutes = Math.round(seconds / 60)
  return minutes < 60 ? format.format(-minutes, 'minute') : format.format(-Math.round(minutes / 60), 'hour')
}

/** Where a value stands among those it may have, from 1. */
export function stepOf({ words = {} }: PanelField, value: unknown): { readonly step: number; readonly of: number } | undefined {
  const all = Object.keys(words)
  const step = all.indexOf(String(value)) + 1
  return step > 0 ? { step, of: all.length } : undefined
}

/** The currency that an object's amounts are in: its own, or that of what it is part of. */
export function currencyOf(row: Row, fields: readonly PanelField[], above: unknown): unknown {
  const own = fields.find(({ kind }) => kind === 'currency')
  return (own && row[own.key]) ?? above
}

export const pathName = (path: PanelPath): string => path.join('.')

/** True of what is at `path` or within it. */
export const isWithin = (path: PanelPath, other: PanelPath): boolean => path.every((part, i) => other[i] === part)
