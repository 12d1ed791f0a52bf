// What fusing is worth on our turns in which words, mood and intent pull different ways (test/turns): every system judged on conversations that nothing of it was
// fitted or chosen on.
import { join } from 'node:path'
import type { Fusion, Situation } from '@parley/core/ports/ensemble.ts'
import { decide } from '@parley/ensembles/decide.ts'
import { EnsembleFile } from '@parley/ensembles/ensemble-file.ts'
import { equalWeights, firstVote, majorityVote } from '@parley/ensembles/evaluation/variants.ts'
import { fuse } from '@parley/ensembles/fuse.ts'
import { tune } from '@parley/ensembles/tune/tune.ts'
import type { TurnToFit } from '@parley/ensembles/tune/turn-to-fit.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import { createBrain } from '@parley/server/brain.ts'
import { readConfig } from '@parley/server/config.ts'
import { collectVotes, playWith } from '@parley/server/evaluation/play-dialogues.ts'
import { openVoteCache } from '@parley/server/evaluation/vote-cache.ts'
import { createLogger } from '@parley/server/logger.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT, releaseHere } from '@parley/server/project.ts'
import { conflictingTurns } from '../../test/turns/turns.ts'
import { foldsOf } from './folds.ts'

export interface Told extends TurnToFit {
  readonly conversation: string
  readonly source: string
}

/** What a system made of one turn. */
export interface Taken {
  /** What it holds likeliest; null where it says nothing. */
  readonly said: ActionId | null
  /** Of that, 0 to 1. */
  readonly confidence: number
  /** The least expected cost of answering or asking back, by the shop's costs. */
  readonly doubt: number
  /** What is offered where asking back is cheaper than answering. */
  readonly options: readonly ActionId[]
  /** What is answered where it is not: of two likely actions the graver one. */
  readonly answer: ActionId | null
}

export interface Votes {
  readonly turns: readonly Told[]
  readonly situation: Situation
  readonly inForce: EnsembleFile
}

const PATIENCE_MS = 10_000

/** Votes on clauses were designed on half 0, and judged once on the other: the conversations are dealt out by hash. */
export function halfOf(turns: readonly Told[], half: number): readonly Told[] {
  const halves = foldsOf(
    turns.map(({ conversation }) => conversation),
    2,
    'half',
  )
  return turns.filter((_, i) => halves[i] === half)
}

/** Asks the shop's voters, with those on clauses, about every turn, in its dialogue. Votes are kept in the data folder between runs. `inForce`: who answers in dialogues. */
export async function askVoters(inForce: EnsembleFile): Promise<Votes> {
  const config = readConfig({})
  const deadlines = { ...config.deadlines, voters: PATIENCE_MS, plugin: PATIENCE_MS }
  const brain = await createBrain({ ...config, deadlines, clauseVoters: true }, createLogger('error'))
  try {
    await brain.plugins.ready
    const [shop] = brain.shops.values()
    if (!shop) throw new Error('the configuration has no shop')
    const dialogues = conflictingTurns(new Set(Object.keys(readPack(join(PROJECT.packs, 'retail')).actions)))
    const voters = shop.pools().flatMap(pool => pool.voters.map(({ voter, version }) => [voter, version]))
    const cache = openVoteCache(join(config.data, 'votes'), JSON.stringify(['bench', releaseHere(), shop.packVersion, voters]))
    const { votes, incomplete } = await collectVotes(dialogues, shop, brain.stages, cache, new AbortController().signal, () => {})
    if (incomplete > 0) throw new Error(`${incomplete} turns lack a voter's answer`)
    const turns: Told[] = []
    for (const [i, dialogue] of dialogues.entries()) {
      const decisions = await playWith(dialogue, votes[i]!, shop.ensemble(''), shop, brain.stages) // of each dialogue
      for (const [at, { right }] of dialogue.turns.entries()) {
        if (right === undefined) continue
        const { past } = decisions[at]! // one a turn
        turns.push({
          conversation: dialogue.conversation,
          source: dialogue.source,
          language: dialogue.locale === 'en' ? 'en' : 'zh',
          ballots: votes[i]![at]!.votes.map(ballot => ({ ...ballot, version: '' })), // of each turn
          ...(past && { past }),
          right,
        })
      }
    }
    return { turns, situation: shop.situation, inForce }
  } finally {
    await brain.close()
  }
}

