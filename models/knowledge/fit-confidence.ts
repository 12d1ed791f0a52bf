// The curve of confidence.ts, from questions of which it is known what answers them.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Article } from './article.ts'
import { type Curve, NAMES } from './confidence.ts'
import type { Library } from './library.ts'

export interface Asked {
  readonly question: string
  readonly language: Language
  /** Whether the article that is found first answers it; undefined where that is not known. */
  readonly isRight: (article: Pick<Article, 'id' | 'action'>) => boolean | undefined
  /** How much it counts. */
  readonly weight: number
}

const STEPS = 1_500
/** Pulls towards indifference, so that few questions give no steep curve. */
const PULL = 0.002

/** Plain descent on signs of one scale each: the same questions give the same curve. */
export async function fitCurve(library: Library, asked: readonly Asked[]): Promise<Curve> {
  const rows: { readonly z: readonly number[]; readonly isRight: boolean; readonly weight: number }[] = []
  for (const { question, language, isRight, weight } of asked) {
    const [found] = await library.search(question, language, 1)
    const right = found && isRight(found.article)
    if (found && right !== undefined) rows.push({ z: NAMES.map(name => found.signs[name]), isRight: right, weight })
  }
  const total = rows.reduce((sum, { weight }) => sum + weight, 0)
  const mean = (of: (z: readonly number[]) => number): number => rows.reduce((sum, { z, weight }) => sum + weight * of(z), 0) / total
  const centres = NAMES.map((_, i) => mean(z => z[i]!)) // a sign a name, here and below
  const scales = NAMES.map((_, i) => Math.sqrt(mean(z => (z[i]! - centres[i]!) ** 2)) || 1)
  const weights = NAMES.map(() => 0)
  let bias = 0
  for (let step = 0; step < STEPS; step++) {
    const slopes = NAMES.map(() => 0)
    let slope = 0
    for (const { z, isRight, weight } of rows) {
      const scaled = z.map((value, i) => (value - centres[i]!) / scales[i]!)
      const p = 1 / (1 + Math.exp(-(bias + scaled.reduce((sum, value, i) => sum + value * weights[i]!, 0))))
      const error = (weight * (p - (isRight ? 1 : 0))) / total
      slope += error
      for (const [i, value] of scaled.entries()) slopes[i]! += error * value
    }
    bias -= slope
    for (const [i, each] of slopes.entries()) weights[i]! -= each + PULL * weights[i]!
  }
  const curve = weights.map((weight, i) => weight / scales[i]!)
  const at = bias - curve.reduce((sum, weight, i) => sum + weight * centres[i]!, 0)
  return Object.fromEntries([...NAMES.map((name, i) => [name, curve[i]!] as const), ['bias', at] as const]) as Curve // its names
}
