// Fits ensembles to turns with their votes, judges each on turns that it was not fitted on, and says whether the best of them is shown to be better than the one
// in force. Pure: the same turns and draws give the same ensemble.
import type { Situation } from '@parley/core/ports/ensemble.ts'
import type { ActionId, Language } from '@parley/plugin-sdk/vocabulary.ts'
import type { EnsembleFile } from '../ensemble-file.ts'
import type { JudgedTurn } from '../evaluation/outcome.ts'
import { drawConversations } from '../evaluation/resample.ts'
import {
  type Differences,
  differencesOf,
  type Estimates,
  estimatesOf,
  isShownBetter,
  isShownWorse,
  type Samples,
  samplesOf,
} from './figures.ts'
import type { Method } from './fit-calibration.ts'
import { CANDIDATES, type CandidateName, type Candidates, fitCandidates } from './fit-candidates.ts'
import { type JudgedOutcome, judge } from './judge.ts'
import { foldsOf, type TurnToFit } from './turn-to-fit.ts'
import { type Verdict, verdictOn } from './verdict.ts'

export interface TuneParts {
  readonly turns: readonly TurnToFit[]
  /** The domain, who must always take what, and what errors cost. */
  readonly situation: Situation
  readonly inForce: EnsembleFile
  /** Numbers in [0, 1): of folds and draws. */
  readonly random: () => number
  /** Whether each language gets weights of its own, pulled towards those of both; `apart` unless it is said. */
  readonly languages?: 'apart' | 'together'
  /** Five unless it is said. */
  readonly folds?: number
}

export interface Contender {
  readonly figures: Estimates
  /** This one less the other, on the same draws. */
  readonly againstInForce: Differences
  readonly againstBestAlone: Differences
}

export interface Tuned {
  readonly turns: number
  readonly conversations: number
  readonly folds: number
  readonly draws: number
  readonly turnsIn: Readonly<Record<Language, number>>
  /** By action of the domain. */
  readonly turnsAbout: Readonly<Record<ActionId, number>>
  readonly inForce: Estimates
  /** The voter that is right most often by itself, calibrated and with the prior of the data as the candidates. */
  readonly bestAlone: { readonly voter: string; readonly figures: Estimates; readonly againstInForce: Differences }
  /** Out of fold: each turn by an ensemble that was fitted on other conversations. */
  readonly candidates: Readonly<Record<CandidateName, Contender>>
  readonly chosen: CandidateName
  /** The chosen one, fitted on all turns: the version after the one in force. */
  readonly file: EnsembleFile
  /** All of them, fitted on all turns. */
  readonly files: Readonly<Record<CandidateName, EnsembleFile>>
  readonly methods: Readonly<Record<string, Readonly<Record<Language, Method>>>>
  readonly verdict: Verdict
}

const FOLDS = 5

/** To its end. Throws where no voter votes on any turn, or there are fewer than two conversations. */
export function tune(parts: TuneParts): Tuned {
  const run = tuning(parts)
  for (;;) {
    const { done, value } = run.next()
    if (done) return value
  }
}

