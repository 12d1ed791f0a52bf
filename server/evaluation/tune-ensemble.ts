// A better ensemble from turns of which it is known what they are about: the votes of the shop's own voters, kept from before or asked for now, and what
// ensembles/tune/ learns of them.
import { setImmediate } from 'node:timers/promises'
import { isByItsWords, type RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { EnsembleFile, ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { estimatePrior } from '@parley/ensembles/tune/learn-prior.ts'
import { type Tuned, type TuneParts, tuning } from '@parley/ensembles/tune/tune.ts'
import type { TurnToFit } from '@parley/ensembles/tune/turn-to-fit.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Brain } from '../brain.ts'
import { languageOf, nameOfVoters } from './evaluate-ensemble.ts'
import { collectVotes, playWith } from './play-dialogues.ts'
import type { DialogueToJudge } from './read-turns.ts'
import { openVoteCache } from './vote-cache.ts'

export interface TuneEnsembleParts extends Pick<TuneParts, 'languages' | 'folds'> {
  readonly dialogues: readonly DialogueToJudge[]
  readonly shop: Shop
  readonly stages: Brain['stages']
  readonly inForce: ParsedEnsemble
  /** Of votes that were worked out before. */
  readonly cache: string
  readonly seed: number
  readonly signal: AbortSignal
  readonly onProgress: (what: 'asking the voters' | 'reading the votes' | 'tuning', share: number) => void
}

export interface TunedEnsemble extends Tuned {
  /** Turns of which a voter failed or was late. */
  readonly incomplete: number
  /** Turns that answer what the bot had asked: they are not understood by their words, and nothing is learned of them. */
  readonly answers: number
}

/** Undefined where there is nothing to fit: no votes, or fewer than two conversations that say something by themselves. */
export async function tuneEnsemble(parts: TuneEnsembleParts): Promise<TunedEnsemble | undefined> {
  const { dialogues, shop, stages, inForce, signal, onProgress } = parts
  const total = dialogues.reduce((sum, { turns }) => sum + turns.length, 0)
  const cache = openVoteCache(parts.cache, nameOfVoters(shop))
  const collected = await collectVotes(dialogues, shop, stages, cache, signal, done => onProgress('asking the voters', done / total))
  const turns: TurnToFit[] = []
  let answers = 0
  for (const [i, dialogue] of dialogues.entries()) {
    signal.throwIfAborted()
    onProgress('reading the votes', i / dialogues.length)
    const decisions = await playWith(dialogue, collected.votes[i]!, ensembleOf(inForce), shop, stages) // the votes of each dialogue
    for (const [at, { right }] of dialogue.turns.entries()) {
      const decision = decisions[at]! // a decision a turn
      if (right === undefined) continue
      if (isByItsWords(decision)) turns.push({ conversation: dialogue.conversation, right, ...heardIn(decision) })
      else answers++
    }
  }
  const hasVotes = turns.some(({ ballots }) => ballots.some(({ votes }) => votes.length > 0))
  if (!hasVotes || new Set(turns.map(({ conversation }) => conversation)).size < 2) return undefined
  const run = tuning({ ...parts, turns, situation: shop.situation, inForce: inForce.file, random: createRandom(parts.seed) })
  for (;;) {
    const { done, value } = run.next()
    if (done) return { ...value, incomplete: collected.incomplete, answers }
    onProgress('tuning', value)
    // Whoever breaks it off is heard between two steps.
    await setImmediate()
    signal.throwIfAborted()
  }
}

const heardIn = (decision: RecordedDecision): Omit<TurnToFit, 'conversation' | 'right'> => ({
  language: languageOf(decision),
  ballots: decision.votes.map(ballot => ({ ...ballot, version: decision.versions[ballot.voter] ?? '' })),
  ...(decision.past && { past: decision.past }),
})

export interface Traffic {
  readonly turns: number
  readonly prior: Readonly<Record<ActionId, number>>
}

/** How often customers want what, by the votes that a log has: of its turns that were understood by their words. */
export async function priorOfTraffic(
  logged: AsyncIterable<RecordedTurn>,
  file: EnsembleFile,
  { situation }: Shop,
  signal: AbortSignal,
): Promise<Traffic> {
  const turns: Omit<TurnToFit, 'conversation' | 'right'>[] = []
  for await (const { decision } of logged) {
    signal.throwIfAborted()
    if (decision.votes.length > 0 && isByItsWords(decision)) turns.push(heardIn(decision))
  }
  return { turns: turns.length, prior: estimatePrior(file, turns, situation.domain) }
}
