// The phrases that were learned from a pack's examples, as a file beside the shipped models. One that is not there has taught nothing.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import type { Learned } from './keyword-voter.ts'

const FILE = 'phrases.json'

const LearnedFile = z.strictObject({
  format: z.literal(1),
  /** SHA-256 over every text and label that was learned from. */
  data: z.string(),
  /** By language and action: the phrase with how surely it alone means the action. */
  phrases: z.record(z.string(), z.record(z.string(), z.array(z.tuple([z.string().min(1), z.number().gt(0).lte(1)])))),
})

/** Faults: MODEL_INVALID, naming the file. */
export function readLearnedPhrases(folder: string): Learned {
  const found = read(join(folder, FILE))
  return found ? mapped(found.phrases, actions => mapped(actions, list => list.map(([phrase, weight]) => ({ phrase, weight })))) : {}
}

/** The hash of what the file in the folder was learned from. Faults: as above. */
export const dataOfLearned = (folder: string): string | undefined => read(join(folder, FILE))?.data

/** The same phrases give the same bytes. */
export function writeLearnedPhrases(folder: string, learned: Learned, data: string): void {
  const phrases = mapped(learned, actions => mapped(actions, list => list.map(({ phrase, weight }) => [phrase, weight] as const)))
  writeFileSync(join(folder, FILE), `${JSON.stringify({ format: 1, data, phrases })}\n`)
}

function read(file: string): z.infer<typeof LearnedFile> | undefined {
  if (!existsSync(file)) return undefined
  try {
    return LearnedFile.parse(JSON.parse(readFileSync(file, 'utf8')))
  } catch (cause) {
    throw new Fault('MODEL_INVALID', { file, reason: 'it is no list of learned phrases' }, { cause })
  }
}

const mapped = <A, B>(values: Readonly<Record<string, A>>, made: (value: A) => B): Record<string, B> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [name, made(value)]))
