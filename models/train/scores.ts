// What a model is worth on sentences that it has not seen, each figure with its interval.

import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { probabilitiesOf } from '../probabilities.ts'
import { fitTemperature, type Labelled } from './calibrate.ts'
import { likeliest } from './figures.ts'
import { bootstrap, type Interval, places, shareOf } from './intervals.ts'

/** A sentence with what the model says of it, calibrated. */
export interface Scored {
  /** Place of its class; -1 for one that the model does not know, which is always wrong. */
  readonly label: number
  readonly language: Language
  readonly group: number
  readonly probabilities: Float64Array
  readonly distance: number
}

export interface Scores {
  readonly rows: number
  readonly accuracy: Interval
  /** Over the classes that occur. */
  readonly macroF1: Interval
  /** In nats. */
  readonly logLoss: number
  /** How far confidence and accuracy lie apart, on average over fifteen levels of confidence. */
  readonly calibrationError: number
}

const LEVELS = 15

export interface ScoresByLanguage {
  readonly all: Scores
  readonly zh: Scores
  readonly en: Scores
}

export function scoresOf(rows: readonly Scored[], classes: number, seed: number): ScoresByLanguage {
  const of = (language?: Language): Scores => scoresIn(language ? rows.filter(row => row.language === language) : rows, classes, seed)
  return { all: of(), zh: of('zh'), en: of('en') }
}

function scoresIn(rows: readonly Scored[], classes: number, seed: number): Scores {
  const said = Int32Array.from(rows, ({ probabilities }) => likeliest(probabilities))
  const hits = rows.filter(({ label }, i) => said[i] === label).length
  const surest = rows.map(({ probabilities }, i) => probabilities[said[i]!]!) // one each
  const sums = Array.from({ length: LEVELS }, () => ({ sure: 0, right: 0 }))
  for (const [i, { label }] of rows.entries()) {
    const level = sums[Math.min(LEVELS - 1, Math.floor(surest[i]! * LEVELS))]! // within the levels
    level.sure += surest[i]!
    level.right += said[i] === label ? 1 : 0
  }
  const count = Math.max(1, rows.length)
  const loss = rows.reduce((sum, { label, probabilities }) => sum - Math.log(Math.max(1e-12, probabilities[label] ?? 0)), 0)
  const groups = Int32Array.from(rows, ({ group }) => group)
  return {
    rows: rows.length,
    accuracy: shareOf(hits, rows.length),
    macroF1: bootstrap(groups, times => macroF1(rows, said, times, classes), seed),
    logLoss: places(loss / count),
    calibrationError: places(sums.reduce((sum, { sure, right }) => sum + Math.abs(sure - right), 0) / count),
  }
}

function macroF1(rows: readonly Scored[], said: Int32Array, times: Uint16Array, classes: number): number {
  const right = new Float64Array(classes)
  const named = new Float64Array(classes)
  const there = new Float64Array(classes)
  for (const [i, { label }] of rows.entries()) {
    const count = times[i]! // as many as rows
    named[said[i]!]! += count
    if (label < 0) continue
    there[label]! += count
    if (said[i] === label) right[label]! += count
  }
  let sum = 0
  let occurring = 0
  for (let c = 0; c < classes; c++) {
    if (there[c] === 0) continue
    occurring++
    sum += (2 * right[c]!) / (there[c]! + named[c]!)
  }
  return sum / Math.max(1, occurring)
}

/** Rows of a language from which a temperature of its own is better than that of all. */
const OWN_FROM = 100

/** By language; of few rows in one, that of all. */
export function temperaturesOf(rows: readonly (Labelled & { readonly language: Language })[]): Readonly<Record<Language, number>> {
  const known = rows.filter(({ label }) => label >= 0)
  const [zh, en] = (['zh', 'en'] as const).map(language => known.filter(row => row.language === language)) as [typeof known, typeof known]
  if (zh.length >= OWN_FROM && en.length >= OWN_FROM) return { zh: fitTemperature(zh), en: fitTemperature(en) }
  // What the few are given is fitted once; it is the many's own where there are no others.
  const all = fitTemperature(known)
  const of = (mine: typeof known): number => (mine.length < OWN_FROM || mine.length === known.length ? all : fitTemperature(mine))
  return { zh: of(zh), en: of(en) }
}

/**
 * Probabilities by row, each calibrated with the temperatures that the other folds give: on the rows that it was fitted on, a temperature looks better
 * than it is.
 */
export function calibratedAcross(
  rows: readonly (Labelled & { readonly language: Language; readonly fold: number })[],
  folds: number,
): readonly Float64Array[] {
  const byFold = Array.from({ length: folds }, (_, fold) => temperaturesOf(rows.filter(row => row.fold !== fold)))
  return rows.map(({ logits, language, fold }) => probabilitiesOf(logits, byFold[fold]![language])) // one for each fold
}
