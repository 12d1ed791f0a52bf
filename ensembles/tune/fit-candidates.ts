// The ensembles that a tune chooses between, all fitted on the same turns: with the prior of these turns, and every voter calibrated on turns apart from those
// that its weight is fitted on.
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from '../ensemble-file.ts'
import { groundOf, mistakesOver, type Reading, readingOf, restOver } from '../ground.ts'
import { SIGNALS } from '../signals.ts'
import { type Evidence, evidenceOf, summed } from './evidence.ts'
import { fitByAction, lossByAction } from './fit-by-action.ts'
import {
  type Calibration,
  type Cast,
  chooseMethod,
  fitCalibration,
  learnMistakes,
  learnRest,
  type Method,
  type Voices,
} from './fit-calibration.ts'
import { fitWeights, lossOf } from './fit-weights.ts'
import { countPrior } from './learn-prior.ts'
import { selectGreedily } from './select-greedily.ts'
import { foldsOf, type TurnToFit } from './turn-to-fit.ts'

/** The simplest first. */
export const CANDIDATES = ['equal', 'greedy', 'stacked', 'by action'] as const
export type CandidateName = (typeof CANDIDATES)[number]

export interface FitParts {
  readonly turns: readonly TurnToFit[]
  readonly domain: readonly ActionId[]
  /** What is not fitted stays as it has it: the floor, and voters that vote on none of the turns. */
  readonly inForce: EnsembleFile
  readonly voters: readonly string[]
  /** Whether each language gets weights of its own. */
  readonly languages: 'apart' | 'together'
  /** Numbers in [0, 1). */
  readonly random: () => number
}

export interface Candidates {
  readonly files: Readonly<Record<CandidateName, EnsembleFile>>
  /** By voter: it alone, calibrated as in the others. */
  readonly alone: Readonly<Record<string, EnsembleFile>>
  readonly methods: Readonly<Record<string, Readonly<Record<Language, Method>>>>
}

export const LANGUAGES = ['zh', 'en'] as const satisfies readonly Language[]
/** Parts of the turns: each voter is calibrated on all but the one whose evidence is then weighed. */
const PARTS = 3
/** Strengths of pulls that are tried, the strongest first. */
const PULLS = { weights: [100, 10, 1], byAction: [50, 10, 2] } as const
/** Turns that a pull is chosen on, and that greedy selection looks at: more make it slow and no better. */
const [SOME, FEW] = [2_500, 1_500]
/** Fewer turns of a language get the weights of both. */
const LEAST_OF_LANGUAGE = 60
/** Where every voter's weight begins, as in the shipped ensemble. */
const HALF = 0.5

/** Gives, as it goes on, the share that is done. */
export function* fitCandidates(parts: FitParts): Generator<number, Candidates> {
  const { turns, domain, inForce, voters, random } = parts
  const prior = countPrior(turns, domain)
  const bare: EnsembleFile = { ...inForce, prior, priorOfTraffic: {}, signals: {} }
  const places = foldsOf(turns, PARTS, random)
  const cast = castBy(turns, voters, domain)
  const ground = groundOf(bare, domain)
  /** How to read each voter, by the turns that are in. */
  const learn = (isIn: (turn: number) => boolean, methodOf: (voter: string, language: Language, voices: Voices) => Method) =>
    record(voters, (voter): Learned => {
      const own = cast.get(voter)! // of its voters
      const those = byLanguage(language => own[language].filter(({ turn }) => isIn(turn)))
      const rest = learnRest([...those.zh, ...those.en], ground)
      const over = restOver(rest, domain, ground.prior)
      const mistakes = learnMistakes([...those.zh, ...those.en], ground, over)
      const mistakesHere = mistakesOver(mistakes, domain, over)
      const voices = byLanguage((language): Voices => ({ cast: those[language], ground, rest: over, mistakes: mistakesHere }))
      const methods = byLanguage(language => methodOf(voter, language, voices[language]))
      const calibration = byLanguage(language => fitCalibration(methods[language], voices[language]))
      const reading = byLanguage(language =>
        readingOf(calibration[language].knots, calibration[language].temperature, over, mistakesHere, ground.prior),
      )
      return { methods, calibration, rest, mistakes, reading }
    })
  const learned = learn(
    () => true,
    (_voter, _language, voices) => chooseMethod(voices),
  )
  yield 0.25
  const apart: Readonly<Record<string, Learned>>[] = []
  for (let part = 0; part < PARTS; part++) {
    apart.push(
      learn(
        turn => places[turn] !== part,
        (voter, language) => learned[voter]!.methods[language], // of all voters
      ),
    )
    yield 0.25 + 0.05 * (part + 1)
  }
  const evidence = evidenceOf(turns, bare, voters, domain, (voter, turn) => apart[places[turn]!]![voter]!.reading[turns[turn]!.language]) // of its turns and voters
  yield 0.45
  const all = [...turns.keys()]
  const file = (weightOf: (voter: string, language: Language) => number): EnsembleFile => withWeights(bare, learned, voters, weightOf)
  const groups = groupsOf(parts)
  const equal = fitWeights(summed(evidence), all, { towards: Float64Array.of(HALF), strength: 1 })[0]!
  const weighed = (weights: readonly Record<Language, number>[]): EnsembleFile =>
    file((voter, language) => weights[voters.indexOf(voter)]![language])
  const greedy = inGroups(groups, rows => selectGreedily(evidence, some(rows, FEW)))
  yield 0.6
  const stacked = stack(evidence, all, groups, places)
  yield 0.75
  const byAction = addByAction(weighed(stacked), evidence, parts, stacked, all, places)
  return {
    files: { equal: file(() => equal), greedy: weighed(greedy), stacked: weighed(stacked), 'by action': byAction },
    alone: Object.fromEntries(voters.map(voter => [voter, file(each => (each === voter ? 1 : 0))])),
    methods: record(voters, voter => learned[voter]!.methods), // of all voters
  }
}

