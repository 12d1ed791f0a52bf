// Who learns and who judges. A share of the sentences is locked away as the test part and never learned from; the rest is cut into folds. Where a
// sentence goes is decided by its own words and the seed, so that data that is added later moves nobody: no sentence that was ever tested on is
// learned from by the next version, nor the other way round.
import { sha256 } from '../model-file.ts'
import type { Example } from './examples.ts'
import { assignFolds, nearDuplicateGroups } from './folds.ts'

/** Of the sentences, before near-duplicates of what is learned are put aside. */
const TEST_SHARE = 0.15
/** Of many sentences two thirds teach a fold nearly what four fifths do, and the training takes half as long. */
const MANY_ROWS = 6_000
export const foldsFor = (rows: number): number => (rows > MANY_ROWS ? 3 : 5)

export interface Split {
  /** By row: near-duplicates, and near-duplicates of those, have the same number. */
  readonly groups: Int32Array
  /** Rows that are learned from. */
  readonly train: readonly number[]
  /** By place in `train`. */
  readonly folds: Int32Array
  /** Rows that the finished model is judged on, once. */
  readonly test: readonly number[]
  /**
   * Rows that would be tested on, had they not a near-duplicate that is learned from: used for neither. So a template with a thousand fillings is
   * learned from and not lost, and nothing is tested on that was nearly learned.
   */
  readonly aside: readonly number[]
}

/** Groups stay whole in every fold and no group is on both sides of the lock; classes are spread evenly over the folds. The same for the same rows and seed. */
export function splitRows(rows: readonly Example[], seed: number): Split {
  const groups = nearDuplicateGroups(rows.map(({ text }) => text))
  const isDrawn = rows.map(row => placeOf(row, seed) < TEST_SHARE)
  const learned = new Set<number>()
  for (const [row, drawn] of isDrawn.entries()) if (!drawn) learned.add(groups[row]!) // a row's group
  const all = rows.map((_, row) => row)
  const train = all.filter(row => !isDrawn[row])
  const drawn = all.filter(row => isDrawn[row])
  return {
    groups,
    train,
    folds: assignFolds(
      Int32Array.from(train, row => groups[row]!),
      train.map(row => rows[row]!.label),
      foldsFor(rows.length),
      seed,
    ),
    test: drawn.filter(row => !learned.has(groups[row]!)),
    aside: drawn.filter(row => learned.has(groups[row]!)),
  }
}

/** A number in [0, 1) that is a sentence's own. */
export function placeOf({ text, language }: Pick<Example, 'text' | 'language'>, seed: number): number {
  return Number.parseInt(sha256(`${seed}\0${language}\0${text}`).slice(0, 12), 16) / 2 ** 48
}
