// What a plugin imports. This half runs in the sandbox, so it draws in no library; the manifest's schema (manifest.ts) is the host's half.
export {
  type ActionOf,
  type AskOf,
  abstain,
  ask,
  definePlugin,
  type EffectHooks,
  type EffectHooksOf,
  evidence,
  type GrantOf,
  type MutationOf,
  type Plugin,
  type PluginAnswer,
  type PluginManifest,
  type PluginTools,
  type QueryOf,
  type Remembering,
  remember,
  type SettingsOf,
  type Votes,
  vote,
} from './define-plugin.ts'
export { type DecidedEffect, type DoneEffect, type EffectAnswer, type Effects, type Mutations, mutate, refuse } from './effects.ts'
export type { Facts, FactsTool, Queries } from './facts.ts'
export type { Clock, Grant, GrantedTools, Memory, Randomness } from './grants.ts'
export type { SettingSchema, SettingsSchema } from './settings.ts'
export type { ActionId, Language, Locale, Question, SlotId, Vote } from './vocabulary.ts'
