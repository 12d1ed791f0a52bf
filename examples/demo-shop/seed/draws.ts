// The seed's source of chance. Each stream of draws has a name of its own, so that a new product or city changes what is drawn there and leaves
// every other customer's orders as they were.
import { createHash } from 'node:crypto'

export interface Draws {
  /** A whole number from `least` to `most`, both included. */
  between(least: number, most: number): number
  /** True with this probability. */
  chance(probability: number): boolean
  one<T>(of: readonly T[]): T
  digits(count: number): string
}

/** The same name gives the same draws, for ever and everywhere. */
export function createDraws(name: string): Draws {
  let block = 0
  let words: number[] = []
  /** In [0, 1). */
  const next = (): number => {
    if (words.length === 0) {
      const hash = createHash('sha256').update(`${name}/${block++}`).digest()
      words = Array.from({ length: 8 }, (_, i) => hash.readUInt32LE(i * 4))
    }
    return words.pop()! / 2 ** 32 // filled above
  }
  const between = (least: number, most: number): number => least + Math.floor(next() * (most - least + 1))
  return {
    between,
    chance: probability => next() < probability,
    one: of => of[between(0, of.length - 1)]!, // callers hand over lists that are not empty
    digits: count => Array.from({ length: count }, () => between(0, 9)).join(''),
  }
}
