// The figures of a model: how often it is right, by class and language, and what it takes for what.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { fitTemperature, type Labelled, logLoss } from './calibrate.ts'
import type { Judged } from './out-of-fold.ts'

type PerLanguage = { readonly [L in Language]: number }

export interface Confusion {
  readonly truth: string
  readonly said: string
  readonly count: number
}

export interface Figures {
  readonly temperature: PerLanguage
  readonly accuracy: PerLanguage
  readonly macroF1: PerLanguage
  /** After calibration, in nats. */
  readonly logLoss: PerLanguage
  readonly f1: Readonly<Record<string, PerLanguage>>
  /** Most frequent first. */
  readonly confusions: { readonly [L in Language]: readonly Confusion[] }
}

export function figuresOf(rows: readonly Judged[], classes: readonly string[]): Figures {
  const zh = figuresIn('zh', rows, classes)
  const en = figuresIn('en', rows, classes)
  const both = <T>(pick: (figures: typeof zh) => T): { zh: T; en: T } => ({ zh: pick(zh), en: pick(en) })
  return {
    temperature: both(f => f.temperature),
    accuracy: both(f => f.accuracy),
    macroF1: both(f => f.macroF1),
    logLoss: both(f => f.logLoss),
    f1: Object.fromEntries(classes.map((name, c) => [name, both(f => f.f1[c]!)])),
    confusions: both(f => f.confusions),
  }
}

function figuresIn(language: Language, all: readonly Judged[], classes: readonly string[]) {
  const rows: readonly Labelled[] = all
    .filter(({ example }) => example.language === language)
    .map(({ example, logits }) => ({ logits, label: classes.indexOf(example.label) }))
  const table = classes.map(() => new Int32Array(classes.length))
  for (const { logits, label } of rows) table[label]![likeliest(logits)]!++
  const sum = (numbers: Iterable<number>): number => [...numbers].reduce((a, b) => a + b, 0)
  const hits = sum(classes.map((_, c) => table[c]![c]!))
  const f1 = classes.map((_, c) => rounded((2 * table[c]![c]!) / Math.max(1, sum(table[c]!) + sum(table.map(row => row[c]!)))))
  const temperature = fitTemperature(rows)
  return {
    temperature,
    accuracy: rounded(hits / Math.max(1, rows.length)),
    macroF1: rounded(sum(f1) / f1.length),
    logLoss: rounded(rows.length === 0 ? 0 : logLoss(rows, temperature)),
    f1,
    confusions: table
      .flatMap((row, t) => [...row].map((count, s) => ({ truth: classes[t]!, said: classes[s]!, count })))
      .filter(({ truth, said, count }) => truth !== said && count > 0)
      .sort((a, b) => b.count - a.count || (a.truth + a.said < b.truth + b.said ? -1 : 1)),
  }
}

export function likeliest(logits: ArrayLike<number>): number {
  let best = 0
  for (let c = 1; c < logits.length; c++) if (logits[c]! > logits[best]!) best = c
  return best
}

const rounded = (value: number): number => Math.round(value * 1e4) / 1e4
