// The lines of a golden transcript that ask what a plugin has done: `action open-compensation { order: 2024-881, count: 3 }` with slots, and
// `undo open-compensation { case: CP-1007 }` with what the action above it gave.
import { type Fault, isFault } from '@parley/core/faults.ts'
import { z } from 'zod'
import type { AskedEffect } from '../drivers/effects.plugins.ts'
import type { EffectDecision } from '../plugin-host/read-effect-answer.ts'
import { readSettings } from './read-settings.ts'

export interface GoldenEffect {
  readonly hook: 'action' | 'undo'
  /** By the effect's own name, of an undo too. */
  readonly effect: string
  readonly slots: AskedEffect['slots']
  /** Of an undo. */
  readonly result?: Readonly<Record<string, string>>
}

export const EFFECT_FORM = 'an effect is written: action open-compensation { order: 2024-881, count: 3 }'

/** Slots and results are text; a number written without quotes becomes one. */
const Texts = z.record(z.string(), z.union([z.string(), z.number()]).transform(String))

/** Undefined where the line is no such thing. `before` are the effects above it. */
export function readEffectLine(line: string, before: readonly GoldenEffect[]): GoldenEffect | undefined {
  const [, hook, effect, given] = /^(action|undo) ([a-z][a-z0-9-]*) (\{.*\})$/.exec(line.trim()) ?? []
  const texts = Texts.safeParse(given === undefined ? undefined : readSettings(given))
  if (effect === undefined || !texts.success) return undefined
  if (hook === 'action') return { hook, effect, slots: texts.data }
  const slots = before.findLast(each => each.effect === effect && each.hook === 'action')?.slots ?? {}
  return { hook: 'undo', effect, slots, result: texts.data }
}

/** What a plugin would have done, as golden lines. */
export function linesOfEffect(decided: EffectDecision | Fault): readonly string[] {
  if (isFault(decided)) return [`! ${decided.message}`]
  return [decided.type === 'refusal' ? `refuse ${decided.reason}` : `mutate ${decided.name} ${JSON.stringify(decided.variables)}`]
}
