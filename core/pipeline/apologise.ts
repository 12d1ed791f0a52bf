// The decision of a turn that could not be worked out: a bug was met. The customer gets one honest reply and a person gets the conversation.
import { TROUBLE_TEMPLATE } from '../pack/required-templates.ts'
import type { RecordedDecision } from './decision.ts'
import type { Shop } from './shop.ts'
import type { Received } from './turn.ts'

export function apologise(received: Received, shop: Shop): RecordedDecision {
  const locale = received.locale ?? shop.defaultLocale
  const wait = { reason: 'trouble', action: 'OUT_OF_SCOPE', urgency: 0.5, locale } as const
  return {
    turnSeq: received.turn,
    action: 'OUT_OF_SCOPE',
    disposition: 'handoff',
    template: TROUBLE_TEMPLATE,
    confidence: 0,
    ranking: [],
    breakdown: [],
    reply: shop.templates.render(TROUBLE_TEMPLATE, locale, { shop: shop.about, facts: {}, missing: [], slots: {}, options: [] }),
    locale,
    slots: {},
    votes: [],
    signals: {},
    ensemble: 'none',
    versions: { pack: shop.packVersion },
    ms: 0,
    situation: shop.situation,
    options: [],
    facts: {},
    frame: { ...received.frame, pending: null },
    wait,
  }
}
