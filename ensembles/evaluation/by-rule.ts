// What the rules took that no vote talks out of a person's hands: actions that a person always takes, and the risks of the pack's list.
import type { ActionId } from '@parley/plugin-sdk/vocabulary.ts'
import type { JudgedTurn, Outcome } from './outcome.ts'

export interface RuleFigures {
  readonly kind: 'action' | 'risk'
  /** The action's or the risk's id. */
  readonly rule: string
  /** Turns that it gave to a person; a turn that two rules took is in both. */
  readonly turns: number
  /** Of these, those about something that a person always takes. Whether a risk was there is nothing that the file tells. */
  readonly rightly: number
  /** Of an action: turns about it that no rule gave to a person. Null of a risk. */
  readonly missed: number | null
}

/** Of every action that a person always takes, and of every risk that took a turn. Where neither took a turn nor missed one, there is none. */
export function figuresByRule(
  turns: readonly JudgedTurn[],
  outcomes: readonly Outcome[],
  alwaysPerson: readonly ActionId[],
): readonly RuleFigures[] {
  const isPersons = ({ right }: JudgedTurn): boolean => alwaysPerson.includes(right)
  const figures = (kind: RuleFigures['kind'], rule: string): RuleFigures => {
    const taken = turns.filter((_, i) => outcomes[i]!.rules.some(each => each.kind === kind && each.rule === rule)) // an outcome a turn, here and below
    const missed = turns.filter(({ right }, i) => right === rule && outcomes[i]!.rules.length === 0)
    return { kind, rule, turns: taken.length, rightly: taken.filter(isPersons).length, missed: kind === 'action' ? missed.length : null }
  }
  const risks = new Set(outcomes.flatMap(({ rules }) => rules.flatMap(({ kind, rule }) => (kind === 'risk' ? [rule] : []))))
  return [...alwaysPerson.map(action => figures('action', action)), ...[...risks].sort().map(risk => figures('risk', risk))].filter(
    each => each.turns + (each.missed ?? 0) > 0,
  )
}
