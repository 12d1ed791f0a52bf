// How alike a question and a passage are by a sentence encoder: the angle between their vectors, each number taken by how far it is from its mean over what
// customers ask (models/encoder/view.ts), since encoders crowd their vectors into a corner. The curve of the confidence is fitted on these very
// likenesses, encoder by encoder: one that was fitted on sub-words would be steep where an encoder's numbers hardly move.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { seenIn, type View, viewOf } from '../encoder/view.ts'
import type { Encode } from '../sight.ts'
import type { Article } from './article.ts'
import { CURVE } from './confidence.ts'
import { type Asked, fitCurve } from './fit-confidence.ts'
import { createLibrary } from './library.ts'
import type { Likeness, Meaning } from './meaning.ts'

export interface MeaningEncoder {
  readonly hash: string
  /** The vector of a text that is the shop's own: it may be kept. */
  readonly encodeOwn: Encode
  /** The vector of what a customer wrote: it is kept nowhere. Rejects where `signal` gave it up before it was begun. */
  readonly encode: (text: string, signal?: AbortSignal) => Promise<Float32Array>
}

/** What an encoder is got to know by: articles, and questions of which it is known what answers them. */
export interface Practice {
  readonly articles: readonly Article[]
  readonly asked: readonly Asked[]
}

/** Encodes all of the practice. The same encoder and practice give the same meaning. */
export async function fitEncoderMeaning(encoder: MeaningEncoder, { articles, asked }: Practice): Promise<Meaning> {
  const vectors: Float32Array[] = []
  for (const { question } of asked) vectors.push(await encoder.encodeOwn(normaliseText(question)))
  const view = viewOf(vectors, new Int8Array(vectors.length).fill(-1), 0)
  const ofPractice = likenessBy({ ...encoder, encode: encoder.encodeOwn }, view)
  const curve = await fitCurve(await createLibrary(articles, { ...ofPractice, curve: CURVE }), asked) // which looks at no confidence
  return { ...likenessBy(encoder, view), curve }
}

const likenessBy = ({ hash, encodeOwn, encode }: MeaningEncoder, view: View): Likeness => ({
  id: `encoder-${hash}`,
  async learn(passages) {
    const directions: Float32Array[] = []
    for (const passage of passages) directions.push(directionOf(await encodeOwn(normaliseText(passage)), view))
    return {
      async likeness(question, places, signal) {
        const asked = directionOf(await encode(normaliseText(question), signal), view)
        return places.map(place => Math.max(0, product(asked, directions[place]!))) // places are of the passages
      },
    }
  },
})

/** Of the length 1, or 0 where the vector is the mean itself. */
function directionOf(vector: Float32Array, view: View): Float32Array {
  const numbers = seenIn(vector, view)
  const length = Math.sqrt(product(numbers, numbers)) || 1
  return numbers.map(value => value / length)
}

function product(a: Float32Array, b: Float32Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]! // of one size
  return sum
}
