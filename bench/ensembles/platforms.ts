// Votes that none of us made: what five platforms answered to a live shop's questions, with their scores. Best single platform, majority, and a plain stacked
// regression stand beside our fusion. Every choice is made on the training folds, the published way of choosing a threshold on the test aside.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Situation } from '@parley/core/ports/ensemble.ts'
import { EnsembleFile } from '@parley/ensembles/ensemble-file.ts'
import { OUT_OF_SCOPE } from '@parley/ensembles/evaluation/outcome.ts'
import { judge } from '@parley/ensembles/tune/judge.ts'
import { tune } from '@parley/ensembles/tune/tune.ts'
import type { TurnToFit } from '@parley/ensembles/tune/turn-to-fit.ts'
import { createRandom } from '@parley/models/train/random.ts'
import { DATA_FOLDER } from '../models/data-sets.ts'
import { foldsOf } from './folds.ts'
import { fitSoftmax, type Row } from './softmax-regression.ts'

export const PLATFORMS = ['bert', 'dialogflow', 'haptik', 'luis', 'rasa'] as const
type Platform = (typeof PLATFORMS)[number]

interface Answer {
  readonly action: string
  readonly score: number
}

export interface Question {
  readonly right: string
  readonly answers: Readonly<Record<Platform, Answer>>
}

const NONE = 'NO_NODES_DETECTED'
const nameOf = (label: string): string => (label === NONE ? OUT_OF_SCOPE : label)

/** Undefined where the set is not here. Without their words. */
export function readQuestions(): readonly Question[] | undefined {
  const tables = PLATFORMS.map(platform => {
    try {
      return tableIn(readFileSync(join(DATA_FOLDER, 'hint3', 'preds', `${platform}_curekart.csv`), 'utf8')).slice(1)
    } catch {
      return undefined
    }
  })
  const [first] = tables
  if (!first || tables.includes(undefined)) return undefined
  return first.map(([, label], i) => {
    const answer = (table: number): Answer => {
      const [, , action = '', score = ''] = tables[table]![i]! // of the same questions
      return { action: nameOf(action), score: Number(score) }
    }
    return {
      right: nameOf(label!),
      answers: Object.fromEntries(PLATFORMS.map((platform, v) => [platform, answer(v)])) as Question['answers'],
    } // all of them
  })
}

/** Rows of four cells, quoted where they hold commas or line ends. */
function tableIn(text: string): readonly (readonly string[])[] {
  const rows: string[][] = []
  let row: string[] = []
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n|$)/g)) {
    row.push(quoted?.replaceAll('""', '"') ?? plain ?? '')
    if (end === ',') continue
    if (row.length >= 4) rows.push(row)
    row = []
  }
  return rows
}

export const FOLDS = 10

/** By system: what it said of each question. */
export type Said = Readonly<Record<string, readonly string[]>>

export function fusePlatforms(questions: readonly Question[], seed: number): Said {
  const places = foldsOf(
    questions.map((_, i) => `question ${i}`),
    FOLDS,
  )
  const domain = [
    ...new Set(questions.flatMap(({ right, answers }) => [right, ...PLATFORMS.map(each => answers[each].action)])),
    OUT_OF_SCOPE,
  ]
  const actions = [...new Set(domain)].sort()
  const said: Record<string, string[]> = {}
  const put = (system: string, row: number, action: string): void => {
    said[system] ??= []
    said[system][row] = action
  }
  for (let fold = 0; fold < FOLDS; fold++) {
    const known = questions.filter((_, i) => places[i] !== fold)
    const asked = [...questions.keys()].filter(i => places[i] === fold)
    const thresholds = thresholdsOn(known)
    const best = PLATFORMS.reduce((a, b) => (thresholds[b].right > thresholds[a].right ? b : a))
    const stacked = stackOn(known, actions)
    const tuned = tune({
      turns: known.map(turnOf),
      situation: situationOf(actions),
      inForce: EVENLY,
      random: createRandom(seed),
      languages: 'together',
    })
    for (const row of asked) {
      const question = questions[row]! // its own key
      put('best single platform', row, above(question.answers[best], thresholds[best].from))
      put(
        'majority of answers',
        row,
        majority(question, () => 0),
      )
      put(
        'majority, each above its threshold',
        row,
        majority(question, platform => thresholds[platform].from),
      )
      put('four of five agree, else out of scope', row, agreed(question, 4))
      put('stacked logistic regression', row, stacked(question))
      for (const [name, file] of Object.entries(tuned.files)) put(`ours, ${name}`, row, judgedBy(file, question, actions))
      put('ours, tuned', row, judgedBy(tuned.file, question, actions))
    }
  }
  const atBest = thresholdsOn(questions)
  const published = PLATFORMS.reduce((a, b) => (atBest[b].right > atBest[a].right ? b : a))
  said['best single platform, threshold chosen on the test'] = questions.map(({ answers }) =>
    above(answers[published], atBest[published].from),
  )
  return said
}

