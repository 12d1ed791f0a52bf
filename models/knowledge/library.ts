// A shop's articles, ready to be searched: by words in an index (MiniSearch, BM25+), and what it finds by how alike the passages are to the question
// beyond their words. Articles of another language than the question's are not looked at: the reply is in the customer's.
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import MiniSearch, { type SearchResult } from 'minisearch'
import { sha256 } from '../model-file.ts'
import { type Article, type Passage, versionOf } from './article.ts'
import { confidenceOf, type Signs } from './confidence.ts'
import { type LearnedMeaning, type Meaning, subwords } from './meaning.ts'
import { termsOf } from './terms.ts'

export interface Found {
  readonly article: Article
  /** Of its content. */
  readonly version: string
  /** The one that fits best. */
  readonly passage: Passage
  /** Higher is better; only comparable within one search. */
  readonly score: number
  readonly signs: Signs
  /** That it answers the question, 0 to 1. */
  readonly confidence: number
}

export interface Library {
  /** Names the articles and how they are searched. */
  readonly version: string
  readonly articles: readonly Article[]
  /** The articles that fit best, at most `most` of them, best first. None where no word is shared. May reject once `signal` has given it up. */
  search(question: string, language: Language, most: number, signal?: AbortSignal): Promise<readonly Found[]>
}

/** Changes whenever a search would give something else. */
const SEARCH = 'words-1'

/** What a word counts for by where it stands. */
const BOOST = { title: 4, questions: 3, heading: 2, text: 1 }
/** What being alike counts for beside the words, of which the best passage has 1. */
const LIKENESS = 2
/** Passages that are looked at more closely. */
const CANDIDATES = 60
/** Passages that are taken in at a time: whoever else uses the thread waits for no more. */
const AT_ONCE = 20

interface Entry {
  readonly id: number
  readonly article: Article
  readonly passage: Passage
}

export async function createLibrary(articles: readonly Article[], meaning: Meaning = subwords): Promise<Library> {
  const versions = new Map(articles.map(article => [article, versionOf(article)]))
  const halves = { zh: await createHalf(articles, 'zh', meaning), en: await createHalf(articles, 'en', meaning) }
  return {
    version: sha256(JSON.stringify([SEARCH, meaning.id, ...[...versions.values()].sort()])).slice(0, 12),
    articles,
    async search(question, language, most, signal) {
      const found = await halves[language](question, signal)
      return found.slice(0, most).map(each => ({
        ...each,
        version: versions.get(each.article)!, // of its own articles
        confidence: confidenceOf(each.signs, meaning.curve),
      }))
    },
  }
}

type Ranked = Omit<Found, 'version' | 'confidence'>

async function createHalf(
  articles: readonly Article[],
  language: Language,
  meaning: Meaning,
): Promise<(question: string, signal?: AbortSignal) => Promise<readonly Ranked[]>> {
  const entries: Entry[] = articles
    .filter(article => article.language === language)
    .flatMap(article => article.passages.map(passage => ({ article, passage })))
    .map((entry, id) => ({ id, ...entry }))
  const index = new MiniSearch<Entry>({
    fields: Object.keys(BOOST),
    extractField: ({ id, article, passage }, field) => (field === 'id' ? id : normaliseText(fieldOf(article, passage, field))),
    tokenize: termsOf,
    processTerm: term => term,
    searchOptions: { boost: BOOST },
  })
  await index.addAllAsync(entries, { chunkSize: AT_ONCE })
  const alike = await meaning.learn(
    // The title twice: what an article is about counts for more than what it happens to say.
    entries.map(({ article, passage }) => [article.title, article.title, passage.heading, ...article.questions, passage.text].join('. ')),
  )
  return (question, signal) => searchHalf(question, index, entries, alike, signal)
}

const fieldOf = ({ title, questions }: Article, { heading, text }: Passage, field: string): string =>
  field === 'title' ? title : field === 'questions' ? questions.join('\n') : field === 'heading' ? heading : text

async function searchHalf(
  question: string,
  index: MiniSearch<Entry>,
  entries: readonly Entry[],
  alike: LearnedMeaning,
  signal?: AbortSignal,
): Promise<readonly Ranked[]> {
  const text = normaliseText(question)
  const hits = index.search(text)
  const best = hits[0]?.score ?? 0
  if (best === 0) return []
  const weight = weightsOf(text, hits, entries.length)
  const near = hits.slice(0, CANDIDATES)
  const likenesses = await alike.likeness(
    question,
    near.map(({ id }) => id as number), // as it was put in
    signal,
  )
  const byArticle = new Map<
    Article,
    { readonly entry: Entry; readonly score: number; readonly likeness: number; readonly terms: Set<string> }
  >()
  for (const [i, { id, score, queryTerms }] of near.entries()) {
    const entry = entries[id as number]! // as above
    const likeness = likenesses[i]! // one a passage
    const total = score / best + LIKENESS * likeness
    const known = byArticle.get(entry.article)
    const terms = new Set([...(known?.terms ?? []), ...queryTerms])
    byArticle.set(entry.article, known && known.score >= total ? { ...known, terms } : { entry, score: total, likeness, terms })
  }
  const ranked = [...byArticle.values()].sort((a, b) => b.score - a.score || (a.entry.article.id < b.entry.article.id ? -1 : 1))
  const total = sumOf(weight.keys(), weight)
  return ranked.map(({ entry, score, likeness, terms }, place) => {
    const other = ranked[place === 0 ? 1 : 0]
    const signs = {
      coverage: sumOf(terms, weight) / total,
      matched: Math.log1p(sumOf(terms, weight)),
      likeness,
      lead: other ? Math.max(-1, 1 - other.score / score) : 1,
    }
    return { article: entry.article, passage: entry.passage, score, signs }
  })
}

const sumOf = (terms: Iterable<string>, weight: ReadonlyMap<string, number>): number => {
  let sum = 0
  for (const term of terms) sum += weight.get(term) ?? 0
  return sum
}

/** What each word of the question weighs: the fewer passages have it, the more. */
function weightsOf(text: string, hits: readonly SearchResult[], passages: number): ReadonlyMap<string, number> {
  const spread = new Map(termsOf(text).map(term => [term, 0]))
  for (const { queryTerms } of hits) for (const term of queryTerms) spread.set(term, (spread.get(term) ?? 0) + 1)
  return new Map([...spread].map(([term, count]) => [term, Math.log(1 + (passages + 0.5) / (count + 0.5))]))
}
