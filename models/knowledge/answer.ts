// What of a search is said to a customer: the article that comes first, if it answers the question more likely than not. A short one is quoted whole, since
// no search knows so surely which part of it was asked for; of a longer one the passage that fits best.
import type { Article } from './article.ts'
import type { Found } from './library.ts'

/** Below it the voter has nothing to say. */
const LEAST = 0.5

/** Characters of what is still quoted whole. */
const SHORT = 700

export function answerIn([first]: readonly Found[]): Found | undefined {
  return first && first.confidence >= LEAST ? first : undefined
}

export function quotedOf({ article, passage: { heading, text } }: Pick<Found, 'article' | 'passage'>): {
  readonly heading?: string
  readonly text: string
} {
  const whole = wholeOf(article)
  return whole.length <= SHORT ? { text: whole } : { ...(heading !== '' && { heading }), text }
}

/** The passages under their headings, as they stand in the article. */
const wholeOf = ({ passages }: Article): string =>
  passages
    .map(({ heading, text }, i) => (heading === '' || heading === passages[i - 1]?.heading ? text : `${heading}\n${text}`))
    .join('\n\n')