export const SYSTEMS = [
  'best single voter',
  'intent alone',
  'majority vote',
  'equal weights',
  'as shipped',
  'equal weights, calibrated',
  'greedy',
  'stacked',
  'by action',
  'tuned',
] as const
export type SystemName = (typeof SYSTEMS)[number]

export interface OutOfFold {
  readonly taken: Readonly<Record<SystemName, readonly Taken[]>>
  /** The voter that was best on the training folds, by fold. */
  readonly best: readonly string[]
  /** The candidate that tuning chose, by fold. */
  readonly chosen: readonly string[]
}

export const FOLDS = 10

const EVERYBODY = EnsembleFile.parse({
  name: 'everybody',
  version: 1,
  voters: { 'intent:clauses': { weight: { zh: 0.5, en: 0.5 } }, 'intent:end': { weight: { zh: 0.5, en: 0.5 } } },
})

export function fuseOutOfFold({ turns, situation, inForce }: Votes, seed: number, onFold: (fold: number) => void = () => {}): OutOfFold {
  const places = foldsOf(
    turns.map(({ conversation }) => conversation),
    FOLDS,
  )
  const voters = [...new Set(turns.flatMap(({ ballots }) => ballots.map(({ voter }) => voter)))].sort()
  // The shipped ensemble does not hear all of them; a count of votes does.
  const everybody: EnsembleFile = { ...inForce, voters: { ...EVERYBODY.voters, ...inForce.voters } }
  const taken = Object.fromEntries(SYSTEMS.map(name => [name, [] as Taken[]])) as Record<SystemName, Taken[]> // of all of them
  const [best, chosen]: [string[], string[]] = [[], []]
  // Answering and asking back are weighed; how many are handed over is varied.
  const open: Situation = { ...situation, alwaysPerson: [], costs: { ...situation.costs, handoff: Number.MAX_SAFE_INTEGER } }
  for (let fold = 0; fold < FOLDS; fold++) {
    const known = turns.filter((_, i) => places[i] !== fold)
    const tuned = tune({ turns: known, situation, inForce, random: createRandom(seed) })
    const alone = bestVoter(known, voters, situation.domain)
    best.push(alone)
    chosen.push(tuned.chosen)
    const files = {
      'equal weights': equalWeights(everybody, voters),
      'as shipped': inForce,
      'equal weights, calibrated': tuned.files.equal,
      greedy: tuned.files.greedy,
      stacked: tuned.files.stacked,
      'by action': tuned.files['by action'],
      tuned: tuned.file,
    } as const
    const majority = majorityVote(everybody)
    for (const [row, turn] of turns.entries()) {
      if (places[row] !== fold) continue
      const { ballots, language, past } = turn
      taken['best single voter'][row] = takenAlone(ballots, alone, situation.domain)
      taken['intent alone'][row] = takenAlone(ballots, 'intent', situation.domain)
      taken['majority vote'][row] = takenFrom(majority.fuse(ballots, language, situation.domain, past), open)
      for (const [name, file] of Object.entries(files) as [keyof typeof files, EnsembleFile][]) // its keys
        taken[name][row] = takenFrom(fuse(file, ballots, language, situation.domain, past), open)
    }
    onFold(fold)
  }
  return { taken, best, chosen }
}

function takenAlone(ballots: Told['ballots'], voter: string, domain: readonly ActionId[]): Taken {
  const ballot = ballots.find(each => each.voter === voter)
  const first = ballot && firstVote(ballot, domain)
  const said = first?.action ?? null
  const confidence = first?.confidence ?? 0
  return { said, answer: said, confidence, doubt: 1 - confidence, options: [] }
}

function takenFrom(fusion: Fusion, open: Situation): Taken {
  const said = fusion.ranking[0]?.action ?? null
  const { action, options, expectedCosts } = decide(fusion, open)
  return {
    said,
    answer: options.length > 0 ? said : action,
    confidence: said === null ? 0 : (fusion.probabilities[said] ?? 0),
    doubt: Math.min(expectedCosts.answer, expectedCosts.clarify),
    options,
  }
}

function bestVoter(turns: readonly Told[], voters: readonly string[], domain: readonly ActionId[]): string {
  const right = (voter: string): number =>
    turns.filter(({ ballots, right }) => {
      const ballot = ballots.find(each => each.voter === voter)
      return ballot && firstVote(ballot, domain)?.action === right
    }).length
  return voters.map(voter => ({ voter, hits: right(voter) })).reduce((a, b) => (b.hits > a.hits ? b : a)).voter
}
