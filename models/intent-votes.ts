// What the intent voter says: a vote for every class that it holds possible.
import type { Vote } from '@parley/plugin-sdk/vocabulary.ts'

/** Below it a class is not named: its probability goes to the voter's background, and breakdowns stay readable. */
const NAMED_FROM = 0.02

/** Votes by falling confidence, from calibrated probabilities in the order of `classes`. */
export function intentVotes(classes: readonly string[], probabilities: ArrayLike<number>): readonly Vote[] {
  return classes
    .map((action, i) => ({ action, confidence: probabilities[i]! })) // one probability a class
    .filter(vote => vote.confidence >= NAMED_FROM)
    .sort((a, b) => b.confidence - a.confidence)
}
