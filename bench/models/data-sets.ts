// The public labelled sets that models are measured on, each with its own splits. They are found through PARLEY_DATASETS, else in shared/data beside
// the checkout, and none of their text is part of the project. A set learns from `train`, picks on `validation`, and is reported on `test` alone.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { z } from 'zod'

export interface Row {
  readonly text: string
  readonly label: string
}

export interface DataSet {
  readonly train: readonly Row[]
  /** For choices: a split of the set's own, else every sixth sentence of `train` by its hash, which is learned from all the same in the end. */
  readonly validation: readonly Row[]
  readonly isValidationLearned: boolean
  readonly test: readonly Row[]
}

export interface DataSetSource {
  readonly title: string
  readonly language: 'zh' | 'en'
  readonly kind: 'intent' | 'sentiment'
  /** Few examples a class: every feature that was seen is worth keeping. */
  readonly isFewShot?: boolean
  readonly folder: string
  readonly train: Part
  readonly validation?: Part
  readonly test: Part
  /** Published or given figures of others, to be quoted beside ours. */
  readonly published: readonly (readonly [who: string, figures: string])[]
}

type Part = readonly [file: string, split: string]

/** The label of what is out of scope, where a set has it. */
export const OOS = 'oos'

export const SOURCES = {
  clinc150: {
    title: 'CLINC150',
    language: 'en',
    kind: 'intent',
    folder: 'clinc150',
    train: ['uniform.jsonl', 'train'],
    validation: ['uniform.jsonl', 'val'],
    test: ['uniform.jsonl', 'test'],
    published: [
      ['fastText', '89.0 / 9.7'],
      ['SVM', '91.0 / 14.5'],
      ['Dialogflow', '91.7 / 14.0'],
      ['Rasa (2019)', '91.5 / 45.3'],
      ['MLP on USE', '93.5 / 47.4'],
      ['BERT', '96.9 / 40.3'],
    ],
  },
  banking77: {
    title: 'BANKING77',
    language: 'en',
    kind: 'intent',
    folder: 'banking77',
    train: ['uniform.jsonl', 'train'],
    test: ['uniform.jsonl', 'test'],
    published: [
      ['BERT', '93.7'],
      ['USE+ConveRT', '93.4'],
    ],
  },
  'banking77-10': {
    title: 'BANKING77, 10 a class',
    language: 'en',
    kind: 'intent',
    isFewShot: true,
    folder: 'banking77',
    train: ['uniform_fewshot.jsonl', 'train_10'],
    validation: ['uniform_fewshot.jsonl', 'valid'],
    test: ['uniform_fewshot.jsonl', 'test'],
    published: [
      ['USE+ConveRT', '85.2'],
      ['RoBERTa', '84.3'],
      ['best listed', '89.8'],
    ],
  },
  hwu64: {
    title: 'HWU64',
    language: 'en',
    kind: 'intent',
    folder: 'hwu64',
    train: ['uniform.jsonl', 'train'],
    validation: ['uniform.jsonl', 'valid'],
    test: ['uniform.jsonl', 'test'],
    published: [
      ['Watson, 30 a class', '85.5'],
      ['LUIS, 30 a class', '78.2'],
      ['Dialogflow, 30 a class', '75.6'],
      ['full, others', 'about 88 to 90'],
    ],
  },
  cic: {
    title: 'CIC',
    language: 'zh',
    kind: 'intent',
    folder: 'cic_ecommerce_zh',
    train: ['uniform.jsonl', 'train'],
    validation: ['uniform.jsonl', 'dev'],
    test: ['uniform.jsonl', 'test'],
    published: [
      ['RoBERTa-3L', 'macro-F1 72.8'],
      ['best', 'macro-F1 78.5'],
      ['people', '87.4'],
    ],
  },
  smp: {
    title: 'SMP-ECDT 2017',
    language: 'zh',
    kind: 'intent',
    folder: 'smp_ecdt_zh',
    train: ['uniform_smp2017_domain.jsonl', 'train'],
    test: ['uniform_smp2017_domain.jsonl', 'develop'],
    published: [],
  },
  online_shopping: {
    title: 'online_shopping_10_cats',
    language: 'zh',
    kind: 'sentiment',
    folder: 'online_shopping_10_cats',
    train: ['uniform.jsonl', 'train'],
    validation: ['uniform.jsonl', 'dev'],
    test: ['uniform.jsonl', 'test'],
    published: [
      ['2-billion-parameter language model, not trained on it', '89.6'],
      ['the same, tuned on other texts', '92.2'],
    ],
  },
  chnsenticorp: {
    title: 'ChnSentiCorp hotels',
    language: 'zh',
    kind: 'sentiment',
    folder: 'chnsenticorp_htl',
    train: ['uniform.jsonl', 'train'],
    test: ['uniform.jsonl', 'dev'],
    published: [],
  },
  sst2: {
    title: 'SST-2, sentences',
    language: 'en',
    kind: 'sentiment',
    folder: 'sst2',
    train: ['uniform.jsonl', 'train'],
    validation: ['uniform.jsonl', 'dev'],
    test: ['uniform.jsonl', 'test'],
    published: [],
  },
} as const satisfies Readonly<Record<string, DataSetSource>>

export type DataSetName = keyof typeof SOURCES

export const DATA_FOLDER = process.env.PARLEY_DATASETS ?? fileURLToPath(new URL('../../../shared/data', import.meta.url))

const Line = z.object({ text: z.string(), label: z.string(), split: z.string() })

/** The set, or why it cannot be had here. */
export function readDataSet({ folder, train, validation, test }: DataSetSource): DataSet | string {
  const path = join(DATA_FOLDER, folder)
  if (!existsSync(path)) return `the set ${folder} is not here (PARLEY_DATASETS names the folder that has it)`
  const part = ([file, split]: Part): readonly Row[] =>
    readFileSync(join(path, file), 'utf8')
      .trim()
      .split('\n')
      .map(line => Line.parse(JSON.parse(line)))
      .filter(row => row.split === split)
  const learned = part(train)
  return {
    train: learned,
    validation: validation ? part(validation) : learned.filter(({ text }) => isSixth(text)),
    isValidationLearned: !validation,
    test: part(test),
  }
}

/** Whether a sentence is held back while a choice is made, in a set without a validation split of its own. */
export const isSixth = (text: string): boolean => createHash('sha256').update(text).digest().readUInt32BE() % 6 === 0
