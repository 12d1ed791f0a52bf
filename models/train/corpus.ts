// All that a pack gives to learn from: examples of requests, of moods and of urgency, and the keyword phrases, which are short examples of requests.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Phrases } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { parse } from 'yaml'
import { type Example, LOCALE_LANGUAGES, readExamples } from './examples.ts'

/** Something to learn from: `weight` says how much it counts beside a whole example, which has 1. */
export interface Lesson {
  readonly text: string
  readonly label: string
  readonly weight: number
}

export interface Corpus {
  readonly intents: readonly Example[]
  readonly moods: readonly Example[]
  /** Of what presses and what can wait; empty in a pack without `urgency/`. */
  readonly urgency: readonly Example[]
  /** Never tested on: what a phrase means was settled with the examples in view. */
  readonly phrases: readonly Lesson[]
}

/** Reads `examples/`, `moods/`, `urgency/` and `phrases/` of the pack in `folder`. Faults: PACK_INVALID. */
export function readCorpus(folder: string): Corpus {
  return {
    intents: readExamples(join(folder, 'examples')),
    moods: readExamples(join(folder, 'moods')),
    urgency: readUrgency(folder),
    phrases: LOCALE_LANGUAGES.flatMap(([locale]) => readPhrases(folder, `phrases/${locale}.yaml`)),
  }
}

/** Faults: PACK_INVALID. */
export const readUrgency = (folder: string): readonly Example[] =>
  existsSync(join(folder, 'urgency')) ? readExamples(join(folder, 'urgency')) : []

function readPhrases(folder: string, file: string): readonly Lesson[] {
  const parsed = Phrases.safeParse(parse(readFileSync(join(folder, file), 'utf8')))
  if (!parsed.success) {
    const issue = parsed.error.issues[0]
    throw new Fault('PACK_INVALID', { file, path: issue?.path.join('.') ?? '', reason: issue?.message ?? 'not of the schema' })
  }
  return Object.entries(parsed.data).flatMap(([label, phrases]) =>
    phrases.map(({ phrase, weight }) => ({ text: normaliseText(phrase), label, weight })),
  )
}
