// Reads the labelled sentences of a pack: one file a class and locale, one sentence a line, `#` opens a comment.
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'

export interface Example {
  /** As `normaliseText` gives it: what the voters read. */
  readonly text: string
  readonly original: string
  readonly label: string
  readonly language: Language
  /** `en/GREETING.txt:12` */
  readonly at: string
}

export const LOCALE_LANGUAGES = [
  ['zh-CN', 'zh'],
  ['en', 'en'],
] as const

/**
 * Every sentence under `folder/<locale>/<label>.txt`, by locale, label and line; a sentence that stands twice under one label is taken once.
 * Faults: PACK_INVALID where there is no sentence at all, or one sentence has two labels.
 */
export function readExamples(folder: string): readonly Example[] {
  const seen = new Map<string, Example>()
  for (const [locale, language] of LOCALE_LANGUAGES) {
    for (const file of filesIn(join(folder, locale))) {
      if (!file.endsWith('.txt')) continue
      const label = file.slice(0, -'.txt'.length)
      for (const [i, line] of readFileSync(join(folder, locale, file), 'utf8')
        .split('\n')
        .entries()) {
        const text = normaliseText(line)
        if (text === '' || text.startsWith('#')) continue
        const example = { text, original: line.trim(), label, language, at: `${locale}/${file}:${i + 1}` }
        const twin = seen.get(`${language} ${text}`)
        if (twin && twin.label !== label)
          throw new Fault('PACK_INVALID', {
            file: join(folder, twin.at),
            path: '',
            reason: `stands at ${example.at} as well, with another label`,
          })
        if (!twin) seen.set(`${language} ${text}`, example)
      }
    }
  }
  if (seen.size === 0) throw new Fault('PACK_INVALID', { file: folder, path: '', reason: 'there are no examples' })
  return [...seen.values()]
}

function filesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder).sort()
  } catch (cause) {
    throw new Fault('PACK_INVALID', { file: folder, path: '', reason: 'the folder cannot be read' }, { cause })
  }
}
