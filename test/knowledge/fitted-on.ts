import { join } from 'node:path'
import type { Asked } from '@parley/models/knowledge/fit-confidence.ts'
import { readCorpus } from '@parley/models/train/corpus.ts'
import { PROJECT } from '@parley/server/project.ts'
import { questionsOf } from './demo-articles.ts'

/** One in so many of the pack's examples. */
const EVERY = 20
/** What one of them counts beside a practice question: they are many, and most are of a kind that no article answers. */
const COUNTS = 0.05

/** Practice questions, and examples of the pack: one that is found an article of another action is not answered by it; of others nothing is known. */
export function questionsToFitOn(): readonly Asked[] {
  const practice = (['en', 'zh'] as const).flatMap(language =>
    questionsOf('practice', language).map(({ question, article }) => ({ question, language, isRight: isIt(article), weight: 1 })),
  )
  const examples = readCorpus(join(PROJECT.packs, 'retail')).intents.filter((_, i) => i % EVERY === 0)
  return [
    ...practice,
    ...examples.map(({ text, language, label }) => ({ question: text, language, isRight: isAbout(label), weight: COUNTS })),
  ]
}

const isAbout = (action: string) => (article: { readonly action: string }) => (article.action === action ? undefined : false)
const isIt = (id: string | null) => (article: { readonly id: string }) => article.id === id
