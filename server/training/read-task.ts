// What a training is given beside its data: of a shop's pack the phrases, for intents; for moods the requests that they are tied to, and the
// examples of what presses.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Pack } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import { readUrgency } from '@parley/models/train/corpus.ts'
import type { DataRow, Kind } from '@parley/models/train/data-file.ts'
import { readExamples } from '@parley/models/train/examples.ts'
import type { Task, TaskEncoder } from '@parley/models/train/task.ts'

/** `folder` is that of the pack. Faults: PACK_INVALID. */
export function taskOf(kind: Kind, rows: readonly DataRow[], seed: number, pack: Pack, folder: string, encoder?: TaskEncoder): Task {
  const examples = join(folder, 'examples')
  return {
    kind,
    ...(encoder && { encoder }),
    rows,
    phrases: kind === 'intent' ? phrasesOf(pack) : [],
    requests:
      kind === 'sentiment' && existsSync(examples)
        ? readExamples(examples).map(({ text, language, label }) => ({ text, language, label }))
        : [],
    urgency: kind === 'sentiment' ? readUrgency(folder) : [],
    seed,
  }
}

const phrasesOf = ({ phrases }: Pack): Task['phrases'] =>
  Object.values(phrases).flatMap(byAction =>
    Object.entries(byAction).flatMap(([label, entries]) =>
      entries.map(({ phrase, weight }) => ({ text: normaliseText(phrase), label, weight })),
    ),
  )
