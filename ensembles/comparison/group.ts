// What became of a turn that another ensemble decides otherwise, by what a customer gets: an answer, rightly or wrongly, or a question back or a person out
// of doubt.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { Outcome } from '../evaluation/outcome.ts'

/** What one ensemble made of a turn. */
export type Side = Pick<Outcome, 'said' | 'confidence' | 'done' | 'rules'> & {
  /** What was offered where it asked back. */
  readonly options: readonly ActionId[]
}

/** In the order in which they are told: what hurts first. */
export const GROUPS = ['broken', 'fixed', 'both-wrong', 'to-abstention', 'to-answer', 'otherwise', 'unknown'] as const
/**
 * `broken`: rightly answered before, wrongly now; `fixed`: the other way; `both-wrong`: wrongly in another way; `to-abstention`: answered before, asked
 * back or handed over out of doubt now; `to-answer`: the other way; `otherwise`: neither better nor worse, such as other options; `unknown`: answered in
 * another way, and nobody has said which is right.
 */
export type Group = (typeof GROUPS)[number]

/** A turn that a rule gave to a person is answered: a person takes it as being about its action. */
export type Worth = 'right' | 'abstained' | 'wrong'

/** Undefined where nobody has said what is right, unless nothing was answered. */
export function worthOf(side: Side, right: ActionId | null): Worth | undefined {
  if (side.done === 'asked back' || side.done === 'handed over') return 'abstained'
  if (right === null) return undefined
  return side.said === right ? 'right' : 'wrong'
}

/** Null where a customer gets the same. */
export function groupOf(a: Side, b: Side, right: ActionId | null): Group | null {
  if (shown(a) === shown(b)) return null
  const [before, now] = [worthOf(a, right), worthOf(b, right)]
  if (before === 'abstained') return now === 'abstained' ? 'otherwise' : 'to-answer'
  if (now === 'abstained') return 'to-abstention'
  if (before === undefined || now === undefined) return 'unknown'
  if (before === now) return now === 'wrong' ? 'both-wrong' : 'otherwise'
  return now === 'right' ? 'fixed' : 'broken'
}

/** Whoever must never break is worse off: from right to anything else, or from abstention to a wrong answer. */
export function isWorse(a: Side, b: Side, right: ActionId): boolean {
  const worth = (side: Side): number => ['wrong', 'abstained', 'right'].indexOf(worthOf(side, right)!) // what is right is known
  return worth(b) < worth(a)
}

/** What a customer gets, as a text that is the same where it is. A risk is answered by its own words, whatever the turn is taken to be about. */
function shown({ said, done, rules, options }: Side): string {
  if (rules.some(({ kind }) => kind === 'risk')) return 'risk'
  return done === 'asked back' ? `asked back ${options.join(' ')}` : done === 'handed over' ? done : `${done} ${said}`
}
