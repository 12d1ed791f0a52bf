// What an ensemble is worth on turns of which it is known what they are about: the votes of the shop's own voters, fused and decided on as in the server, beside
// majority vote, equal weights, every voter by itself, and all but one.
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import { type EnsembleFile, entryOf, type ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { type Rival, reportOn } from '@parley/ensembles/evaluation/report.ts'
import { alone, equalWeights, firstVote, majorityVote, without } from '@parley/ensembles/evaluation/variants.ts'
import type { Evaluation } from '@parley/ensembles/report-file.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { Brain } from '../brain.ts'
import { releaseHere } from '../project.ts'
import { collectVotes, playWith } from './play-dialogues.ts'
import type { DialogueToJudge } from './read-turns.ts'
import { openVoteCache } from './vote-cache.ts'

/** Shares of right answers for which a threshold is told unless one is asked for. */
export const PRECISIONS = [0.9, 0.95, 0.99]

export interface EvaluateParts {
  readonly dialogues: readonly DialogueToJudge[]
  readonly shop: Shop
  readonly stages: Brain['stages']
  readonly ensemble: ParsedEnsemble
  /** Of votes that were worked out before. */
  readonly cache: string
  readonly seed: number
  readonly precisions: readonly number[]
  readonly signal: AbortSignal
  readonly onProgress: (what: 'asking the voters' | 'judging', share: number) => void
}

export async function evaluateEnsemble(parts: EvaluateParts): Promise<Evaluation> {
  const { dialogues, shop, stages, ensemble, signal, onProgress } = parts
  const total = dialogues.reduce((sum, { turns }) => sum + turns.length, 0)
  const cache = openVoteCache(parts.cache, nameOfVoters(shop))
  const collected = await collectVotes(dialogues, shop, stages, cache, signal, done => onProgress('asking the voters', done / total))
  const judged = judgedTurns(dialogues)
  const voters = [...new Set(collected.votes.flat().flatMap(({ votes }) => votes.map(({ voter }) => voter)))].sort()
  const heard = voters.filter(voter => LANGUAGES.some(language => weightIn(ensemble.file, voter, language) > 0))
  const rivals = rivalsOf(ensemble.file, heard)
  /** A decision is large, and there are many: what is needed of it is taken at once. */
  const play = async <T>(fused: Ensemble, of: (played: Played) => T): Promise<readonly T[]> => {
    const played: T[] = []
    for (const [i, dialogue] of dialogues.entries()) {
      signal.throwIfAborted()
      const decisions = await playWith(dialogue, collected.votes[i]!, fused, shop, stages) // the votes of each dialogue
      for (const [at, { text, right }] of dialogue.turns.entries())
        if (right !== undefined) played.push(of({ decision: decisions[at]!, text, right, hears: fused.hears })) // a decision a turn
    }
    return played
  }
  // Half of the work is playing, half is drawing.
  const steps = 2 * (rivals.length + 1)
  const domain = shop.situation.domain
  const own = await play(ensembleOf(ensemble), played => ({
    outcome: outcomeOf(played, shop),
    language: languageOf(played.decision),
    votes: played.decision.votes.map(ballot => ({ voter: ballot.voter, action: firstVote(ballot, domain)?.action })),
  }))
  const systems: Rival[] = []
  for (const [i, { name, kind, fused }] of rivals.entries()) {
    onProgress('judging', (i + 1) / steps)
    systems.push({ name, kind, outcomes: await play(fused, played => outcomeOf(played, shop)) })
  }
  const report = reportOn({
    turns: judged.map((turn, i) => ({ ...turn, language: own[i]!.language })), // one a judged turn
    judged: { name: ensemble.version, outcomes: own.map(({ outcome }) => outcome) },
    rivals: systems,
    alwaysPerson: shop.situation.alwaysPerson,
    votes: own.map(({ votes }) => votes),
    weights: Object.fromEntries(heard.map(voter => [voter, entryOf(ensemble.file, voter)!.weight])), // they are heard
    precisions: parts.precisions,
    random: createRandom(parts.seed),
    onProgress: share => onProgress('judging', 0.5 + share / 2),
  })
  return { ...report, incomplete: collected.incomplete }
}

const LANGUAGES = ['zh', 'en'] as const satisfies readonly Language[]

const weightIn = (file: EnsembleFile, voter: string, language: Language): number => entryOf(file, voter)?.weight[language] ?? 0

export const languageOf = ({ locale }: RecordedDecision): Language => (locale === 'en' ? 'en' : 'zh')

/** A second stage is asked where the ensemble in force is in doubt: its votes are of that ensemble too. */
export function nameOfVoters(shop: Shop): string {
  const pools = shop.pools()
  const voters = pools.flatMap(pool => pool.voters.map(({ voter, version }) => [voter, version]))
  return JSON.stringify([
    releaseHere(),
    shop.packVersion,
    voters,
    pools.some(({ second }) => second !== undefined) ? shop.ensemble('').version : '',
  ])
}

function rivalsOf(file: EnsembleFile, voters: readonly string[]): readonly (Pick<Rival, 'name' | 'kind'> & { readonly fused: Ensemble })[] {
  const fused = (changed: EnsembleFile): Ensemble => ensembleOf({ file: changed, version: file.name })
  return [
    { name: 'majority vote', kind: 'majority', fused: majorityVote(file) },
    { name: 'equal weights', kind: 'equal', fused: fused(equalWeights(file, voters)) },
    ...voters.map(voter => ({ name: voter, kind: 'alone' as const, fused: fused(alone(file, voters, voter)) })),
    ...voters.map(voter => ({ name: voter, kind: 'without' as const, fused: fused(without(file, voters, voter)) })),
  ]
}

/** Without their languages, which the words say. */
export function judgedTurns(dialogues: readonly DialogueToJudge[]): readonly Omit<JudgedTurn, 'language'>[] {
  const numbers = new Map<string, number>()
  return dialogues.flatMap(({ line, conversation, source, turns }) => {
    const number = numbers.get(conversation) ?? numbers.size
    numbers.set(conversation, number)
    return turns.flatMap(({ text, right }) => (right === undefined ? [] : [{ conversation: number, line, text, source, right }]))
  })
}

interface Played {
  readonly decision: RecordedDecision
  readonly text: string
  readonly right: ActionId
  readonly hears: Ensemble['hears']
}

export function outcomeOf({ decision, text, right, hears }: Played, shop: Shop): Outcome {
  const said = isTold(decision, hears, shop) ? decision.action : null
  return {
    said,
    confidence: said === null ? 0 : decision.confidence,
    ...doneIn(decision, text, shop),
    brier: brierOf(decision.ranking, right),
    cost: costOf(decision, right),
  }
}

/** What answers an open question needs no vote. */
const isTold = ({ how, votes, clauseVotes = [], locale }: RecordedDecision, hears: Ensemble['hears'], { situation }: Shop): boolean =>
  (how !== undefined && how !== 'plain') ||
  [votes, ...clauseVotes].flat().some(ballot => hears(ballot.voter, locale === 'en' ? 'en' : 'zh') && firstVote(ballot, situation.domain))

function doneIn(decision: RecordedDecision, text: string, { risks, situation }: Shop): Pick<Outcome, 'done' | 'rules'> {
  if (decision.disposition === 'clarify') return { done: 'asked back', rules: [] }
  if (decision.disposition !== 'handoff') return { done: 'answered', rules: [] }
  const found = risks.find(normaliseText(text), languageOf(decision)).filter(({ rule }) => rule === 'handoff')
  const rules = [
    ...(situation.alwaysPerson.includes(decision.action) ? [{ kind: 'action' as const, rule: decision.action }] : []),
    ...found.map(({ id }) => ({ kind: 'risk' as const, rule: id })),
  ]
  return { done: rules.length > 0 ? 'by rule' : 'handed over', rules }
}

function brierOf(ranking: RecordedDecision['ranking'], right: ActionId): number {
  const top = ranking[0]?.score ?? 0 // best first
  const raised = ranking.map(({ score }) => Math.exp(score - top))
  const total = raised.reduce((sum, each) => sum + each, 0)
  return ranking.reduce((sum, { action }, i) => sum + (raised[i]! / total - (action === right ? 1 : 0)) ** 2, 0) // one each
}

/** ensembles/SPEC.md has what is expected of a decision; this is what came of it. */
export function costOf(
  { disposition, action, options, situation: { costs } }: Pick<RecordedDecision, 'disposition' | 'action' | 'options' | 'situation'>,
  right: ActionId,
): number {
  const missed = costs.wrongAnswer * (costs.severity[right] ?? 1)
  if (disposition === 'handoff') return costs.handoff
  if (disposition === 'clarify') return costs.clarify + (options.includes(right) ? 0 : missed)
  return action === right ? 0 : missed
}
