// How a TypeScript plugin says what it is and how it votes. Runs inside the sandbox: no library, no I/O, and nothing that is not granted.
// What `onTurn` is given and may return is typed from the manifest that stands beside it.
import type { DecidedEffect, DoneEffect, EffectAnswer, Effects, Mutations } from './effects.ts'
import type { Queries } from './facts.ts'
import type { Grant, GrantedTools } from './grants.ts'
import type { SettingsSchema, SettingValue } from './settings.ts'
import type { ActionId, Question, SlotId, Vote } from './vocabulary.ts'

/** What a plugin's author writes of itself. Defaults and the exact rules: manifest.ts, which checks it when the plugin is loaded. */
export interface PluginManifest {
  /** Lower-case words joined by hyphens, unique in the installation: `fresh-goods`. */
  readonly id: string
  /** Semantic version of the plugin: `1.4.0`. */
  readonly version: string
  /** Versions of this SDK that the plugin was written for: `^0.1.0`. */
  readonly sdk: string
  readonly languages: readonly ('zh' | 'en')[]
  /** The actions it may vote for, or `'*'`; a vote for another one is dropped. */
  readonly actions: readonly ActionId[] | '*'
  /** The slots it may ask for with a vote. None unless given. */
  readonly asks?: readonly SlotId[]
  /** What it needs beyond the turn, such as `['clock']`: each grant puts a tool of its name beside the settings. None unless given. */
  readonly grants?: readonly Grant[]
  /** What it may look up, by name: GraphQL. Needs the grant `facts`. */
  readonly queries?: Queries
  /** The shop's systems that its queries and mutations ask, as the shop's mesh calls them: `['orders', 'crm']`. None unless given. */
  readonly sources?: readonly string[]
  /** What it does when an action was decided, by the effect's name in the shop's catalogue. Needs the grant `effects`, `onAction` and `undo`. */
  readonly effects?: Effects
  /** What may be done in the shop's systems for these effects, by name: GraphQL. */
  readonly mutations?: Mutations
  readonly limits?: {
    /** Milliseconds for one turn; 50 unless given. */
    readonly timeoutMs?: number
    /** Megabytes; 32 unless given. */
    readonly memoryMb?: number
    /** Milliseconds for `onStart`; 500 unless given. */
    readonly startMs?: number
  }
  /** Confidence of a vote that gives none; 0.9 unless given. */
  readonly defaultConfidence?: number
  /** What a shop may set of it, by name; the values stand in `parley.yaml` under the shop's `pluginSettings`. */
  readonly settings?: SettingsSchema
}

/** The actions that a plugin with this manifest may vote for. */
export type ActionOf<M extends PluginManifest> = M['actions'] extends '*' ? ActionId : M['actions'][number]

/** The slots that a plugin with this manifest may ask for. */
export type AskOf<M extends PluginManifest> = M extends { readonly asks: readonly (infer S extends SlotId)[] } ? S : never

/** The values of a manifest's settings: the shop's, or the defaults. Checked before the plugin sees them, frozen, the same for every turn. */
export type SettingsOf<M extends PluginManifest> = M extends { readonly settings: infer S extends SettingsSchema }
  ? { readonly [Name in keyof S]: SettingValue<S[Name]> }
  : Readonly<Record<never, never>>

/** One vote, several, or `abstain`. Confidences of one turn sum to at most 1. */
export type Votes<A extends ActionId = ActionId, S extends SlotId = SlotId> = Vote<A, S> | readonly Vote<A, S>[] | null

/** Votes, and what is kept of the conversation: made by `remember`. */
export interface Remembering<A extends ActionId = ActionId, S extends SlotId = SlotId> {
  readonly votes: Votes<A, S>
  /** JSON. */
  readonly memory: string
}

/** What a plugin answers a turn with. */
export type PluginAnswer<A extends ActionId = ActionId, S extends SlotId = SlotId> = Votes<A, S> | Remembering<A, S>

/** The grants that a plugin with this manifest has asked for. */
export type GrantOf<M extends PluginManifest> = M extends { readonly grants: readonly (infer G extends Grant)[] } ? G : never

/** The names of the queries that a plugin with this manifest may ask. */
export type QueryOf<M extends PluginManifest> = M extends { readonly queries: infer Q extends Queries } ? keyof Q & string : never

/** What a plugin has in its hands beside the turn: its settings, what `onStart` has prepared, and a tool for each grant. */
export type PluginTools<M extends PluginManifest = PluginManifest, P = undefined> = { readonly settings: SettingsOf<M> } & Pick<
  GrantedTools<QueryOf<M>>,
  GrantOf<M> & keyof GrantedTools
