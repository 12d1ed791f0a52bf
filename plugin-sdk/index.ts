// What a plugin imports. This half runs in the sandbox, so it draws in no library; the manifest's schema (manifest.ts) is the host's half.
export {
  type ActionOf,
  abstain,
  definePlugin,
  evidence,
  type GrantOf,
  type Plugin,
  type PluginAnswer,
  type PluginManifest,
  type PluginTools,
  type Remembering,
  remember,
  type SettingsOf,
  type Votes,
  vote,
} from './define-plugin.ts'
export type { Clock, Grant, GrantedTools, Memory, Randomness } from './grants.ts'
export type { SettingSchema, SettingsSchema } from './settings.ts'
export type { ActionId, Language, Locale, Question, Vote } from './vocabulary.ts'
