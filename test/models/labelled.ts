// A little of the retail pack as rows of data: enough to learn something, little enough to train in a test.
import { join } from 'node:path'
import type { DataRow } from '@parley/models/train/data-file.ts'
import { readExamples } from '@parley/models/train/examples.ts'
import type { Task } from '@parley/models/train/task.ts'
import { PROJECT } from '@parley/server/project.ts'

const ACTIONS = ['COMPENSATE', 'TRACK_ORDER', 'THANKS', 'OUT_OF_SCOPE']

/** Every `nth` sentence of four actions. */
export const fewRows = (nth: number): readonly DataRow[] =>
  readExamples(join(PROJECT.packs, 'retail', 'examples'))
    .filter(({ label }) => ACTIONS.includes(label))
    .filter((_, i) => i % nth === 0)
    .map(example => ({ ...example, weight: 1 }))

export const smallTask = (nth: number, seed = 1): Task => ({
  kind: 'intent',
  rows: fewRows(nth),
  phrases: [],
  requests: [],
  urgency: [],
  seed,
})

/** The same as a file's lines. */
export const asLines = (rows: readonly Pick<DataRow, 'original' | 'label' | 'language'>[]): string =>
  rows.map(({ original, label, language }) => `${JSON.stringify({ text: original, label, lang: language })}\n`).join('')
