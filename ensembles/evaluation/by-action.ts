// Precision, recall and F1 of each action, and what was taken for what.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { JudgedTurn, Outcome } from './outcome.ts'
import { rounded } from './resample.ts'

export interface ActionFigures {
  readonly action: ActionId
  /** Turns that are about it. */
  readonly support: number
  /** Of the turns that were taken to be about it; null where none was. */
  readonly precision: number | null
  /** Of the turns that are about it; null where there is none. */
  readonly recall: number | null
  readonly f1: number | null
}

export interface Sentence {
  readonly line: number
  readonly text: string
  readonly confidence: number
}

export interface Cell {
  readonly right: ActionId
  /** Null: nobody voted. */
  readonly said: ActionId | null
  readonly count: number
  /** Surest first. */
  readonly sentences: readonly Sentence[]
}

/** Actions that turns are about or were taken to be about, by name. */
export function figuresByAction(turns: readonly JudgedTurn[], outcomes: readonly Outcome[]): readonly ActionFigures[] {
  const there = new Map<ActionId, number>()
  const named = new Map<ActionId, number>()
  const hits = new Map<ActionId, number>()
  const add = (counts: Map<ActionId, number>, action: ActionId): void => void counts.set(action, (counts.get(action) ?? 0) + 1)
  for (const [i, { right }] of turns.entries()) {
    const { said } = outcomes[i]! // one a turn
    add(there, right)
    if (said !== null) add(named, said)
    if (said === right) add(hits, right)
  }
  return [...new Set([...there.keys(), ...named.keys()])].sort().map(action => {
    const [support, told, hit] = [there.get(action) ?? 0, named.get(action) ?? 0, hits.get(action) ?? 0]
    const of = (count: number, all: number): number | null => (all === 0 ? null : rounded(count / all))
    return { action, support, precision: of(hit, told), recall: of(hit, support), f1: of(2 * hit, support + told) }
  })
}

/** Every cell of the confusion matrix that is not empty, those of misses first, the largest first. */
export function confusionMatrix(turns: readonly JudgedTurn[], outcomes: readonly Outcome[]): readonly Cell[] {
  const cells = new Map<string, { readonly right: ActionId; readonly said: ActionId | null; readonly sentences: Sentence[] }>()
  for (const [i, { right, line, text }] of turns.entries()) {
    const { said, confidence } = outcomes[i]! // one a turn
    const key = JSON.stringify([right, said])
    const cell = cells.get(key) ?? { right, said, sentences: [] }
    cell.sentences.push({ line, text, confidence: rounded(confidence) })
    cells.set(key, cell)
  }
  const isMiss = ({ right, said }: Pick<Cell, 'right' | 'said'>): number => (right === said ? 0 : 1)
  return [...cells.values()]
    .map(({ sentences, ...cell }) => ({
      ...cell,
      count: sentences.length,
      sentences: sentences.sort((a, b) => b.confidence - a.confidence || a.line - b.line),
    }))
    .sort((a, b) => isMiss(b) - isMiss(a) || b.count - a.count || (a.right < b.right ? -1 : a.right > b.right ? 1 : 0))
}
