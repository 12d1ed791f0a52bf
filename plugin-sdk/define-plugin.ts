// How a TypeScript plugin says what it is and how it votes. Runs inside the sandbox: no library, no clock, no randomness, no I/O.
import type { ActionId, Question, Vote } from './vocabulary.ts'

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
  /** What it needs beyond the turn. There is nothing to grant yet. */
  readonly grants?: readonly never[]
  readonly limits?: {
    /** Milliseconds for one turn; 50 unless given. */
    readonly timeoutMs?: number
    /** Megabytes; 32 unless given. */
    readonly memoryMb?: number
  }
  /** Confidence of a vote that gives none; 0.9 unless given. */
  readonly defaultConfidence?: number
}

/** One vote, several, or `abstain`. Confidences of one turn sum to at most 1. */
export type PluginAnswer = Vote | readonly Vote[] | null

/** What the grants of the manifest put into a plugin's hands: nothing yet. */
export type PluginTools = Readonly<Record<string, never>>

export interface Plugin {
  readonly manifest: PluginManifest
  /**
   * Votes on one turn, at once (a promise is a failure) and from the turn alone: the same turn must give the same answer, since a turn may be
   * asked again after a crash and is replayed when plugins are compared. A throw, a late answer or a malformed one is an abstention.
   */
  readonly onTurn: (turn: Question, tools: PluginTools) => PluginAnswer
}

/** A plugin's default export: `export default definePlugin({ manifest, onTurn })`. */
export const definePlugin = (plugin: Plugin): Plugin => plugin

/** Nothing to say on this turn. */
export const abstain = null

/** A vote for `action` with a confidence from 0 to 1: how often such a vote is right. */
export const vote = (action: ActionId, confidence: number, more: Pick<Vote, 'template' | 'evidence'> = {}): Vote => ({
  action,
  confidence,
  ...more,
})
