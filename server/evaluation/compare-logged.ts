// Two ensembles on turns that a shop's log has: the votes of then, fused and decided on by each, every turn as it stood in its conversation. Nobody is asked.
// What is right is known of a turn that people have labelled, and of one that was asked back and of which the customer chose an option next.
import { replay } from '@parley/core/pipeline/replay.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import { createComparing } from '@parley/ensembles/comparison/compare.ts'
import type { Side } from '@parley/ensembles/comparison/group.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { createRandom } from '@parley/models/train/random.ts'
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Brain } from '../brain.ts'
import { agreedLabels, type Label, nameOf } from '../label-store/label-store.ts'
import type { Comparison } from './compare-ensembles.ts'
import { doneIn } from './evaluate-ensemble.ts'

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
  const sideOf = async (fused: (typeof sides)[number], { received, decision }: RecordedTurn): Promise<Side> => {
    const now = await replay(decision, received, { ...shop, ensemble: () => fused }, stages)
    const { action: said, confidence, options } = now
    return { said, confidence, options, ...doneIn(now, textOf(received), shop) }
  }
  const note = async (turn: RecordedTurn, next: RecordedTurn | undefined): Promise<void> => {
    if (turn.decision.votes.length === 0) return void undecided++
    comparing.note({
      conversation: turn.received.conversation,
      place: `${turn.received.conversation} turn ${turn.received.turn}`,
      text: textOf(turn.received),
      right: labelled.get(nameOf(turn.received)) ?? chosenAfter(turn, next),
      isPinned: false,
      a: await sideOf(sides[0], turn),
      b: await sideOf(sides[1], turn),
    })
  }
  let last: RecordedTurn | undefined
  for await (const turn of turns) {
    signal.throwIfAborted()
    if (last) await note(last, turn)
    last = turn
  }
  if (last) await note(last, undefined)
  return { a: a.version, b: b.version, ...comparing.result(createRandom(seed)), figures: null, incomplete: 0, undecided }
}

const textOf = ({ texts }: RecordedTurn['received']): string => texts.join('\n')

/** What the customer said it was about, of the options that the bot had offered. */
function chosenAfter({ received, decision }: RecordedTurn, next: RecordedTurn | undefined): ActionId | null {
  const isAnswer = next?.received.conversation === received.conversation && next.decision.how === 'chosen'
  return decision.disposition === 'clarify' && isAnswer ? next.decision.action : null
}
