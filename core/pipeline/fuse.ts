// Fuses the ballots, and joins what the risk list says with their signals: the worst mood, the greatest urgency, the greatest need of a person.
import type { Signals } from '@parley/plugin-sdk/vocabulary.ts'
import { pastOf } from '../dialogue/frame.ts'
import type { Ensemble, Fusion } from '../ports/ensemble.ts'
import type { Risk } from '../ports/risks.ts'
import type { Ballot } from '../ports/voters.ts'
import type { Shop } from './shop.ts'
import type { Fused, Polled } from './turn.ts'

export function fuse(turn: Polled, shop: Shop, ensemble: Ensemble): Fused {
  const { language, text } = turn.question
  const fusion = fusionOf(turn, shop, ensemble)
  const risks = shop.risks.find(text, language)
  return { ...turn, risks, fusion: risks.length === 0 ? fusion : { ...fusion, signals: join(fusion.signals, risks) } }
}

/**
 * Neither an article nor the second stage talks a turn out of a person's hands: where the other votes make it likely enough that a person must take it
 * for that alone to cost more than a handover, what they say is not heard.
 */
function fusionOf({ ballots, question, frame }: Polled, { situation }: Shop, ensemble: Ensemble): Fusion {
  const fuseThose = (heard: readonly Ballot[]): Fusion => ensemble.fuse(heard, question.language, situation.domain, pastOf(frame))
  const others = ballots.filter(({ quotes, isSecond }) => quotes === undefined && !isSecond)
  if (others.length === ballots.length) return fuseThose(ballots)
  const without = fuseThose(others)
  const { wrongAnswer, handoff, severity } = situation.costs
  const risk = situation.alwaysPerson.reduce((sum, action) => sum + (without.probabilities[action] ?? 0) * (severity[action] ?? 1), 0)
  return risk * wrongAnswer >= handoff ? without : fuseThose(ballots)
}

function join(signals: Signals, risks: readonly Risk[]): Signals {
  const all = [signals, ...risks.map(risk => risk.signals)]
  const given = (name: keyof Signals): number[] => all.flatMap(each => each[name] ?? [])
  const [moods, urgency, handoff] = [given('mood'), given('urgency'), given('handoff')]
  return {
    ...(moods.length > 0 && { mood: Math.min(...moods) }),
    ...(urgency.length > 0 && { urgency: Math.max(...urgency) }),
    ...(handoff.length > 0 && { handoff: Math.max(...handoff) }),
  }
}
