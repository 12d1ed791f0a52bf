// An ensemble with other weights and other costs, tried on a set whose votes are there: the figures of an evaluation, by the same arithmetic, and the turns
// that a customer would get otherwise.
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { RecordedVotes } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import type { Trial, TrialChange } from '@parley/core/protocol/studio.ts'
import { GROUPS, type Group, groupOf, type Side } from '@parley/ensembles/comparison/group.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { EnsembleFile, ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { MEASURES, type MeasureName, measuresOf } from '@parley/ensembles/evaluation/measures.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { type Draw, differenceOf, drawConversations, rounded, type Sampled, sampled } from '@parley/ensembles/evaluation/resample.ts'
import { reweighed, type Weights } from '@parley/ensembles/reweigh.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { Brain } from '../brain.ts'
import { costOf, judgedTurns, languageOf, outcomeOf } from '../evaluation/evaluate-ensemble.ts'
import { type Prepared, playPrepared, prepare } from '../evaluation/play-dialogues.ts'
import type { DialogueToJudge } from '../evaluation/read-turns.ts'

export interface Tried {
  readonly ensemble: ParsedEnsemble
  readonly weights: Weights
  /** Null: the shop's own. */
  readonly costs: Costs | null
}
export interface Costs {
  readonly wrongAnswer: number
  readonly clarify: number
  readonly handoff: number
}
export type TrialResult = Omit<Extract<Trial, { readonly state: 'ready' }>, 'asked' | 'state' | 'settings' | 'ms'>

export interface TrialSet {
  try(tried: Tried): Promise<TrialResult>
}

/** As of an evaluation's default. */
const SEED = 1
const EXAMPLES = 20
/** Of which the difference is told with its interval. */
const COMPARED = ['accuracy', 'abstention', 'wrongAnswers', 'costPer1000'] as const satisfies readonly MeasureName[]
type Compared = (typeof COMPARED)[number]
type Measures = ReturnType<typeof measuresOf>
type Samples = Readonly<Partial<Record<Compared, Sampled>>>

/** Ensembles as they are, of which the outcomes are kept: what is looked at beside what. */
const KEPT = 4

/** What one ensemble makes of one turn; with what its cost is worked out from. */
interface PlayedTurn {
  readonly outcome: Outcome
  readonly side: Side
  readonly decision: Pick<RecordedDecision, 'disposition' | 'action' | 'options' | 'situation'>
}

/** An ensemble with the shop's own costs. */
interface AsItIs {
  readonly played: readonly PlayedTurn[]
  readonly measures: Measures
  readonly samples: Samples
}

