// Everything that is said of an ensemble on turns of which it is known what they are about, as one plain value.
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import { type ActionFigures, type Cell, confusionMatrix, figuresByAction } from './by-action.ts'
import { figuresByRule, type RuleFigures } from './by-rule.ts'
import { type FirstVote, figuresByVoter, type VoterFigures } from './by-voter.ts'
import { levelOf, MEASURES, type MeasureName, measuresOf } from './measures.ts'
import { isRight, type JudgedTurn, type System } from './outcome.ts'
import {
  type Difference,
  type Draw,
  differenceOf,
  drawConversations,
  type Estimate,
  estimateOf,
  type Sampled,
  sampled,
} from './resample.ts'
import { riskWithin, type Within } from './risk-within.ts'
import { type CoveragePoint, type Level, reliabilityOf, riskCoverage, type Threshold, thinned, thresholdFor } from './sureness.ts'

/** What other ensembles are compared by. */
export const COMPARED = ['accuracy', 'macroF1', 'abstention', 'wrongAnswers', 'costPer1000'] as const satisfies readonly MeasureName[]
export type Compared = (typeof COMPARED)[number]

export interface Rival extends System {
  readonly kind: 'majority' | 'equal' | 'alone' | 'without'
}

export interface Judgement {
  readonly turns: readonly JudgedTurn[]
  readonly judged: System
  readonly rivals: readonly Rival[]
  /** Actions that a person always takes. */
  readonly alwaysPerson: readonly ActionId[]
  /** By turn. */
  readonly votes: readonly (readonly FirstVote[])[]
  /** Of voters that the ensemble hears. */
  readonly weights: Readonly<Record<string, Readonly<Record<Language, number>>>>
  /** Shares of right answers for which a threshold is looked for. */
  readonly precisions: readonly number[]
  /** Numbers in [0, 1). */
  readonly random: () => number
  /** Called as the work goes on, with the share that is done. */
  readonly onProgress?: (share: number) => void
}

export interface RivalFigures {
  readonly name: string
  readonly kind: Rival['kind']
  readonly figures: Readonly<Record<Compared, Estimate>>
  /** The ensemble's figure less the rival's. */
  readonly against: Readonly<Record<Compared, Difference>>
}

export interface Slice {
  readonly by: 'language' | 'length' | 'source'
  readonly name: string
  readonly turns: number
  readonly figures: Readonly<Record<Compared, Estimate>>
}

export interface Report {
  readonly ensemble: string
  readonly turns: number
  readonly conversations: number
  readonly draws: number
  readonly headlines: Readonly<Record<MeasureName, Estimate>>
  /** Turns that a rule gave to a person: an action that a person always takes, or a risk. Of these, those that were taken for what they are about. */
  readonly byRule: { readonly turns: number; readonly right: number; readonly rules: readonly RuleFigures[] }
  /** `within`: intervals of precision and recall. */
  readonly actions: readonly (ActionFigures & { readonly within: Readonly<Record<'precision' | 'recall', Within>> })[]
  readonly confusions: readonly Cell[]
  /** `reached`: its accuracy. */
  readonly reliability: readonly (Level & { readonly reached: Estimate })[]
  /** `within`: its risk. */
  readonly riskCoverage: readonly (CoveragePoint & { readonly within: Within })[]
  readonly thresholds: readonly (Threshold & { readonly reached: Estimate })[]
  /** Wanted, and reached with no threshold. */
  readonly unreached: readonly number[]
  readonly voters: readonly (VoterFigures & { readonly weight: Readonly<Record<Language, number>> | null })[]
  /** Among the rivals, the voter by itself that is right most often. */
  readonly bestAlone: string | null
  readonly rivals: readonly RivalFigures[]
  readonly slices: readonly Slice[]
}

const POINTS = 100

