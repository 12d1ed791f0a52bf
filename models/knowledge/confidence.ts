// How surely the first article that is found answers the question: a logistic curve over signs that do not depend on how many articles a shop has.

export interface Signs {
  /** Share of what the question's words weigh that the article has, 0 to 1. A word that no article has weighs most. */
  readonly coverage: number
  /** Of the passage, as models/knowledge/meaning.ts has it, 0 to 1. */
  readonly likeness: number
  /** How far the article is ahead of the next one: 1 where there is none, 0 where they are level, below where it is behind. */
  readonly lead: number
  /** ln(1 + what the words weigh that it has): a short question with one word in common says little. */
  readonly matched: number
}

export type Curve = Readonly<Record<keyof Signs | 'bias', number>>

/** What fit-confidence.ts gives for sub-words, the demo shop's articles, the practice questions and the pack's examples: `tools/fit-knowledge.ts`. */
export const CURVE: Curve = { coverage: 2.9, likeness: 17.65, lead: 0.93, matched: 0.844, bias: -5.035 }

/** The probability that it is the right one, 0 to 1. */
export const confidenceOf = (signs: Signs, curve: Curve): number => 1 / (1 + Math.exp(-(curve.bias + sumOver(signs, curve))))

export const NAMES = ['coverage', 'likeness', 'lead', 'matched'] as const satisfies readonly (keyof Signs)[]

const sumOver = (signs: Signs, curve: Curve): number => NAMES.reduce((sum, name) => sum + signs[name] * curve[name], 0)
