// Fuses the ballots, and joins what the risk list says with their signals: the worst mood, the greatest urgency, the greatest need of a person.
import type { Signals } from '@parley/plugin-sdk/vocabulary.ts'
import type { Ensemble } from '../ports/ensemble.ts'
import type { Risk } from '../ports/risks.ts'
import type { Shop } from './shop.ts'
import type { Fused, Polled } from './turn.ts'

export function fuse(turn: Polled, shop: Shop, ensemble: Ensemble): Fused {
  const { language, text } = turn.question
  const fusion = ensemble.fuse(turn.ballots, language, shop.situation.domain)
  const risks = shop.risks.find(text, language)
  return { ...turn, risks, fusion: risks.length === 0 ? fusion : { ...fusion, signals: join(fusion.signals, risks) } }
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
