// All of an evaluation, from the headlines down to the sentences.
import type { Evaluation } from '@parley/ensembles/report-file.ts'
import { make } from '../widget/elements.ts'
import { actionsTable } from './actions.ts'
import { confusionMatrix } from './confusion.ts'
import { headlines } from './headlines.ts'
import { reliabilityPlot } from './reliability.ts'
import { riskCoveragePlot } from './risk-coverage.ts'
import { rivalsPlot } from './rivals.ts'
import { rulesTable } from './rules.ts'
import { slicesPlot } from './slices.ts'
import type { Strings } from './strings.ts'
import { votersTable, weightsPlot } from './voters.ts'

export const evaluationParts = (evaluation: Evaluation, strings: Strings): readonly HTMLElement[] => [
  ...notes(evaluation, strings),
  headlines(evaluation, strings),
  rivalsPlot(evaluation, strings),
  beside(reliabilityPlot(evaluation.reliability, evaluation.headlines, strings), riskCoveragePlot(evaluation, strings)),
  confusionMatrix(evaluation.confusions, strings),
  actionsTable(evaluation.actions, strings),
  votersTable(evaluation.voters, strings),
  weightsPlot(evaluation.voters, strings),
  slicesPlot(evaluation.slices, evaluation, strings),
  rulesTable(evaluation.byRule, strings),
]

function notes({ turns, conversations, draws, incomplete }: Evaluation, strings: Strings): readonly HTMLElement[] {
  return [
    make('p', 'told', strings.judgedOn(turns, conversations, draws)),
    ...(incomplete > 0 ? [make('p', 'told warning', strings.incomplete(incomplete))] : []),
  ]
}

/** Beside one another where there is room. */
export function beside(...parts: readonly HTMLElement[]): HTMLElement {
  const box = make('div', 'beside')
  box.append(...parts)
  return box
}
