// How well a library of past answers finds the right one for questions of others, on public labelled sets: each class is an answer that is known by the
// training split's questions, and the test split asks. What the answer itself says is not in these sets, so that only its questions find it. None of their text
// is part of the project; PARLEY_DATASETS names the folder that has them. PARLEY_ENCODER names the folder of a sentence encoder, which is judged beside sub-words.
//   node bin/launch.mjs --run bench/knowledge.ts
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Article } from '@parley/models/knowledge/article.ts'
import { evaluate } from '@parley/models/knowledge/evaluate.ts'
import { createLibrary } from '@parley/models/knowledge/library.ts'
import { type Meaning, subwords } from '@parley/models/knowledge/meaning.ts'
import { shown } from '@parley/models/train/card.ts'
import { openEncoderMeaning } from '@parley/server/article-meanings.ts'
import { DATA_FOLDER, OOS } from './models/data-sets.ts'

/** `none`: the label of what no answer is there for. */
const SETS = [
  {
    title: 'BANKING77, 10 questions an answer',
    file: 'banking77/uniform_fewshot.jsonl',
    train: 'train_10',
    testFile: 'banking77/uniform.jsonl',
    test: 'test',
  },
  {
    title: 'HINT3 Curekart',
    file: 'hint3/uniform.jsonl',
    train: 'curekart_train',
    testFile: 'hint3/uniform.jsonl',
    test: 'curekart_test',
    none: OOS,
  },
] as const

interface Row {
  readonly text: string
  readonly label: string
  readonly split: string
}

const encoder = process.env.PARLEY_ENCODER || undefined
const data = mkdtempSync(join(tmpdir(), 'bench-knowledge-'))
process.on('exit', () => rmSync(data, { recursive: true, force: true }))
const opened = encoder === undefined ? undefined : await openEncoderMeaning(data, encoder, { onFailure: error => console.error(error) })

for (const set of SETS) {
  const [file, testFile] = [set.file, set.testFile].map(name => join(DATA_FOLDER, name)) as [string, string] // two names
  if (!existsSync(file) || !existsSync(testFile)) {
    console.log(`${set.title}: not run, the set is not here (PARLEY_DATASETS names the folder that has it)`)
    continue
  }
  const none = 'none' in set ? set.none : undefined
  const train = rowsIn(file, set.train).filter(({ label }) => label !== none)
  const asked = rowsIn(testFile, set.test).map(({ text, label }) => ({ question: text, article: label === none ? null : label }))
  console.log(
    `${set.title}: ${new Set(train.map(({ label }) => label)).size} answers, ${train.length} questions to find them by, ${asked.length} asked`,
  )
  await play('words and sub-words', subwords, articlesOf(train), asked)
  if (opened) await play(`words and the encoder ${encoder}`, opened.meaning, articlesOf(train), asked)
  else console.log('  words and an encoder: not run, PARLEY_ENCODER names none')
}
await opened?.close()

async function play(
  by: string,
  meaning: Meaning,
  articles: readonly Article[],
  asked: readonly { readonly question: string; readonly article: string | null }[],
): Promise<void> {
  const began = performance.now()
  const library = await createLibrary(articles, meaning)
  const built = performance.now() - began
  const times: number[] = []
  let last = performance.now()
  const { all } = await evaluate(library, asked, 'en', () => {
    const now = performance.now()
    times.push(now - last)
    last = now
  })
  times.sort((a, b) => a - b)
  const at = (share: number): number => times[Math.floor(times.length * share)] ?? 0
  console.log(`  ${by}; ${all.answerable} have an answer`)
  console.log(`    first ${shown(all.recallAt1)}, first three ${shown(all.recallAt3)}, MRR ${all.meanReciprocalRank.value.toFixed(3)}`)
  console.log(
    `    answered rightly ${shown(all.rightAnswers)}, wrongly ${shown(all.wrongAnswers)} of all, ${shown(all.wrongOfAnswered)} of answered; silent ${shown(all.abstained)}`,
  )
  console.log(`    made in ${built.toFixed(0)} ms; a search p50 ${at(0.5).toFixed(2)} ms, p99 ${at(0.99).toFixed(2)} ms`)
}

function rowsIn(file: string, split: string): readonly Row[] {
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter(line => line !== '')
    .map(line => JSON.parse(line) as Row) // as SOURCE.md says
    .filter(row => row.split === split)
}

function articlesOf(rows: readonly Row[]): readonly Article[] {
  const questions = Map.groupBy(rows, ({ label }) => label)
  return [...questions].map(([label, known]) => ({
    id: label,
    title: 'answer',
    action: 'PRODUCT_INFO',
    language: 'en',
    questions: known.map(({ text }) => text),
    passages: [{ heading: '', text: 'answer' }],
  }))
}
