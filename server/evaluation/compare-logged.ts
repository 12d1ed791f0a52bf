// Two ensembles on turns that a shop's log has: the votes of then, fused and decided on by each, every turn as it stood in its conversation. Nobody is asked.
// What is right is known of a turn that people have labelled, and of one that was asked back and of which the customer chose an option next.
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { createComparing } from '@parley/ensembles/comparison/compare.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import type { JudgedTurn, Outcome } from '@parley/ensembles/evaluation/outcome.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Brain } from '../brain.ts'
import { agreedLabels, type Label, nameOf } from '../label-store/label-store.ts'
import { figuresOf, sideOf } from './compare-ensembles.ts'
import { languageOf, outcomeOf } from './evaluate-ensemble.ts'

export interface CompareLoggedParts {
  /** Those of one conversation one after another. */
  readonly turns: AsyncIterable<RecordedTurn>
  /** Of the shop's turns. */
  readonly labels: readonly Label[]
  readonly shop: Shop
  readonly stages: Brain['stages']
  readonly a: ParsedEnsemble
  readonly b: ParsedEnsemble
  readonly seed: number
  readonly signal: AbortSignal
}

export async function compareLogged({ turns, labels, shop, stages, a, b, seed, signal }: CompareLoggedParts): Promise<Comparison> {
  const comparing = createComparing()
  const sides = [ensembleOf(a), ensembleOf(b)] as const
  const labelled = agreedLabels(labels)
  let undecided = 0
  const known: { readonly turn: JudgedTurn; readonly outcomes: readonly [a: Outcome, b: Outcome] }[] = []
  const numbers = new Map<string, number>()

  async function note(turn: RecordedTurn, next: RecordedTurn | undefined): Promise<void> {
    const { received, decision } = turn
    if (decision.votes.length === 0) return void undecided++
    const text = received.texts.join('\n')
    const right = labelled.get(nameOf(received)) ?? chosenAfter(turn, next)
    const [before, now] = [await decide(sides[0], turn), await decide(sides[1], turn)]
    const outcomeWith = (decided: RecordedDecision, { hears }: Ensemble): Outcome =>
      outcomeOf({ decision: decided, text, right: right ?? decided.action, hears }, shop)
    const outcomes = [outcomeWith(before, sides[0]), outcomeWith(now, sides[1])] as const
    comparing.note({
      conversation: received.conversation,
      place: `${received.conversation} turn ${received.turn}`,
      text,
      right,
      isPinned: false,
      a: { ...sideOf(outcomes[0]), options: before.options },
      b: { ...sideOf(outcomes[1]), options: now.options },
    })
    if (right === null) return
    const conversation = numbers.get(received.conversation) ?? numbers.size
    numbers.set(received.conversation, conversation)
    known.push({ turn: { conversation, line: 0, text, language: languageOf(before), source: 'log', right }, outcomes })
  }

  const decide = (fused: Ensemble, { received, decision }: RecordedTurn): Promise<RecordedDecision> =>
    replay(decision, received, { ...shop, ensemble: () => fused }, stages)

  let last: RecordedTurn | undefined
  for await (const turn of turns) {
    signal.throwIfAborted()
    if (last) await note(last, turn)
    last = turn
  }
  if (last) await note(last, undefined)
  const figures = figuresOf(
    known.map(({ turn }) => turn),
    known.map(({ outcomes }) => outcomes),
    seed,
  )
  return { a: a.version, b: b.version, ...comparing.result(createRandom(seed)), figures, incomplete: 0, undecided }
}

/** What the customer said it was about, of the options that the bot had offered. */
function chosenAfter({ received, decision }: RecordedTurn, next: RecordedTurn | undefined): ActionId | null {
  const isAnswer = next?.received.conversation === received.conversation && next.decision.how === 'chosen'
  return decision.disposition === 'clarify' && isAnswer ? next.decision.action : null
}
