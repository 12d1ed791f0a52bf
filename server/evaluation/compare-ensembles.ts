// Two ensembles on turns of which it is known what they are about: the same votes, fused and decided on by each as in the server, and every turn that a
// customer would get otherwise.
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { createComparing } from '@parley/ensembles/comparison/compare.ts'
import type { Beside, Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { type Gate, objectionsTo } from '@parley/ensembles/comparison/gate.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { measuresOf } from '@parley/ensembles/evaluation/measures.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { COMPARED, type Compared } from '@parley/ensembles/evaluation/report.ts'
import { differenceOf, drawConversations, estimateOf, sampled } from '@parley/ensembles/evaluation/resample.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { Brain } from '../brain.ts'
import { judgedTurns, languageOf, nameOfVoters, outcomeOf } from './evaluate-ensemble.ts'
import { collectVotes, playWith } from './play-dialogues.ts'
import type { DialogueToJudge } from './read-turns.ts'
import { openVoteCache } from './vote-cache.ts'

export interface CompareParts {
  readonly dialogues: readonly DialogueToJudge[]
  /** Looked at for what must never break, and in no figure. */
  readonly pinned: readonly DialogueToJudge[]
  readonly shop: Shop
  readonly stages: Brain['stages']
  readonly a: ParsedEnsemble
  readonly b: ParsedEnsemble
  /** Of votes that were worked out before. */
  readonly cache: string
  readonly seed: number
  readonly signal: AbortSignal
  readonly onProgress: (what: 'asking the voters' | 'comparing', share: number) => void
}

export async function compareEnsembles(parts: CompareParts): Promise<Comparison> {
  const { shop, stages, seed, signal, onProgress } = parts
  const dialogues = [...parts.dialogues, ...parts.pinned.map(dialogue => ({ ...dialogue, isPinned: true }))]
  const total = dialogues.reduce((sum, { turns }) => sum + turns.length, 0)
  const cache = openVoteCache(parts.cache, nameOfVoters(shop))
  const collected = await collectVotes(dialogues, shop, stages, cache, signal, done => onProgress('asking the voters', done / total))
  const sides = [ensembleOf(parts.a), ensembleOf(parts.b)] as const
  const comparing = createComparing()
  const outcomes: (readonly [a: Outcome, b: Outcome])[] = []
  const languages: JudgedTurn['language'][] = []
  for (const [i, dialogue] of dialogues.entries()) {
    signal.throwIfAborted()
    onProgress('comparing', i / dialogues.length)
    const isGateAlone = i >= parts.dialogues.length
    const [a, b] = await Promise.all(sides.map(side => playWith(dialogue, collected.votes[i]!, side, shop, stages))) // the votes of each dialogue
    for (const [at, { text, right }] of dialogue.turns.entries()) {
      if (right === undefined) continue
      const decisions = [a![at]!, b![at]!] as const // two sides, a decision a turn
      const of = (side: 0 | 1): Outcome => outcomeOf({ decision: decisions[side], text, right, hears: sides[side].hears }, shop)
      const [before, now] = [of(0), of(1)]
      const place = `line ${dialogue.line}${isGateAlone ? ' of the pinned' : ''}`
      const { conversation, isPinned } = dialogue
      comparing.note(
        {
          conversation,
          place,
          text,
          right,
          isPinned,
          a: { ...sideOf(before), options: decisions[0].options },
          b: { ...sideOf(now), options: decisions[1].options },
        },
        isGateAlone,
      )
      if (isGateAlone) continue
      outcomes.push([before, now])
      languages.push(languageOf(decisions[0]))
    }
  }
  const turns = judgedTurns(parts.dialogues).map((turn, i) => ({ ...turn, language: languages[i]! })) // one a judged turn
  return {
    a: parts.a.version,
    b: parts.b.version,
    ...comparing.result(createRandom(seed)),
    figures: figuresOf(turns, outcomes, seed),
    incomplete: collected.incomplete,
    undecided: 0,
  }
}

export const sideOf = ({ said, confidence, done, rules }: Outcome) => ({ said, confidence, done, rules })

/** Null where they are of fewer than two conversations: no draw would differ. */
export function figuresOf(
  turns: readonly JudgedTurn[],
  outcomes: readonly (readonly [a: Outcome, b: Outcome])[],
  seed: number,
): Comparison['figures'] {
  const conversations = turns.map(({ conversation }) => conversation)
  if (new Set(conversations).size < 2) return null
  const draws = drawConversations(conversations, createRandom(seed))
  const [a, b] = [0, 1].map(side =>
    measuresOf(
      turns,
      outcomes.map(both => both[side as 0 | 1]),
    ),
  )
  return Object.fromEntries(
    COMPARED.map(name => {
      const [before, now] = [sampled(a![name], conversations, draws), sampled(b![name], conversations, draws)] // there are two sides
      return [name, { a: estimateOf(before), b: estimateOf(now), difference: differenceOf(now, before) } satisfies Beside]
    }),
  ) as Record<Compared, Beside> // its names
}

/** What is against B, in words; empty where nothing is. */
export const againstGate = (comparison: Comparison, gate: Gate): readonly string[] =>
  objectionsTo(comparison, gate).map(objection => {
    switch (objection.what) {
      case 'pinned':
        return `${objection.broken} of ${objection.turns} pinned turns broke`
      case 'broken':
        return `${objection.broken} ${objection.broken === 1 ? 'turn' : 'turns'} broke, and ${objection.may} may`
      case 'costs':
        return `it costs ${objection.more.toFixed(0)} more per 1,000 turns`
    }
  })
