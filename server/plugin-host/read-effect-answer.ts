// Reads what a plugin's `onAction` or `undo` returned. It is text from a stranger: whatever is not exactly an answer fails.
import type { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { z } from 'zod'

const Answer = z.union([
  z.strictObject({ mutation: z.string(), variables: z.record(z.string(), z.unknown()) }),
  z.strictObject({ refusal: z.string().regex(/^[a-z][a-z0-9-]{0,39}$/, 'a reason is lower-case words joined by hyphens: too-many') }),
])

/** What a plugin has said to do. */
export type EffectDecision =
  | {
      readonly type: 'mutation'
      readonly name: string
      readonly document: string
      readonly variables: Readonly<Record<string, unknown>>
      readonly sources: readonly string[]
    }
  | { readonly type: 'refusal'; readonly reason: string }

export type EffectReading = EffectDecision | { readonly type: 'malformed'; readonly reason: string }

export function readEffectAnswer(json: string, { mutations, sources }: Pick<Manifest, 'mutations' | 'sources'>): EffectReading {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return { type: 'malformed', reason: 'the answer is not JSON' }
  }
  const given = Answer.safeParse(value)
  if (!given.success)
    return { type: 'malformed', reason: 'the answer is made neither by mutate nor by refuse with a reason such as too-many' }
  if ('refusal' in given.data) return { type: 'refusal', reason: given.data.refusal }
  const { mutation: name, variables } = given.data
  const document = Object.hasOwn(mutations, name) ? mutations[name] : undefined
  return document === undefined
    ? { type: 'malformed', reason: `there is no mutation ${JSON.stringify(name)} in its manifest` }
    : { type: 'mutation', name, document, variables, sources }
}