/** `votes`: of each dialogue. */
export async function openTrialSet(
  dialogues: readonly DialogueToJudge[],
  votes: readonly (readonly RecordedVotes[])[],
  shop: Shop,
  stages: Brain['stages'],
): Promise<TrialSet> {
  const prepared: Prepared[] = []
  for (const [i, dialogue] of dialogues.entries()) prepared.push(await prepare(dialogue, votes[i]!, shop, stages)) // the votes of each
  let turns: readonly JudgedTurn[] = []
  let draws: readonly Draw[] = []
  const kept = new Map<string, AsItIs>()

  async function play(file: EnsembleFile, version: string, priced: Shop): Promise<readonly PlayedTurn[]> {
    const fused: Ensemble = ensembleOf({ file, version })
    const played: PlayedTurn[] = []
    const languages: JudgedTurn['language'][] = []
    for (const each of prepared) {
      const decisions = await playPrepared(each, fused, priced, stages)
      for (const [at, { text, right }] of each.dialogue.turns.entries()) {
        if (right === undefined) continue
        const decision = decisions[at]! // a decision a turn
        const outcome = outcomeOf({ decision, text, right, hears: fused.hears }, priced)
        const { disposition, action, options, situation } = decision
        const { said, confidence, done, rules } = outcome
        played.push({ outcome, side: { said, confidence, done, rules, options }, decision: { disposition, action, options, situation } })
        languages.push(languageOf(decision))
      }
    }
    if (turns.length === 0) {
      turns = judgedTurns(dialogues).map((turn, i) => ({ ...turn, language: languages[i]! })) // one a judged turn
      draws = drawConversations(
        turns.map(({ conversation }) => conversation),
        createRandom(SEED),
      )
    }
    return played
  }

  /** With the shop's costs. */
  async function asItIs({ file, version }: ParsedEnsemble): Promise<AsItIs> {
    const found = kept.get(version) ?? withSamples(await play(file, version, shop))
    kept.delete(version)
    kept.set(version, found)
    if (kept.size > KEPT) kept.delete([...kept.keys()][0]!) // there is a first
    return found
  }

  function withSamples(played: readonly PlayedTurn[]): AsItIs {
    const measures = measuresOf(turns, outcomesOf(played))
    return { played, measures, samples: samplesOf(measures) }
  }

  const samplesOf = (measures: Measures, names: readonly Compared[] = COMPARED): Samples =>
    Object.fromEntries(names.map(name => [name, sampled(measures[name], conversations(), draws)]))

  const conversations = (): readonly number[] => turns.map(({ conversation }) => conversation)

  return {
    async try({ ensemble, weights, costs }) {
      const before = await asItIs(ensemble)
      const isChanged = costs !== null || Object.keys(weights).length > 0
      const priced = costs === null ? shop : withCosts(shop, costs)
      const now = isChanged ? await play(reweighed(ensemble.file, weights), ensemble.version, priced) : before.played
      const whole = new Uint16Array(turns.length).fill(1)
      const [was, is] = [before.measures, isChanged ? measuresOf(turns, outcomesOf(now)) : before.measures]
      const value = (of: Measures, name: MeasureName): number | null => {
        const found = of[name](whole)
        return Number.isNaN(found) ? null : rounded(found)
      }
      return {
        turns: turns.length,
        conversations: new Set(conversations()).size,
        figures: Object.fromEntries(MEASURES.map(name => [name, { before: value(was, name), now: value(is, name) }])),
        differences: differences(costs === null ? before.samples : pricedAgain(before, costs), samplesOf(is)),
        changed: changesOf(before.played, now),
      }
    },
  }

  /** What the same decisions would have come to at these costs. */
  function pricedAgain({ played, samples }: AsItIs, costs: Costs): Samples {
    const outcomes = played.map(({ decision, outcome }, i) => {
      const situation = { ...decision.situation, costs: { ...decision.situation.costs, ...costs } }
      return { ...outcome, cost: costOf({ ...decision, situation }, turns[i]!.right) } // of each turn
    })
    return { ...samples, ...samplesOf(measuresOf(turns, outcomes), ['costPer1000']) }
  }

  function changesOf(before: readonly PlayedTurn[], now: readonly PlayedTurn[]): TrialResult['changed'] {
    const found = new Map<Group, { turns: number; readonly examples: TrialChange[] }>()
    for (const [i, { line, text, right }] of turns.entries()) {
      const [a, b] = [before[i]!.side, now[i]!.side] // of each turn
      const group = groupOf(a, b, right)
      if (group === null) continue
      const those = found.get(group) ?? { turns: 0, examples: [] }
      found.set(group, those)
      those.turns++
      if (those.examples.length < EXAMPLES) those.examples.push({ place: `line ${line}`, text, right, before: shown(a), now: shown(b) })
    }
    return GROUPS.flatMap(group => {
      const those = found.get(group)
      return those ? [{ group, ...those }] : []
    })
  }
}

const differences = (before: Samples, now: Samples): TrialResult['differences'] =>
  Object.fromEntries(COMPARED.map(name => [name, differenceOf(now[name]!, before[name]!)])) // both have them

const outcomesOf = (played: readonly PlayedTurn[]): readonly Outcome[] => played.map(({ outcome }) => outcome)

const shown = ({ said, confidence, done }: Side): TrialChange['now'] => ({ said, confidence: rounded(confidence), done })

/** At all times the same, whatever the shop's are. */
export function withCosts({ handover: _handover, ...shop }: Shop, costs: Costs): Shop {
  return { ...shop, situation: { ...shop.situation, costs: { ...shop.situation.costs, ...costs } } }
}
