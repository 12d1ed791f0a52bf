// Numbers and times as the pages write them.
import type { PageLocale } from './words.ts'

/** 0.8123 is 81.2 %. */
export const percent = (share: number | null | undefined, digits = 1): string =>
  share === null || share === undefined ? '–' : `${(share * 100).toFixed(digits)} %`

/** A difference with its sign: +1.2. A true minus, so that a line doesn't break after it. */
export const signed = (value: number, digits = 1): string => {
  const text = Math.abs(value).toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
  return Number(text) === 0 ? `±${text}` : `${value < 0 ? '−' : '+'}${text}`
}

/** Measures that are shares; others are plain numbers. */
const PLAIN: Readonly<Record<string, number>> = { costPer1000: 0, brier: 3 }

export const figure = (measure: string, value: number | null | undefined): string => {
  if (value === null || value === undefined) return '–'
  const digits = PLAIN[measure]
  return digits === undefined
    ? percent(value)
    : value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}
export const difference = (measure: string, value: number): string => {
  const digits = PLAIN[measure]
  return digits === undefined ? signed(value * 100) : signed(value, digits)
}

/** Smaller is better. */
const COSTLY = new Set([
  'abstention',
  'wrongAnswers',
  'costPer1000',
  'calibrationError',
  'brier',
  'handedOver',
  'askedBack',
  'corrected',
  'recalled',
  'thumbsDown',
])
/** 1: better, -1: worse, 0: neither can be told (`answered` alone is neither). */
export const isBetter = (measure: string, value: number): -1 | 0 | 1 => {
  if (measure === 'answered' || Math.abs(value) < 1e-9) return 0
  return value > 0 === !COSTLY.has(measure) ? 1 : -1
}

const TIME = { year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', hourCycle: 'h23' } as const
/** In the browser's own time zone, to the minute. */
export const time = (at: number, locale: PageLocale): string => new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, TIME).format(at)
export const day = (at: number, locale: PageLocale): string =>
  new Intl.DateTimeFormat(locale === 'en' ? 'en-GB' : locale, { month: 'short', day: 'numeric' }).format(at)

/** `retail@2-3f2a9c01b2d4` without its hash. */
export const shortVersion = (version: string): string => version.replace(/(@\d+)-[0-9a-f]+$/, '$1')
