// Questions with the article that answers each, from a CSV file: what a library is judged on. No article: nothing here should answer it.
import type { Article, FileProblem } from './article.ts'
import { parseCsv } from './csv.ts'

export interface AskedQuestion {
  readonly question: string
  /** Its id; null where no article answers. */
  readonly article: string | null
}

export interface ReadQuestions {
  readonly questions: readonly AskedQuestion[]
  readonly problems: readonly FileProblem[]
}

export function readQuestions(text: string, articles: readonly Pick<Article, 'id'>[]): ReadQuestions {
  const { rows, problems: broken } = parseCsv(text)
  const problems: FileProblem[] = broken.map(problem => ({ ...problem, severity: 'error' }))
  const [head, ...body] = rows
  const names = head?.fields.map(field => field.trim().toLowerCase()) ?? []
  const [question, article] = [names.indexOf('question'), names.indexOf('article')]
  if (question < 0 || article < 0) {
    problems.push({ line: head?.line ?? 0, severity: 'error', reason: 'the first row names the columns: question,article' })
    return { questions: [], problems }
  }
  const known = new Set(articles.map(({ id }) => id))
  const questions = body.flatMap(({ line, fields }) => {
    const [asked, id] = [fields[question]?.trim() ?? '', fields[article]?.trim() ?? '']
    const reason =
      asked === '' ? 'the question is empty' : id !== '' && !known.has(id) ? `the shop has no article ${JSON.stringify(id)}` : undefined
    if (reason === undefined) return [{ question: asked, article: id === '' ? null : id }]
    problems.push({ line, severity: 'error', reason })
    return []
  })
  return { questions, problems: problems.sort((a, b) => a.line - b.line) }
}
