// Every grant there is: what a plugin may ask for beyond its turn, and what that puts into its hands. A plugin has none that its manifest does
// not list. Enforced in server/plugin-host/grants.ts.
import type { FactsTool } from './facts.ts'

/** What each opens, and what that risks, for the person who installs the plugin. */
export const GRANTS = {
  clock:
    'Reads the time. It is the time at which the message was taken in, in UTC, and stands still during the turn, so that a replay of the turn has the same.',
  randomness:
    'Draws random numbers. They are made of the turn, so that a replay of the turn draws the same; who knows the plugin and the turn can foretell them.',
  memory:
    'Keeps up to 4,096 bytes of each conversation, and has them at its next turns. They may hold what the customer wrote; they lie sealed in the conversation, and are taken back and erased with it. No other plugin and no other conversation has them.',
  facts:
    "Looks up what the shop's systems have of the customer who writes: orders, parcels, refunds, cases, by the queries and from the sources that the manifest lists. It changes nothing, and cannot ask about anybody else; what it was told is in the turn's record.",
  effects:
    "Has things done in the shop's systems for the customer who writes, once they have said yes: by the mutations and in the sources that the manifest lists, for the effects that it lists, each with what takes it back. It can do nothing for anybody else.",
} as const satisfies Readonly<Record<string, string>>
export type Grant = keyof typeof GRANTS

/** The time of the turn. Outside of one, as at the top of a file, reading it throws. `Date.now()` and `new Date()` give the same. */
export interface Clock {
  /** Milliseconds since 1970. */
  readonly now: () => number
}

/** Random numbers made of the turn. Outside of one drawing throws. `Math.random()` draws from the same row. */
export interface Randomness {
  /** From 0 up to but not including 1. */
  readonly next: () => number
}

/**
 * What the plugin has kept of this conversation with `remember`, frozen; empty at first, and again where a turn was taken back. A version of before may
 * have written it: look at what is there.
 */
export type Memory = Readonly<Record<string, unknown>>

/** What each grant adds to a plugin's tools, under the grant's name. */
export interface GrantedTools<Query extends string = string> {
  readonly clock: Clock
  readonly randomness: Randomness
  readonly memory: Memory
  readonly facts: FactsTool<Query>
}
