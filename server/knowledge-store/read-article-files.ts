// Articles from files and folders: Markdown is an article each, CSV holds past answers. An article's id is its place in the folder that was named.
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { basename, extname, join } from 'node:path'
import { ARTICLE_ID, type Article, type ArticleRules, type FileProblem, type ReadArticles } from '@parley/models/knowledge/article.ts'
import { readAnswers } from '@parley/models/knowledge/read-answers.ts'
import { readMarkdown } from '@parley/models/knowledge/read-markdown.ts'

export interface NamedProblem extends FileProblem {
  readonly file: string
}

export interface ArticleFiles {
  readonly articles: readonly Article[]
  /** By file and line. */
  readonly problems: readonly NamedProblem[]
}

/** A file as it was given: its name, and what says where its articles belong. */
export interface ArticleSource {
  /** What problems call it. */
  readonly file: string
  /** Where it stands in its folder: `care/down-jackets.md`. */
  readonly place: string
  readonly bytes: Uint8Array
}

const MARKDOWN = new Set(['.md', '.markdown'])
const ANSWERS = '.csv'
/** Bytes of one file. */
const LARGEST = 20_000_000

export const isArticleFile = (name: string): boolean => MARKDOWN.has(extname(name).toLowerCase()) || extname(name).toLowerCase() === ANSWERS

/** Files may be of any kind that is read; in folders other files are let be. */
export function readArticleFiles(paths: readonly string[], rules: ArticleRules): ArticleFiles {
  const problems: NamedProblem[] = []
  const sources: ArticleSource[] = []
  for (const path of paths) {
    try {
      sources.push(
        ...(statSync(path).isDirectory() ? sourcesIn(path, '') : [{ file: path, place: basename(path), bytes: readFileSync(path) }]),
      )
    } catch (error) {
      const reason = error instanceof Error && 'code' in error && error.code === 'ENOENT' ? 'it is not there' : 'it cannot be read'
      problems.push({ file: path, line: 0, severity: 'error', reason })
    }
  }
  const read = readArticleSources(sources, rules)
  if (sources.length === 0 && problems.length === 0)
    problems.push({ file: paths.join(', '), line: 0, severity: 'error', reason: 'no Markdown (.md) or CSV (.csv) stands there' })
  return { articles: read.articles, problems: [...problems, ...read.problems] }
}

function sourcesIn(folder: string, within: string): ArticleSource[] {
  return readdirSync(join(folder, within), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap(entry => {
      const place = within === '' ? entry.name : `${within}/${entry.name}`
      if (entry.name.startsWith('.')) return []
      if (entry.isDirectory()) return sourcesIn(folder, place)
      return entry.isFile() && isArticleFile(entry.name)
        ? [{ file: join(folder, place), place, bytes: readFileSync(join(folder, place)) }]
        : []
    })
}

export function readArticleSources(sources: readonly ArticleSource[], rules: ArticleRules): ArticleFiles {
  const problems: NamedProblem[] = []
  const articles = new Map<string, Article>()
  const fileOf = new Map<string, string>()
  for (const source of sources) {
    const { file } = source
    const read = readSource(source, rules)
    problems.push(...read.problems.map(problem => ({ file, ...problem })))
    for (const article of read.articles) {
      const before = fileOf.get(article.id)
      if (before !== undefined)
        problems.push({ file, line: 0, severity: 'error', reason: `article ${JSON.stringify(article.id)} stands in ${before} too` })
      else articles.set(article.id, article)
      fileOf.set(article.id, file)
    }
  }
  return { articles: [...articles.values()], problems }
}

function readSource({ place, bytes }: ArticleSource, rules: ArticleRules): ReadArticles {
  const broken = (reason: string): ReadArticles => ({ articles: [], problems: [{ line: 0, severity: 'error', reason }] })
  if (!isArticleFile(place)) return broken('it is neither Markdown (.md) nor CSV (.csv)')
  if (bytes.length > LARGEST) return broken(`it is larger than ${LARGEST / 1e6} MB`)
  const id = idOf(place)
  if (!ARTICLE_ID.test(id)) return broken(`its name gives no id for an article: ${JSON.stringify(id)}`)
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return broken(`line ${lineThatIsNotUtf8(bytes)} is not UTF-8`)
  }
  return extname(place).toLowerCase() === ANSWERS ? readAnswers(text, id, rules) : readMarkdown(text, id, rules)
}

/** `care/Down jackets.md` is `care/Down-jackets`. */
const idOf = (place: string): string => place.slice(0, -extname(place).length).replaceAll(/\s+/g, '-')

function lineThatIsNotUtf8(bytes: Uint8Array): number {
  const shown = new TextDecoder().decode(bytes)
  return shown.slice(0, shown.indexOf('\ufffd')).split('\n').length
}