interface Learned {
  readonly methods: Readonly<Record<Language, Method>>
  readonly calibration: Readonly<Record<Language, Calibration>>
  readonly rest: Readonly<Record<ActionId, number>>
  readonly mistakes: Readonly<Record<ActionId, Readonly<Record<ActionId, number>>>>
  readonly reading: Readonly<Record<Language, Reading>>
}

const record = <T>(voters: readonly string[], of: (voter: string) => T): Readonly<Record<string, T>> =>
  Object.fromEntries(voters.map(voter => [voter, of(voter)]))
const byLanguage = <T>(of: (language: Language) => T): Record<Language, T> => ({ zh: of('zh'), en: of('en') })

type PlacedCast = Cast & { readonly turn: number }

/** By voter and language, with their turns. */
function castBy(turns: readonly TurnToFit[], voters: readonly string[], domain: readonly ActionId[]) {
  const known = new Set(domain)
  const cast = new Map(voters.map(voter => [voter, byLanguage((): PlacedCast[] => [])]))
  for (const [turn, { ballots, language, right }] of turns.entries())
    for (const ballot of ballots)
      if (!ballot.abstained && ballot.votes.some(({ action }) => known.has(action)))
        cast.get(ballot.voter)?.[language].push({ ballot, right, turn })
  return cast
}

interface Groups {
  readonly all: readonly number[]
  /** Rows of the languages that get weights of their own. */
  readonly own: Readonly<Partial<Record<Language, readonly number[]>>>
}

function groupsOf({ turns, languages }: FitParts): Groups {
  const rowsOf = (language: Language): readonly number[] => [...turns.keys()].filter(row => turns[row]!.language === language) // its own keys
  const own = languages === 'together' ? [] : LANGUAGES.map(language => [language, rowsOf(language)] as const)
  return { all: [...turns.keys()], own: Object.fromEntries(own.filter(([, rows]) => rows.length >= LEAST_OF_LANGUAGE)) }
}

const byVoter = (weights: Readonly<Record<Language, Float64Array>>): readonly Record<Language, number>[] =>
  [...weights.zh].map((zh, v) => ({ zh, en: weights.en[v]! })) // one for each voter

function inGroups({ all, own }: Groups, fit: (rows: readonly number[]) => Float64Array): readonly Record<Language, number>[] {
  let together: Float64Array | undefined
  return byVoter(
    byLanguage(language => {
      const rows = own[language]
      if (rows) return fit(rows)
      together ??= fit(all)
      return together
    }),
  )
}

/** Evenly spread. */
function some(rows: readonly number[], most: number): readonly number[] {
  const step = Math.max(1, rows.length / most)
  return Array.from({ length: Math.min(rows.length, most) }, (_, i) => rows[Math.floor(i * step)]!) // an index below the length
}

