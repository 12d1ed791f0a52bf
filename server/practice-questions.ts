// What the confidence of an answer from articles is fitted on: the demo shop's articles, practice questions about them, and examples of the pack.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Practice } from '@parley/models/knowledge/encoder-meaning.ts'
import type { Asked } from '@parley/models/knowledge/fit-confidence.ts'
import { readQuestions } from '@parley/models/knowledge/read-questions.ts'
import { readCorpus } from '@parley/models/train/corpus.ts'
import { placeOf } from '@parley/models/train/split.ts'
import { shippedArticles } from './knowledge-store/shipped-articles.ts'
import { PROJECT } from './project.ts'

const PACK = 'retail'
/** So much of the pack's examples; which of them, their own words say, so that an example more or less moves no other. */
const SHARE = 0.1
const SEED = 1
/** What all of them count beside all practice questions, however many there are: most are of a kind that no article answers. */
const COUNTS = 0.37

/** An example of the pack that is found an article of another action is not answered by it; of others nothing is known. */
export function practiceQuestions(): Practice {
  const articles = shippedArticles([{ id: 'demo', mesh: 'demo-shop', pack: PACK }])('demo')
  const asked = (['en', 'zh'] as const).flatMap(language => {
    const { questions } = readQuestions(readFileSync(join(PROJECT.demoQuestions, `practice.${language}.csv`), 'utf8'), articles)
    return questions.map(({ question, article }): Asked => ({ question, language, isRight: isIt(article), weight: 1 }))
  })
  const examples = readCorpus(join(PROJECT.packs, PACK)).intents.filter(example => placeOf(example, SEED) < SHARE)
  const weight = (COUNTS * asked.length) / examples.length
  return {
    articles,
    asked: [...asked, ...examples.map(({ text, language, label }) => ({ question: text, language, isRight: isAbout(label), weight }))],
  }
}

const isAbout = (action: string) => (article: { readonly action: string }) => (article.action === action ? undefined : false)
const isIt = (id: string | null) => (article: { readonly id: string }) => article.id === id
