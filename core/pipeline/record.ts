// The finished turn as one plain value: what the log keeps, the console shows and `parley ask --json` prints.
import type { RecordedDecision } from './decision.ts'
import { viewOf } from './render.ts'
import type { Shop } from './shop.ts'
import type { Rendered } from './turn.ts'

export function record(turn: Rendered, shop: Shop, ensemble: string, ms: number): RecordedDecision {
  const view = viewOf(turn, shop)
  return {
    turnSeq: turn.turn,
    action: turn.choice.action,
    disposition: turn.choice.disposition,
    template: turn.template,
    confidence: turn.choice.confidence,
    ranking: turn.fusion.ranking,
    breakdown: turn.fusion.breakdown,
    reply: turn.reply,
    locale: turn.question.locale,
    slots: {},
    votes: turn.ballots.map(({ version: _, ...ballot }) => ballot),
    signals: turn.fusion.signals,
    ensemble,
    versions: { pack: shop.packVersion, ...Object.fromEntries(turn.ballots.map(ballot => [ballot.voter, ballot.version])) },
    ms,
    situation: shop.situation,
    options: turn.choice.options,
    facts: view.facts,
    missing: view.missing,
  }
}
