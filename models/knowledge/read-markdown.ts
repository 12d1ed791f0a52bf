// One article from a Markdown file: a title, parts under headings, and at will a front matter that says more. Whatever is wrong is told with its line.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { z } from 'zod'
import {
  type Article,
  type ArticleRules,
  actionProblem,
  DEFAULT_ACTION,
  type FileProblem,
  languageOf,
  type ReadArticles,
} from './article.ts'
import { passagesOf } from './passages.ts'

const FrontMatter = z.strictObject({
  title: z.string().trim().min(1).max(120).optional(),
  action: z.string().optional(),
  language: z.enum(['zh', 'en']).optional(),
  link: z
    .url({ protocol: /^https?$/, error: 'it must be an address that begins with https:// or http://' })
    .max(300)
    .optional(),
  questions: z.array(z.string().trim().min(1).max(300)).max(100).optional(),
})
type FrontMatter = z.infer<typeof FrontMatter>

interface Part {
  readonly heading: string
  readonly line: number
  readonly lines: string[]
}

/** `id` is the article's, as the file's name gives it. No article where there is an error. */
export function readMarkdown(text: string, id: string, rules: ArticleRules): ReadArticles {
  const problems: FileProblem[] = []
  const say = (line: number, severity: FileProblem['severity'], reason: string): void => void problems.push({ line, severity, reason })
  const lines = text.replace(/^\ufeff/, '').split(/\r\n?|\n/)
  const { matter, body } = frontMatterOf(lines, say)
  const { title: headline, titles, parts } = partsOf(lines, body)
  for (const line of titles.slice(1)) say(line, 'error', 'a second title: an article has one `# title`; parts are `## heading`')
  const title = matter.title ?? headline
  if (title === undefined) say(body + 1, 'error', 'it has no title: begin with `# title`, or give one in the front matter')
  else if (title.length > 120) say(titles[0] ?? 1, 'error', 'the title is longer than 120 characters')
  const passages = parts.flatMap(({ heading, line, lines: own }) => {
    const texts = passagesOf(own.join('\n').trim())
    if (texts.length === 0 && heading !== '') say(line, 'warning', `nothing stands under «${heading}»`)
    if (heading.length > 120) say(line, 'error', 'the heading is longer than 120 characters')
    return texts.map(passage => ({ heading, text: passage }))
  })
  if (passages.length === 0) say(body + 1, 'error', 'it says nothing: no text stands in it')
  const action = matter.action ?? DEFAULT_ACTION
  const wrong = actionProblem(action, rules)
  if (wrong !== undefined) say(matter.action === undefined ? 0 : lineOf(lines, 'action'), 'error', wrong)
  if (title === undefined || problems.some(({ severity }) => severity === 'error')) return { articles: [], problems: inOrder(problems) }
  const language: Language = matter.language ?? languageOf([title, ...passages.map(passage => passage.text)].join('\n'), rules.hint)
  const article: Article = {
    id,
    title,
    action,
    language,
    ...(matter.link !== undefined && { link: matter.link }),
    questions: matter.questions ?? [],
    passages,
  }
  return { articles: [article], problems: inOrder(problems) }
}

const inOrder = (problems: readonly FileProblem[]): FileProblem[] => [...problems].sort((a, b) => a.line - b.line)

/** The line of a field of the front matter, from 1. */
const lineOf = (lines: readonly string[], field: string): number => lines.findIndex(line => line.startsWith(`${field}:`)) + 1

type Say = (line: number, severity: FileProblem['severity'], reason: string) => void

/** `body` is the index of the first line behind the front matter. */
function frontMatterOf(lines: readonly string[], say: Say): { readonly matter: FrontMatter; readonly body: number } {
  if (lines[0]?.trimEnd() !== '---') return { matter: {}, body: 0 }
  const end = lines.findIndex((line, i) => i > 0 && line.trimEnd() === '---')
  if (end < 0) {
    say(1, 'error', 'the front matter does not end: a line `---` must close it')
    return { matter: {}, body: lines.length }
  }
  const counter = new LineCounter()
  const document = parseDocument(lines.slice(1, end).join('\n'), { lineCounter: counter })
  const lineAt = (offset: number): number => counter.linePos(offset).line + 1
  const [broken] = document.errors
  if (broken) {
    say(lineAt(broken.pos[0]), 'error', broken.message.split('\n')[0]?.replace(/ at line \d+.*$/, '') ?? 'it is not YAML')
    return { matter: {}, body: end + 1 }
  }
  const parsed = FrontMatter.safeParse(document.toJS() ?? {})
  if (parsed.success) return { matter: parsed.data, body: end + 1 }
  for (const issue of parsed.error.issues) {
    const name = issue.code === 'unrecognized_keys' ? issue.keys[0] : String(issue.path[0] ?? '')
    const pair = isMap(document.contents) ? document.contents.items.find(({ key }) => isScalar(key) && key.value === name) : undefined
    const offset = pair && isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0
    say(lineAt(offset), 'error', `${issue.path.join('.') || name || 'the front matter'}: ${issue.message}`)
  }
  return { matter: {}, body: end + 1 }
}

/** What stands before the first heading is a part without one. */
function partsOf(lines: readonly string[], from: number) {
  const parts: Part[] = [{ heading: '', line: from + 1, lines: [] }]
  const titles: number[] = []
  let title: string | undefined
  let isInFence = false
  for (const [i, line] of lines.entries()) {
    if (i < from) continue
    if (/^\s*(```|~~~)/.test(line)) isInFence = !isInFence
    const [, marks, words = ''] = isInFence ? [] : (/^(#{1,6})\s+(.*?)\s*#*\s*$/.exec(line) ?? [])
    if (marks === undefined) parts.at(-1)?.lines.push(line)
    else if (marks.length > 1) parts.push({ heading: words, line: i + 1, lines: [] })
    else {
      title ??= words
      titles.push(i + 1)
    }
  }
  return { title: title === '' ? undefined : title, titles, parts }
}
