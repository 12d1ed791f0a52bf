// The finished turn as one plain value: what the log keeps, the console shows and `parley ask --json` prints.

import { pastOf } from '../dialogue/frame.ts'
import { ARTICLE_TEMPLATE } from '../pack/required-templates.ts'
import type { Ballot } from '../ports/voters.ts'
import type { BallotView, RecordedDecision } from './decision.ts'
import type { Shop } from './shop.ts'
import type { Rendered, Saying } from './turn.ts'

export function record(turn: Rendered, shop: Shop, ensemble: string, ms: number): RecordedDecision {
  const { fusion, understood } = turn
  return {
    turnSeq: turn.turn,
    action: understood.action,
    disposition: turn.disposition,
    template: turn.templates[0] ?? '', // there is always a first
    confidence: understood.confidence,
    ranking: fusion.ranking,
    breakdown: fusion.breakdown,
    reply: turn.reply,
    locale: turn.question.locale,
    slots: turn.slots,
    votes: viewsOf(turn.ballots),
    signals: turn.signals,
    ...(turn.frame.course && { past: pastOf(turn.frame) }),
    ensemble,
    versions: { pack: shop.packVersion, ...Object.fromEntries(turn.ballots.map(ballot => [ballot.voter, ballot.version])) },
    ms,
    situation: shop.situation,
    options: understood.options,
    facts: turn.facts,
    how: understood.how,
    frame: turn.next,
    quickReplies: turn.quickReplies,
    ...(turn.clauseBallots.length > 0 && { clauseVotes: turn.clauseBallots.map(ballots => viewsOf(ballots).map(withoutQuotes)) }),
    ...rememberedBy(turn.ballots),
    ...sourceOf(turn),
    ...(turn.also !== null && { also: turn.also }),
    ...(turn.risks.length > 0 && { risks: turn.risks.map(({ id }) => id) }),
    ...(turn.effect && { effect: turn.effect }),
    ...(turn.recall !== null && { recall: turn.recall }),
    ...(turn.wait && { wait: turn.wait }),
    ...(turn.place !== null && { place: turn.place }),
  }
}

const isQuoting = ({ template }: Saying): boolean => template === ARTICLE_TEMPLATE

function sourceOf({ quote, sayings }: Rendered): Pick<RecordedDecision, 'source'> {
  if (!quote || !sayings.some(isQuoting)) return {}
  const { article, version, title, heading } = quote
  return { source: { article, version, title, ...(heading !== undefined && { heading }) } }
}

const viewsOf = (ballots: readonly Ballot[]): readonly BallotView[] =>
  ballots.map(({ version: _version, memory: _memory, ...ballot }) => ballot)

/** Nothing is answered with the quotes of a clause: its votes only tell what it is about. */
const withoutQuotes = ({ quotes: _quotes, ...ballot }: BallotView): BallotView => ballot

/** A clause is a part of the turn: what is to be remembered is said of the whole. */
function rememberedBy(ballots: readonly Ballot[]): Pick<RecordedDecision, 'remembered'> {
  const kept = ballots.flatMap(({ voter, memory }) => (memory === undefined ? [] : [[voter, memory] as const]))
  return kept.length > 0 ? { remembered: Object.fromEntries(kept) } : {}
}