export function reportOn({
  turns,
  judged,
  rivals,
  alwaysPerson,
  votes,
  weights,
  precisions,
  random,
  onProgress = () => {},
}: Judgement): Report {
  const conversations = turns.map(({ conversation }) => conversation)
  const draws = drawConversations(conversations, random)
  const steps = rivals.length + 2
  const own = samplesOf(judged, MEASURES, turns, draws)
  onProgress(1 / steps)
  const compared = rivals.map((rival, i): RivalFigures => {
    const theirs = samplesOf(rival, COMPARED, turns, draws)
    onProgress((i + 2) / steps)
    return {
      name: rival.name,
      kind: rival.kind,
      figures: estimatesOf(theirs),
      against: mapped(theirs, (sample, name) => differenceOf(own[name], sample)),
    }
  })
  const curve = riskCoverage(turns, judged.outcomes)
  const points = thinned(curve, POINTS)
  const within = riskWithin(turns, judged.outcomes, points, draws)
  const thresholds = precisions.flatMap(wanted => thresholdFor(curve, wanted) ?? [])
  const ruled = judged.outcomes.flatMap(({ done }, i) => (done === 'by rule' ? [i] : []))
  const rightAmong = (isAmong: (of: { readonly said: ActionId | null; readonly right: ActionId }) => boolean): Within => {
    const rows = turns.flatMap(({ right }, i) => (isAmong({ right, said: judged.outcomes[i]!.said }) ? [i] : [])) // an outcome a turn
    const { low, high } = accuracyOn(rows, judged, turns, draws)
    return { low, high }
  }
  return {
    ensemble: judged.name,
    turns: turns.length,
    conversations: new Set(conversations).size,
    draws: draws.length,
    headlines: estimatesOf(own),
    byRule: {
      turns: ruled.length,
      right: ruled.filter(i => isRight(turns[i]!, judged.outcomes[i]!)).length, // places of turns
      rules: figuresByRule(turns, judged.outcomes, alwaysPerson),
    },
    actions: figuresByAction(turns, judged.outcomes).map(each => ({
      ...each,
      within: { precision: rightAmong(of => of.said === each.action), recall: rightAmong(of => of.right === each.action) },
    })),
    confusions: confusionMatrix(turns, judged.outcomes),
    reliability: reliabilityOf(turns, judged.outcomes).map((level, i) => ({
      ...level,
      reached: accuracyWhere(confidence => levelOf(confidence) === i, judged, turns, draws),
    })),
    riskCoverage: points.map((point, i) => ({ ...point, within: within[i]! })), // one a point
    thresholds: thresholds.map(found => ({
      ...found,
      reached: accuracyWhere(confidence => confidence >= found.threshold, judged, turns, draws),
    })),
    unreached: precisions.filter(wanted => !thresholds.some(({ precision }) => precision === wanted)),
    voters: figuresByVoter(turns, votes).map(each => ({ ...each, weight: weights[each.voter] ?? null })),
    bestAlone: bestOf(compared.filter(({ kind }) => kind === 'alone')),
    rivals: compared,
    slices: slicesOf(turns).map(({ rows, ...slice }) => ({
      ...slice,
      turns: rows.length,
      figures: estimatesOf(samplesOf(judged, COMPARED, turns, draws, rows)),
    })),
  }
}

type Samples<Name extends MeasureName> = Readonly<Record<Name, Sampled>>

function samplesOf<Name extends MeasureName>(
  { outcomes }: System,
  names: readonly Name[],
  turns: readonly JudgedTurn[],
  draws: readonly Draw[],
  rows?: readonly number[],
): Samples<Name> {
  const measures = measuresOf(turns, outcomes, rows)
  return Object.fromEntries(
    names.map(name => [
      name,
      sampled(
        measures[name],
        turns.map(({ conversation }) => conversation),
        draws,
      ),
    ]),
  ) as Samples<Name> // its names
}

const mapped = <Name extends MeasureName, T>(samples: Samples<Name>, of: (sample: Sampled, name: Name) => T): Readonly<Record<Name, T>> =>
  Object.fromEntries((Object.keys(samples) as Name[]).map(name => [name, of(samples[name], name)])) as Record<Name, T> // its names

const estimatesOf = <Name extends MeasureName>(samples: Samples<Name>): Readonly<Record<Name, Estimate>> => mapped(samples, estimateOf)

/** Of turns of which something was said, as surely as is asked for. */
function accuracyWhere(
  isAsked: (confidence: number) => boolean,
  judged: System,
  turns: readonly JudgedTurn[],
  draws: readonly Draw[],
): Estimate {
  const rows = judged.outcomes.flatMap(({ said, confidence }, i) => (said !== null && isAsked(confidence) ? [i] : []))
  return accuracyOn(rows, judged, turns, draws)
}

function accuracyOn(rows: readonly number[], { outcomes }: System, turns: readonly JudgedTurn[], draws: readonly Draw[]): Estimate {
  return estimateOf(
    sampled(
      measuresOf(turns, outcomes, rows).accuracy,
      turns.map(({ conversation }) => conversation),
      draws,
    ),
  )
}

function bestOf(alone: readonly RivalFigures[]): string | null {
  const accuracy = ({ figures }: RivalFigures): number => figures.accuracy.value ?? 0
  return alone.reduce<RivalFigures | null>((best, each) => (best && accuracy(best) >= accuracy(each) ? best : each), null)?.name ?? null
}

/** A slice that is the whole says nothing and is left out. */
function slicesOf(turns: readonly JudgedTurn[]): readonly (Pick<Slice, 'by' | 'name'> & { readonly rows: readonly number[] })[] {
  const by = (kind: Slice['by'], nameOf: (turn: JudgedTurn) => string) =>
    [...Map.groupBy(turns.keys(), row => nameOf(turns[row]!))] // its own keys
      .filter(([name, rows]) => name !== '' && rows.length < turns.length)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, rows]) => ({ by: kind, name, rows }))
  return [...by('language', ({ language }) => language), ...by('length', lengthOf), ...by('source', ({ source }) => source)]
}

/** Words of English, characters of Chinese. */
const SHORT = { zh: 6, en: 4 } as const
const MIDDLING = { zh: 18, en: 12 } as const

function lengthOf({ text, language }: JudgedTurn): string {
  const length = language === 'zh' ? [...text.replaceAll(/\s/g, '')].length : text.trim().split(/\s+/).length
  return length <= SHORT[language] ? '1 short' : length <= MIDDLING[language] ? '2 middling' : '3 long'
}
