// What a model sees of a text, and how far that lies from what it was taught: of its sub-words, of a sentence encoder's vector, or of both. The one way for
// training, command line and live path.
import type { Encoder } from './encoder/encode.ts'
import { distanceFrom, seenIn, type View } from './encoder/view.ts'
import { distanceOf } from './rejection.ts'
import { type RowTable, type Vector, vectorise, withNumbers } from './rows.ts'

export interface Seen {
  readonly vector: Vector
  readonly distance: number
}

/** Of a text that `normaliseText` gave. */
export type Sight = (text: string) => Promise<Seen>

export type Encode = Encoder['encode']

/** `encode` where the model has a view of an encoder's vectors. */
export function sightOf(table: RowTable, view?: View, encode?: Encode): Sight {
  return async text => {
    const words = vectorise(text, table)
    if (!view || !encode) return { vector: words, distance: distanceOf(words) }
    const numbers = seenIn(await encode(text), view)
    return { vector: withNumbers(words, table.hashes.length, numbers), distance: distanceFrom(numbers, view) }
  }
}