const above = ({ action, score }: Answer, threshold: number): string => (score >= threshold ? action : OUT_OF_SCOPE)

/** By platform: the threshold with which most of it is right, and how much that is. */
function thresholdsOn(questions: readonly Question[]) {
  return Object.fromEntries(
    PLATFORMS.map(platform => {
      const mine = questions.map(({ right, answers }) => ({ ...answers[platform], right })).sort((a, b) => b.score - a.score)
      let right = mine.filter(each => each.right === OUT_OF_SCOPE).length
      let best = { from: Number.POSITIVE_INFINITY, right }
      for (const [i, each] of mine.entries()) {
        if (each.action === each.right) right++
        if (each.right === OUT_OF_SCOPE) right--
        const next = mine[i + 1]?.score
        if (next !== each.score && right > best.right) best = { from: next === undefined ? each.score : (each.score + next) / 2, right }
      }
      return [platform, best]
    }),
  ) as Readonly<Record<Platform, { readonly from: number; readonly right: number }>> // all of them
}

/** Of what is above its threshold; the surest of those that have as many. */
function majority({ answers }: Question, threshold: (platform: Platform) => number): string {
  const votes = new Map<string, number>()
  for (const platform of PLATFORMS) {
    const { score } = answers[platform]
    const action = above(answers[platform], threshold(platform))
    votes.set(action, (votes.get(action) ?? 0) + 1 + score / 1_000)
  }
  return [...votes].reduce((a, b) => (b[1] > a[1] ? b : a))[0]
}

function agreed({ answers }: Question, least: number): string {
  const counts = Map.groupBy(PLATFORMS, platform => answers[platform].action)
  return [...counts].find(([, who]) => who.length >= least)?.[0] ?? OUT_OF_SCOPE
}

/** By platform and action: that it was said, and with which score. */
function stackOn(known: readonly Question[], actions: readonly string[]): (question: Question) => string {
  const rowOf = ({ answers }: Question): Row => {
    const said = PLATFORMS.map((platform, v) => ({
      place: 2 * (v * actions.length + actions.indexOf(answers[platform].action)),
      score: answers[platform].score,
    }))
    return { places: said.flatMap(({ place }) => [place, place + 1]), values: said.flatMap(({ score }) => [1, score]) }
  }
  const scores = fitSoftmax(
    known.map(rowOf),
    known.map(({ right }) => actions.indexOf(right)),
    { width: 2 * PLATFORMS.length * actions.length, classes: actions.length, pull: 1e-3, rounds: 150 },
  )
  return question => {
    const own = scores(rowOf(question))
    return actions[own.indexOf(Math.max(...own))]! // one of them
  }
}

/** A platform that says it knows nothing says so surely enough to be heard. */
const LEAST_SURE = 0.5

const turnOf = ({ right, answers }: Question, conversation: number): TurnToFit => ({
  conversation,
  language: 'en',
  right,
  ballots: PLATFORMS.map(voter => {
    const { action, score } = answers[voter]
    return {
      voter,
      version: '1',
      abstained: false,
      ms: 0,
      votes: [{ action, confidence: action === OUT_OF_SCOPE ? Math.max(score, LEAST_SURE) : score }],
    }
  }),
})

/** A wrong answer is a wrong answer: nothing is asked back or handed over. */
const situationOf = (domain: readonly string[]): Situation => ({
  domain,
  alwaysPerson: [],
  costs: { wrongAnswer: 1, clarify: 100, handoff: 100, severity: {} },
})

/** What is fitted begins with everybody alike. */
const EVENLY = EnsembleFile.parse({
  name: 'platforms',
  version: 1,
  voters: Object.fromEntries(PLATFORMS.map(voter => [voter, { weight: { zh: 0.5, en: 0.5 } }])),
})

const judgedBy = (file: EnsembleFile, question: Question, actions: readonly string[]): string =>
  judge(file, [turnOf(question, 0)], situationOf(actions))[0]!.said // one a turn
