// The turns that every plugin is weighed with: some of each action's examples in the retail pack, always the same while the pack is.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { questionOf } from '@parley/core/pipeline/normalise-turn.ts'
import type { Language, Question } from '@parley/plugin-sdk/vocabulary.ts'
import { PROJECT } from '../project.ts'

const EACH = 5
const LOCALES = { zh: 'zh-CN', en: 'en' } as const

export const corpusOf = (languages: readonly Language[]): readonly Question[] =>
  languages.flatMap(language => {
    const locale = LOCALES[language]
    const folder = join(PROJECT.packs, 'retail/examples', locale)
    return readdirSync(folder)
      .sort()
      .flatMap(file => readFileSync(join(folder, file), 'utf8').split('\n').filter(isExample).slice(0, EACH))
      .map(text => questionOf(text, locale))
  })

const isExample = (line: string): boolean => line.trim() !== '' && !line.startsWith('#')
