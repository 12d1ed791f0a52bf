// How alike a question and a passage are beyond sharing words. Without a pretrained encoder (encoder-meaning.ts) this is the angle between their sub-word
// features (models/features.ts), weighted by how rare each is among the passages: forms of a word, compounds and slips of the pen meet, synonyms do not.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { FEATURES_ID, featuresOf } from '../features.ts'
import { CURVE, type Curve } from './confidence.ts'

export interface Likeness {
  /** Names what it computes. */
  readonly id: string
  /** Takes the passages in. */
  learn(passages: readonly string[]): Promise<LearnedMeaning>
}

/** A likeness with the curve that was fitted on it: another's numbers mean something else, and its confidence would be a guess. */
export interface Meaning extends Likeness {
  readonly curve: Curve
}

export interface LearnedMeaning {
  /** How alike the question and each of the passages at `places` are, 0 (not at all) to 1. Rejects where `signal` gave it up before it was begun. */
  likeness(question: string, places: readonly number[], signal?: AbortSignal): Promise<readonly number[]>
}

/** Passages that are taken in at a time: whoever else uses the thread waits for no more. */
const AT_ONCE = 20

export const subwords: Meaning = {
  id: FEATURES_ID,
  curve: CURVE,
  async learn(passages) {
    const found: { readonly features: Uint32Array; readonly counts: Float32Array }[] = []
    const spread = new Map<number, number>()
    for (const [i, passage] of passages.entries()) {
      if (i % AT_ONCE === AT_ONCE - 1) await new Promise(resolve => setImmediate(resolve))
      const counts = featuresOf(normaliseText(passage))
      for (const feature of counts.keys()) spread.set(feature, (spread.get(feature) ?? 0) + 1)
      found.push({ features: Uint32Array.from(counts.keys()), counts: Float32Array.from(counts.values()) })
    }
    const weight = (feature: number, count: number): number =>
      Math.max(0, (1 + Math.log(count)) * Math.log((passages.length + 1) / ((spread.get(feature) ?? 0) + 0.5)))
    const lengths = found.map(({ features, counts }) => {
      let square = 0
      for (let i = 0; i < features.length; i++) square += weight(features[i]!, counts[i]!) ** 2 // as many counts as features, here and below
      return Math.sqrt(square)
    })
    return {
      async likeness(question, places) {
        const asked = new Map<number, number>()
        let square = 0
        for (const [feature, count] of featuresOf(normaliseText(question))) {
          const w = weight(feature, count)
          asked.set(feature, w)
          square += w * w
        }
        const length = Math.sqrt(square)
        return places.map(place => {
          const { features, counts } = found[place]! // places are of the passages
          let product = 0
          for (let i = 0; i < features.length; i++) {
            const w = asked.get(features[i]!)
            if (w !== undefined) product += w * weight(features[i]!, counts[i]!)
          }
          return product === 0 ? 0 : product / (length * lengths[place]!)
        })
      },
    }
  },
}
