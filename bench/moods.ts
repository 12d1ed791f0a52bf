// What the shipped sentiment model's moods and urgency are worth on turns that others wrote: turns of this project that were written for other ends
// and given moods afterwards, and, for orientation, public sets with other questions (PARLEY_DATASETS), of which the weights have seen nothing.
//   npm run bench:moods
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { MOODS as TURNS } from '@parley/core/dialogue/frame.ts'
import { trendOf } from '@parley/core/dialogue/patience.ts'
import type { Mood } from '@parley/models/mood-answer.ts'
import { bootstrap, type Interval, shareOf } from '@parley/models/train/intervals.ts'
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { areaUnder } from './area.ts'
import { type Felt, feelOf, sentimentModel } from './feel.ts'
import { machine } from './machine.ts'
import { DATA_FOLDER, readDataSet, SOURCES } from './models/data-sets.ts'
import { macroF1 } from './models/measures.ts'

const SEED = 1
/** From where a text presses. */
const PRESSES = 0.5

const feel = (texts: readonly string[], language: Language): Promise<readonly Felt[]> => feelOf(language)(texts)

console.log(JSON.stringify({ ...machine(), model: sentimentModel.version }))
console.log('\nturns of this project, with moods given afterwards')
for (const [locale, language] of [
  ['zh-CN', 'zh'],
  ['en', 'en'],
] as const)
  await ownTurns(locale, language)

console.log('\nreviews: whether the mood is above 0 where the review is positive; area under the curve')
for (const name of ['online_shopping', 'chnsenticorp', 'sst2'] as const) await reviews(name)

console.log('\nsatisfaction with single turns: area under the curve for the dissatisfied ones')
for (const [folder, language] of [
  ['jddc_satisfaction_zh', 'zh'],
  ['sgd_satisfaction', 'en'],
] as const)
  await satisfaction(folder, language)

async function ownTurns(locale: string, language: Language): Promise<void> {
  const rows = readFileSync(new URL(`../test/transcripts/moods.${locale}.tsv`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split('\t') as [mood: Mood, urgency: string, text: string]) // as the file is
  const truth = rows.map(([mood]) => mood)
  const felt = await feel(
    rows.map(([, , text]) => text),
    language,
  )
  const said = felt.map(({ step }) => step)
  const isBad = (mood: Mood): boolean => mood === 'furious' || mood === 'unhappy'
  console.log(
    `  ${language}  ${rows.length} turns  five steps ${shown(shareOf(countRight(said, truth), rows.length))}, macro-F1 ${shown(macroF1(said, truth, SEED))}`,
  )
  const angry = areaOf(
    felt.map(({ mood }) => -mood),
    truth.map(isBad),
  )
  const pressing = rows.map(([, urgency]) => urgency === 'now')
  const urgent = felt.map(({ urgency }) => urgency)
  const raised = urgent.filter((value, i) => value >= PRESSES && !pressing[i]).length
  const caught = urgent.filter((value, i) => value >= PRESSES && pressing[i]).length
  console.log(
    `      out of humour (${truth.filter(isBad).length}): area ${shown(angry)}; pressing (${pressing.filter(Boolean).length}): area ${shown(areaOf(urgent, pressing))}, ${caught} found, ${raised} for nothing`,
  )
}

async function reviews(name: 'online_shopping' | 'chnsenticorp' | 'sst2'): Promise<void> {
  const set = readDataSet(SOURCES[name])
  if (typeof set === 'string') return console.log(`  ${name}: not run: ${set}`)
  const felt = await feel(
    set.test.map(({ text }) => text),
    SOURCES[name].language,
  )
  const isGood = set.test.map(({ label }) => label === 'positive')
  const right = felt.filter(({ mood }, i) => mood > 0 === isGood[i]).length
  const area = areaOf(
    felt.map(({ mood }) => mood),
    isGood,
  )
  console.log(`  ${name.padEnd(14)} ${set.test.length} reviews  right ${shown(shareOf(right, felt.length))}, area ${shown(area)}`)
}

async function satisfaction(folder: string, language: Language): Promise<void> {
  const Line = z.object({
    text: z.string(),
    label: z.string(),
    dialogue: z.string(),
    history: z.array(z.object({ role: z.string(), text: z.string() })),
  })
  let file: string
  try {
    file = readFileSync(join(DATA_FOLDER, folder, 'uniform.jsonl'), 'utf8')
  } catch {
    return console.log(`  ${folder}: not run: it is not here (PARLEY_DATASETS names the folder that has it)`)
  }
  const rows = file
    .trim()
    .split('\n')
    .map(line => Line.parse(JSON.parse(line)))
    .filter(({ text }) => text !== 'OVERALL')
  // The turns of a window, the judged one last.
  const windows = rows.map(({ history, text }) => {
    const turns = history.filter(({ role }) => role === 'user').map(turn => turn.text)
    return (turns.at(-1) === text ? turns : [...turns, text]).slice(-TURNS)
  })
  const all = [...new Set(windows.flat())]
  const felt = await feel(all, language)
  const moodBy = new Map(all.map((text, i) => [text, felt[i]!.mood])) // one each
  const moods = windows.map(window => window.map(text => moodBy.get(text) ?? 0))
  const isBad = rows.map(({ label }) => label === 'dissatisfied')
  const dialogues = [...new Set(rows.map(({ dialogue }) => dialogue))]
  const placeOf = new Map(dialogues.map((dialogue, i) => [dialogue, i]))
  const groups = rows.map(({ dialogue }) => placeOf.get(dialogue) ?? 0)
  const mood = moods.map(window => -(window.at(-1) ?? 0))
  const trend = moods.map(window => -(trendOf(window) ?? 0))
  const lately = moods.map(window => -window.reduce((sum, each) => sum + each, 0) / window.length)
  console.log(
    `  ${folder.padEnd(22)} ${rows.length} turns, ${isBad.filter(Boolean).length} dissatisfied  mood ${shown(areaOf(mood, isBad, groups))}  trend ${shown(areaOf(trend, isBad, groups))}  mean of the last turns ${shown(areaOf(lately, isBad, groups))}`,
  )
}

function countRight(said: readonly string[], truth: readonly string[]): number {
  return said.filter((each, i) => each === truth[i]).length
}

/** Whole groups are drawn for the interval. */
function areaOf(values: readonly number[], isSo: readonly boolean[], groups: readonly number[] = values.map((_, i) => i)): Interval {
  return bootstrap(groups, areaUnder(values, isSo), SEED)
}

function shown({ value, low, high }: Interval): string {
  const percent = (share: number): string => (100 * share).toFixed(1)
  return `${percent(value)} (${percent(low)} to ${percent(high)})`
}
