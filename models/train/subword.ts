// The method that needs nothing but the sentences: sub-word features, a small network over them. Another method (a head over a sentence encoder's
// vectors, say) is a file beside this one with the same two functions and a name of its own.
import { logitsOf, type Network } from '../network.ts'
import { networkGraph } from '../onnx/network-graph.ts'
import { distanceOf } from '../rejection.ts'
import { type RowTable, vectorise } from '../rows.ts'
import type { Lesson } from './corpus.ts'
import { train } from './out-of-fold.ts'

export const SUBWORD = 'subword'

/** What a model says of a text, before any temperature, and how far the text lies from what it was taught. */
export interface Opinion {
  readonly logits: Float64Array
  readonly distance: number
}

export interface Learned {
  judge(text: string): Opinion
  readonly model: Network
  readonly table: RowTable
}

/** The same for the same lessons and seed. */
export function learn(lessons: readonly Lesson[], classes: readonly string[], seed: number): Learned {
  const { model, table } = train(lessons, classes, seed)
  return {
    model,
    table,
    judge(text) {
      const vector = vectorise(text, table)
      return { logits: logitsOf(model, vector), distance: distanceOf(vector) }
    },
  }
}

/** The bytes of the ONNX file. */
export const graphOf = (kind: string, { model }: Learned): Uint8Array => networkGraph(kind, model)
