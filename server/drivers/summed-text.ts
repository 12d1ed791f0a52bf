// A text with a sum of it, for rows that nothing else proves: LMDB keeps none, and a flipped bit would be read as another name or another time.
import { createHash } from 'node:crypto'

const sumOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8)

export const withSum = (text: string): string => `${sumOf(text)} ${text}`

/** The text; undefined where it is not the one that was written. Rows of earlier releases are JSON without a sum, and are taken as they are. */
export function withoutSum(row: string): string | undefined {
  if (row.startsWith('{')) return row
  const text = row.slice(9)
  return row === withSum(text) ? text : undefined
}
