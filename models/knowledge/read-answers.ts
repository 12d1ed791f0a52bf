// Past answers from a CSV file: a question and its answer a row, and at will more. Rows with one answer are one article with several questions.
import { z } from 'zod'
import { sha256 } from '../model-file.ts'
import {
  ARTICLE_ID,
  type Article,
  type ArticleRules,
  actionProblem,
  DEFAULT_ACTION,
  type FileProblem,
  languageOf,
  type ReadArticles,
} from './article.ts'
import { parseCsv } from './csv.ts'
import { passagesOf } from './passages.ts'

const COLUMNS = ['question', 'answer', 'title', 'action', 'language', 'link', 'id'] as const
type Column = (typeof COLUMNS)[number]

const atMost = (characters: number) => z.string({ error: 'is empty' }).max(characters, `is longer than ${characters} characters`)

/** Fields that are empty are absent. */
const Row = z.object({
  question: atMost(300),
  answer: atMost(100_000),
  title: atMost(120).optional(),
  action: z.string().default(DEFAULT_ACTION),
  language: z.enum(['zh', 'en'], { error: 'must be zh or en' }).optional(),
  link: z
    .string()
    .regex(/^https?:\/\/\S+$/, 'must be an address that begins with https:// or http://')
    .optional(),
  id: z.string().regex(ARTICLE_ID, 'may have letters, digits and, between them, . _ / -').optional(),
})

/** `id` is the beginning of the articles' ids, as the file's name gives it. A row with an error gives no article; the others do. */
export function readAnswers(text: string, id: string, rules: ArticleRules): ReadArticles {
  const { rows, problems: broken } = parseCsv(text)
  const problems: FileProblem[] = broken.map(problem => ({ ...problem, severity: 'error' }))
  const say = (line: number, severity: FileProblem['severity'], reason: string): void => void problems.push({ line, severity, reason })
  const [head, ...body] = rows
  const names = head?.fields.map(field => field.trim().toLowerCase()) ?? []
  for (const column of ['question', 'answer'] as const)
    if (!names.includes(column))
      say(head?.line ?? 0, 'error', `the first row names the columns, and ${JSON.stringify(column)} is not among them`)
  for (const [i, name] of names.entries()) {
    if (!COLUMNS.includes(name as Column)) say(head!.line, 'warning', `column ${JSON.stringify(name)} is not known: ${COLUMNS.join(', ')}`) // there are names
    if (names.indexOf(name) !== i) say(head!.line, 'error', `column ${JSON.stringify(name)} stands there twice`) // as above
  }
  if (problems.some(({ severity }) => severity === 'error')) return { articles: [], problems: problems.sort((a, b) => a.line - b.line) }
  const articles = new Map<string, Article>()
  const lineOf = new Map<string, number>()
  const idOfAnswer = new Map<string, string>()
  for (const { line, fields } of body) {
    const cells = Object.fromEntries(names.map((name, i) => [name, fields[i]?.trim() || undefined]))
    const parsed = Row.safeParse(cells)
    const wrong =
      fields.length > names.length
        ? `${fields.length} fields where the first row names ${names.length}: a field with a comma needs quotes`
        : parsed.success
          ? actionProblem(parsed.data.action, rules)
          : `"${String(parsed.error.issues[0]?.path[0])}" ${parsed.error.issues[0]?.message}`
    if (wrong !== undefined || !parsed.success) {
      say(line, 'error', wrong ?? 'it is no answer')
      continue
    }
    const { question, answer, title, action, language, link, id: named } = parsed.data
    // Where a row names no article, its answer does: other questions of it may come and go.
    const own = named ?? idOfAnswer.get(answer) ?? `${id}/${sha256(answer).slice(0, 10)}`
    const known = articles.get(own)
    if (known && known.passages.map(({ text: passage }) => passage).join() !== passagesOf(answer).join()) {
      say(line, 'error', `id ${JSON.stringify(own)} stands in line ${lineOf.get(own)} with another answer`)
      continue
    }
    if (known) {
      if (known.questions.includes(question)) say(line, 'warning', 'the same question with the same answer stands there already')
      else known.questions.push(question)
      continue
    }
    idOfAnswer.set(answer, own)
    lineOf.set(own, line)
    articles.set(own, {
      id: own,
      title: title ?? (question.length > 120 ? `${[...question].slice(0, 117).join('')}…` : question),
      action,
      language: language ?? languageOf(`${question}\n${answer}`, rules.hint),
      ...(link !== undefined && { link }),
      questions: [question],
      passages: passagesOf(answer).map(passage => ({ heading: '', text: passage })),
    })
  }
  return { articles: [...articles.values()], problems: problems.sort((a, b) => a.line - b.line) }
}