/** Both languages together, pulled towards a half; each by itself, pulled towards that. */
function stack(
  evidence: Evidence,
  all: readonly number[],
  { own }: Groups,
  places: readonly number[],
): readonly Record<Language, number>[] {
  const half = new Float64Array(evidence.voters).fill(HALF)
  const fit = (rows: readonly number[], starts: readonly Float64Array[]): Float64Array => {
    const [fitted, tried] = split(some(rows, SOME), places)
    const [towards, strength] = best(
      starts.flatMap(towards => PULLS.weights.map(pull => [towards, pull] as const)),
      ([towards, pull]) =>
        // The fit at the end has more turns: in proportion the pull is as strong.
        lossOf(evidence, tried, fitWeights(evidence, fitted, { towards, strength: pull * Math.min(1, fitted.length / rows.length) })),
    )
    return fitWeights(evidence, rows, { towards, strength })
  }
  const together = fit(all, [half, bestAlone(evidence, some(all, FEW))])
  return byVoter(byLanguage(language => (own[language] ? fit(own[language], [together]) : together)))
}

/** The voter that tells most by itself with all the say, the others with none. */
function bestAlone(evidence: Evidence, rows: readonly number[]): Float64Array {
  const alone = Array.from({ length: evidence.voters }, (_, v) =>
    Float64Array.from({ length: evidence.voters }, (_, u) => (u === v ? 1 : 0)),
  )
  return best(alone, weights => lossOf(evidence, rows, weights))
}

/** The one of least loss; of equals the first. */
function best<T>(ways: readonly T[], lossOf: (way: T) => number): T {
  let [found, least] = [ways[0] as T, Number.POSITIVE_INFINITY] // there are some
  for (const way of ways) {
    const loss = lossOf(way)
    if (loss < least) [found, least] = [way, loss]
  }
  return found
}

/** Those of all parts but the first, and those of the first. */
const split = (rows: readonly number[], places: readonly number[]) =>
  [rows.filter(row => places[row] !== 0), rows.filter(row => places[row] === 0)] as const

function addByAction(
  file: EnsembleFile,
  evidence: Evidence,
  { turns, domain, voters }: FitParts,
  weights: readonly Record<Language, number>[],
  all: readonly number[],
  places: readonly number[],
): EnsembleFile {
  const weightOf = (voter: number, row: number): number => weights[voter]![turns[row]!.language] // of its rows and voters
  const [fitted, tried] = split(some(all, SOME), places)
  const strength = best(PULLS.byAction, pull =>
    lossByAction(evidence, tried, weightOf, fitByAction(evidence, fitted, weightOf, pull * Math.min(1, fitted.length / all.length))),
  )
  const { factors, signals } = fitByAction(evidence, all, weightOf, strength)
  const named = (from: number, values: Float64Array, rest: number): Record<ActionId, number> =>
    Object.fromEntries(
      domain.flatMap((action, a) => {
        const value = places2(values[from + a]!)
        return Math.abs(value - rest) < LITTLE ? [] : [[action, value] as const]
      }),
    )
  const shares = SIGNALS.map((name, k) => [name, named(k * domain.length, signals, 0)] as const)
  return {
    ...file,
    voters: {
      ...file.voters,
      ...Object.fromEntries(voters.map((voter, v) => [voter, { ...file.voters[voter]!, actions: named(v * domain.length, factors, 1) }])), // it has them
    },
    signals: Object.fromEntries(shares.filter(([, own]) => Object.keys(own).length > 0)),
  }
}
/** A factor so near to 1, or a share so near to 0, is left out. */
const LITTLE = 0.03
const places2 = (value: number): number => Math.round(value * 100) / 100
const places3 = (value: number): number => Math.round(value * 1000) / 1000

function withWeights(
  bare: EnsembleFile,
  learned: Readonly<Record<string, Learned>>,
  voters: readonly string[],
  weightOf: (voter: string, language: Language) => number,
): EnsembleFile {
  const own = voters.map(voter => {
    const { calibration, rest, mistakes } = learned[voter]! // of all voters
    return [
      voter,
      {
        weight: byLanguage(language => places3(weightOf(voter, language))),
        temperature: byLanguage(language => calibration[language].temperature),
        calibration: byLanguage(language => calibration[language].knots.map(([c, p]): [number, number] => [c, p])),
        rest: { ...rest },
        mistakes: structuredClone(mistakes) as Record<ActionId, Record<ActionId, number>>, // the file's own to change
        actions: {},
      },
    ] as const
  })
  const others = Object.entries(bare.voters).filter(([voter]) => !voters.includes(voter))
  return { ...bare, voters: { ...Object.fromEntries(others), ...Object.fromEntries(own) } }
}