> &
  ([P] extends [undefined] ? unknown : { readonly prepared: P })

/** The names of the mutations that a plugin with this manifest may have done. */
export type MutationOf<M extends PluginManifest> = M extends { readonly mutations: infer D extends Mutations } ? keyof D & string : never

/** What a plugin with effects has beside `onTurn`. */
export interface EffectHooks<M extends PluginManifest, Name extends string, P = undefined> {
  /**
   * What is to be done once the customer has said yes: at once, and from effect, slots and settings alone. It is asked again after a crash and must
   * say the same; there are no facts here and no clock. A throw or a late answer is tried again later, and goes to a person in the end.
   */
  readonly onAction: (effect: DecidedEffect<Name>, tools: PluginTools<M, P>) => EffectAnswer<MutationOf<M>>
  /** What takes it back, when its turn is. As `onAction`; what it refuses stands, and a person is told. */
  readonly undo: (effect: DoneEffect<Name>, tools: PluginTools<M, P>) => EffectAnswer<MutationOf<M>>
}

/** Those hooks for a manifest that lists effects, and none for any other. */
export type EffectHooksOf<M extends PluginManifest, P = undefined> = M extends { readonly effects: infer E extends Effects }
  ? EffectHooks<M, keyof E & string, P>
  : { readonly onAction?: never; readonly undo?: never }

/** What `definePlugin` takes and gives. */
export interface Plugin<M extends PluginManifest = PluginManifest, P = undefined> {
  readonly manifest: M
  /**
   * Runs once in each sandbox, before its first turn, with a time of its own (`limits.startMs`): what it returns, a table made of the settings say, is
   * frozen and given to every turn as `tools.prepared`. It has no grants, since there is no turn. If it throws, takes too long or returns a
   * promise, the plugin cannot be loaded. Written before `onTurn`, it types what that is given.
   */
  readonly onStart?: (tools: { readonly settings: SettingsOf<M> }) => P
  /**
   * Votes on one turn, at once (a promise is a failure) and from the turn, settings and what is granted: the same turn must give the same answer, since a
   * turn may be asked again after a crash and is replayed when plugins are compared. A throw, a late answer or a malformed one is an abstention.
   */
  readonly onTurn: (turn: Question, tools: PluginTools<M, P>) => PluginAnswer<ActionOf<M>, AskOf<M>>
}

/**
 * A plugin's default export: `export default definePlugin({ manifest, onTurn })`. A vote for an action or a question for a slot
 * that the manifest does not list, and a setting that it does not declare, are type errors.
 */
export const definePlugin = <const M extends PluginManifest, P = undefined>(
  plugin: Plugin<M, P> & EffectHooksOf<M, P>,
): Plugin<M, P> & EffectHooksOf<M, P> => plugin

/** Nothing to say on this turn. */
export const abstain = null

/** A vote for `action` with a confidence from 0 to 1: how often such a vote is right. */
export const vote = <const A extends ActionId, const S extends SlotId = never>(
  action: A,
  confidence: number,
  more: Pick<Vote<A, S>, 'template' | 'evidence' | 'ask'> = {},
): Vote<A, S> => ({ action, confidence, ...more })

/** Has a vote ask the customer for a slot of its action, should it win without one: `vote('COMPENSATE', 0.9, ask('order'))`, or `{ evidence, ...ask('order') }`. */
export const ask = <const S extends SlotId>(slot: S): { readonly ask: S } => ({ ask: slot })

/**
 * Votes, and keeps `memory`, a plain object of at most 4,096 bytes as JSON, in place of what was kept of this conversation; `{}` forgets. Needs the grant
 * `memory`. It is kept with the decision: not where the turn comes to none, as when a person takes the conversation over.
 */
export const remember = <const A extends ActionId = never, const S extends SlotId = never>(
  memory: object,
  votes: Votes<A, S> = null,
): Remembering<A, S> => ({
  votes,
  memory: JSON.stringify(memory),
})

const EVIDENCE_CHARACTERS = 500

/** What was seen, as a vote's evidence: joined by commas, without what is missing, and cut to the 500 characters that evidence may have. */
export const evidence = (...seen: readonly (string | undefined)[]): string =>
  seen
    .filter(part => part !== undefined && part !== '')
    .join(', ')
    .slice(0, EVIDENCE_CHARACTERS)
    .toWellFormed()
