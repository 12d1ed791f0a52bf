// The demo shop's articles and the questions about them, as tests take them.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Article } from '@parley/models/knowledge/article.ts'
import { readMarkdown } from '@parley/models/knowledge/read-markdown.ts'
import { type AskedQuestion, readQuestions } from '@parley/models/knowledge/read-questions.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'

const folder = (name: string): string => join(import.meta.dirname, '..', '..', name)

export function demoArticles(): readonly Article[] {
  const actions = new Set(Object.keys(readPack(join(PROJECT.packs, 'retail')).actions))
  return (['en', 'zh'] as const).flatMap(language => {
    const from = folder(`examples/demo-shop/articles/${language}`)
    return readdirSync(from)
      .sort()
      .flatMap(file => {
        const { articles, problems } = readMarkdown(readFileSync(join(from, file), 'utf8'), `${language}/${file.replace(/\.md$/, '')}`, {
          actions,
          hint: language,
        })
        if (problems.length > 0) throw new Error(`${file}: ${JSON.stringify(problems)}`)
        return articles
      })
  })
}

/** `practice` is what the confidence was fitted on; `heldout` was written before the articles, and nothing was fitted on it. */
export function questionsOf(set: 'practice' | 'heldout', language: Language): readonly AskedQuestion[] {
  const at = set === 'practice' ? PROJECT.demoQuestions : import.meta.dirname
  const { questions, problems } = readQuestions(readFileSync(join(at, `${set}.${language}.csv`), 'utf8'), demoArticles())
  if (problems.length > 0) throw new Error(`${set}.${language}.csv: ${JSON.stringify(problems)}`)
  return questions
}
