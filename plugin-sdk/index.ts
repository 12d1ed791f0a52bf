// What a plugin imports. This half runs in the sandbox, so it draws in no library; the manifest's schema (manifest.ts) is the host's half.
export { abstain, definePlugin, type Plugin, type PluginAnswer, type PluginManifest, type PluginTools, vote } from './define-plugin.ts'
export type { ActionId, Language, Locale, Question, Vote } from './vocabulary.ts'