/** Gives, as it goes on, the share that is done: who runs it may show that, or stop. */
export function* tuning(parts: TuneParts): Generator<number, Tuned> {
  const { turns, situation, inForce, random, languages = 'apart' } = parts
  const conversations = numbered(turns)
  const count = new Set(conversations).size
  const folds = Math.min(parts.folds ?? FOLDS, count)
  const voters = votersOf(turns, situation.domain)
  if (voters.length === 0 || folds < 2) throw new Error('there is nothing to fit: no votes, or no second conversation')
  const fit = (some: readonly TurnToFit[]) => fitCandidates({ turns: some, domain: situation.domain, inForce, voters, languages, random })
  const placeOf = foldsOf(turns, folds, random)
  const rounds = folds + 1
  const outcomes = record(CANDIDATES, (): JudgedOutcome[] => [])
  const alone = record(voters, (): JudgedOutcome[] => [])
  for (let fold = 0; fold < folds; fold++) {
    const fitted = yield* within(fit(turns.filter((_, i) => placeOf[i] !== fold)), fold / rounds, 1 / rounds)
    const rows = [...turns.keys()].filter(row => placeOf[row] === fold)
    const those = rows.map(row => turns[row]!) // its own keys
    const put = (into: JudgedOutcome[], file: EnsembleFile): void => {
      for (const [i, outcome] of judge(file, those, situation).entries()) into[rows[i]!] = outcome // one a row
    }
    for (const name of CANDIDATES) put(outcomes[name], fitted.files[name])
    for (const voter of voters) put(alone[voter]!, fitted.alone[voter]!) // of all voters
  }
  const final: Candidates = yield* within(fit(turns), folds / rounds, 1 / rounds)

  const judged = turns.map(
    ({ language, right }, i): JudgedTurn => ({ conversation: conversations[i]!, line: i + 1, text: '', language, source: '', right }),
  ) // one each
  const draws = drawConversations(conversations, random)
  const samples = (of: readonly JudgedOutcome[]): Samples => samplesOf(judged, of, draws)
  const before = samples(judge(inForce, turns, situation))
  const best = bestOf(alone, turns)
  const bestAlone = samples(alone[best]!)
  const own = record(CANDIDATES, name => samples(outcomes[name]))
  const chosen = choose(own)
  const candidates = record(
    CANDIDATES,
    (name): Contender => ({
      figures: estimatesOf(own[name]),
      againstInForce: differencesOf(own[name], before),
      againstBestAlone: differencesOf(own[name], bestAlone),
    }),
  )
  const turnsAbout = record(situation.domain, action => turns.filter(({ right }) => right === action).length)
  const files = record(CANDIDATES, name => ({ ...final.files[name], version: inForce.version + 1 }))
  return {
    turns: turns.length,
    conversations: count,
    folds,
    draws: draws.length,
    turnsIn: record(['zh', 'en'], language => turns.filter(turn => turn.language === language).length),
    turnsAbout,
    inForce: estimatesOf(before),
    bestAlone: { voter: best, figures: estimatesOf(bestAlone), againstInForce: differencesOf(bestAlone, before) },
    candidates,
    chosen,
    file: files[chosen],
    files,
    methods: final.methods,
    verdict: verdictOn({ contender: candidates[chosen], bestAlone: best, turns: turns.length, conversations: count, turnsAbout }),
  }
}

function* within<T>(work: Generator<number, T>, from: number, share: number): Generator<number, T> {
  for (;;) {
    const { done, value } = work.next()
    if (done) return value
    yield from + share * value
  }
}

/** By log-loss and by cost: the simplest that no other is shown to be better than, without being shown to be worse by the other measure. */
function choose(samples: Readonly<Record<CandidateName, Samples>>): CandidateName {
  return CANDIDATES.reduce((best, next) => {
    const differences = differencesOf(samples[next], samples[best])
    const isBetter = isShownBetter(differences, 'logLoss') || isShownBetter(differences, 'costPer1000')
    return isBetter && !isShownWorse(differences, 'logLoss') && !isShownWorse(differences, 'costPer1000') ? next : best
  })
}

function bestOf(alone: Readonly<Record<string, readonly JudgedOutcome[]>>, turns: readonly TurnToFit[]): string {
  const right = (outcomes: readonly JudgedOutcome[]): number => outcomes.filter(({ said }, i) => said === turns[i]!.right).length // one a turn
  return Object.keys(alone).reduce((best, voter) => (right(alone[voter]!) > right(alone[best]!) ? voter : best)) // its own keys
}

/** Those that vote for an action of the domain anywhere, by name. */
function votersOf(turns: readonly TurnToFit[], domain: readonly ActionId[]): readonly string[] {
  const known = new Set(domain)
  const heard = new Set<string>()
  for (const { ballots } of turns)
    for (const { voter, abstained, votes } of ballots) if (!abstained && votes.some(({ action }) => known.has(action))) heard.add(voter)
  return [...heard].sort()
}

function numbered(turns: readonly TurnToFit[]): readonly number[] {
  const numbers = new Map<string | number, number>()
  return turns.map(({ conversation }) => {
    const number = numbers.get(conversation) ?? numbers.size
    numbers.set(conversation, number)
    return number
  })
}

const record = <Key extends string, T>(keys: readonly Key[], of: (key: Key) => T): Readonly<Record<Key, T>> =>
  Object.fromEntries(keys.map(key => [key, of(key)])) as Record<Key, T> // its keys
