// The one way from lessons to a model, whatever it sees of a text: sub-words, which need nothing but the sentences, a sentence encoder's vectors, or both.
import { seenIn, type View, viewOf } from '../encoder/view.ts'
import { logitsOf, quantise } from '../network.ts'
import { networkGraph } from '../onnx/network-graph.ts'
import { OUT_OF_SCOPE } from '../rejection.ts'
import { type Encode, sightOf } from '../sight.ts'
import type { Lesson } from './corpus.ts'
import { fit, wholeEffort } from './fit.ts'
import type { Effort } from './fit-deep.ts'

/** Through which encoder lessons are seen. */
export interface Eye {
  readonly encode: Encode
  /** Whether sub-words are seen beside it. */
  readonly isBlended: boolean
}

/** What a model says of a text, before any temperature, and how far the text lies from what it was taught. */
export interface Opinion {
  readonly logits: Float64Array
  readonly distance: number
}

export interface Learned {
  judge(text: string): Promise<Opinion>
  readonly hashes: Uint32Array
  readonly view?: View
  /** The bytes of the ONNX file. */
  graph(name: string): Uint8Array
}

/** The same for the same lessons, seed, encoder and effort. */
export async function learn(
  lessons: readonly Lesson[],
  classes: readonly string[],
  seed: number,
  eye?: Eye,
  effort: Effort = wholeEffort(lessons.length),
): Promise<Learned> {
  const encoded = eye && (await seenThrough(lessons, classes, eye.encode))
  const { table, network } = fit(lessons, classes, seed, encoded && { vectors: encoded.numbers, isBlended: eye.isBlended }, effort)
  const model = quantise(network)
  const see = sightOf(table, encoded?.view, eye?.encode)
  return {
    hashes: table.hashes,
    ...(encoded && { view: encoded.view }),
    graph: name => networkGraph(name, model),
    async judge(text) {
      const { vector, distance } = await see(text)
      return { logits: logitsOf(model, vector), distance }
    },
  }
}

/** What the encoder says of each lesson, as the head is to see it. */
async function seenThrough(lessons: readonly Lesson[], classes: readonly string[], encode: Encode) {
  const vectors: Float32Array[] = []
  for (const { text } of lessons) vectors.push(await encode(text))
  const inScope = classes.filter(label => label !== OUT_OF_SCOPE)
  const view = viewOf(
    vectors,
    lessons.map(({ label }) => inScope.indexOf(label)),
    inScope.length,
  )
  return { view, numbers: vectors.map(vector => seenIn(vector, view)) }
}
