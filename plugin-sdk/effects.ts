// What a plugin has done in the shop's systems when an action was decided, and how it is taken back. A plugin says what is to be done; the engine
// does it, once, and again after a crash, under a key of its own. Runs inside the sandbox.
import type { Locale } from './vocabulary.ts'

/** What a plugin does, by the effect's name in the shop's catalogue (`open-compensation`); `undo` is what the catalogue has to take it back. */
export type Effects = Readonly<Record<string, { readonly undo: string }>>

/** GraphQL by name, in a manifest's `mutations`: one field each, checked when the plugin is loaded, against the schema of the shop's systems. */
export type Mutations = Readonly<Record<string, string>>

/** What the customer has said yes to. */
export interface DecidedEffect<Name extends string = string> {
  readonly effect: Name
  /** What the dialogue has asked for, by slot, as text: `{ order: '2024-881', count: '3' }`. */
  readonly slots: Readonly<Record<string, string>>
  readonly locale: Locale
}

/** What was done and is to be taken back. */
export interface DoneEffect<Name extends string = string> extends DecidedEffect<Name> {
  /** What its mutation gave, as text; what was null is not there. */
  readonly result: Readonly<Record<string, string>>
}

/** Made by `mutate` or `refuse`. */
export type EffectAnswer<Mutation extends string = string> =
  | { readonly mutation: Mutation; readonly variables: Readonly<Record<string, unknown>> }
  | { readonly refusal: string }

/**
 * Has a mutation of the manifest done, for the customer who writes. Its fields become the effect's result, which the templates tell and `undo` is
 * given. Done once, however often the engine must try; what the shop's system refuses is told to the customer with its reason.
 */
export const mutate = <const Mutation extends string>(
  mutation: Mutation,
  variables: Readonly<Record<string, unknown>> = {},
): EffectAnswer<Mutation> => ({ mutation, variables })

/** Nothing is done, for good; the template `refused` tells it by this reason: lower-case words joined by hyphens, as `too-many`. */
export const refuse = (reason: string): EffectAnswer<never> => ({ refusal: reason })
