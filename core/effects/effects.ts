// The life of an effect, folded from the log: planned by a decision, run under its key until an outcome is kept, undone when its turn is taken
// back. Part of custody: a rollback takes back the turn and never the memory of what was done in the world.
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import type { Logged } from '../conversation/event.ts'
import type { ConversationKey, Seq } from '../ids.ts'
import type { EffectEntry } from '../pack/pack.ts'

/** As a decision plans it: all that running, telling and undoing it takes, so that a later pack changes nothing about it. */
export interface PlannedEffect extends Pick<EffectEntry, 'do' | 'undo' | 'done' | 'refused' | 'promised' | 'undone'> {
  readonly slots: Readonly<Record<string, string>>
  readonly locale: Locale
}

type Result = Readonly<Record<string, string>>

/**
 * `running`: no outcome is kept yet; it may have been done. `undoing`: its turn was taken back. `failed`: given up after its retries, nobody
 * knows whether it was done; `undo-failed`: what was done, `result`, stands. Of both a person is told.
 */
export type EffectState =
  | { readonly name: 'running' }
  | { readonly name: 'done'; readonly result: Result }
  | { readonly name: 'refused'; readonly result: Result }
  | { readonly name: 'failed'; readonly reason: string }
  /** `result` is null where the effect was still running when its turn was taken back: it is brought to its end first. */
  | { readonly name: 'undoing'; readonly result: Result | null }
  | { readonly name: 'undone' }
  | { readonly name: 'undo-failed'; readonly result: Result; readonly reason: string }

export interface Effect {
  readonly turn: Seq
  /** The decision that planned it: a rollback to before it takes the effect back. */
  readonly decidedAt: Seq
  readonly plan: PlannedEffect
  readonly state: EffectState
  /** True once the customer has had a reply that says how it stands: what comes later is a notice. */
  readonly isReplied: boolean
}

export const doKey = (key: ConversationKey, effect: Pick<Effect, 'turn' | 'plan'>): string =>
  `${key.shop}/${key.conversation}/${effect.turn}/${effect.plan.do}/do`
export const undoKey = (key: ConversationKey, effect: Pick<Effect, 'turn' | 'plan'>): string =>
  `${key.shop}/${key.conversation}/${effect.turn}/${effect.plan.do}/undo`

/** True while something is left to be done in the world. */
export const isUnderWay = ({ state }: Effect): boolean => state.name === 'running' || state.name === 'undoing'

/**
 * What may be worked on now. Of those that were taken back only the last decided: a later effect may rest on an earlier one, so they are undone in
 * reverse, each when what became of the one after it is known.
 */
export function workable(effects: readonly Effect[]): readonly Effect[] {
  const lastTakenBack = effects.findLast(({ state }) => state.name === 'undoing')
  return effects.filter(effect => effect.state.name === 'running' || effect === lastTakenBack)
}

export function foldEffects(effects: readonly Effect[], event: Logged): readonly Effect[] {
  switch (event.type) {
    case 'decided': {
      const plan = event.decision.effect
      return plan ? [...effects, { turn: event.turn, decidedAt: event.seq, plan, state: { name: 'running' }, isReplied: false }] : effects
    }
    case 'reply':
      return effects.map(effect => (effect.turn === event.turn ? { ...effect, isReplied: true } : effect))
    case 'effect':
      return effects.map(effect => (isOf(event.key, effect) ? { ...effect, state: after(effect.state, event) } : effect))
    case 'rolled_back':
      return effects.map(effect => (effect.decidedAt > event.toSeq ? takenBack(effect) : effect))
    default:
      return effects
  }
}

/** A key ends with `turnSeq/effect/do`; the part before it is the conversation's own. */
export const isOf = (key: string, { turn, plan }: Effect): boolean => {
  const [, , seq, name] = key.split('/')
  return Number(seq) === turn && name === plan.do
}

function after(state: EffectState, event: Extract<Logged, { type: 'effect' }>): EffectState {
  const { result } = event
  const reason = result.reason ?? ''
  if (event.key.endsWith('/undo')) {
    const stands = state.name === 'undoing' && state.result ? state.result : {}
    return event.state === 'done' ? { name: 'undone' } : { name: 'undo-failed', result: stands, reason }
  }
  if (event.state === 'failed') return { name: 'failed', reason }
  // Taken back while it ran: a result must now be undone, and a refusal has nothing to undo.
  if (state.name === 'undoing') return event.state === 'done' ? { name: 'undoing', result } : { name: 'undone' }
  return { name: event.state, result }
}

function takenBack(effect: Effect): Effect {
  if (effect.state.name === 'running') return { ...effect, state: { name: 'undoing', result: null } }
  return effect.state.name === 'done' ? { ...effect, state: { name: 'undoing', result: effect.state.result } } : effect
}
