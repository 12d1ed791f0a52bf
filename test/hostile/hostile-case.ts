// What a hostile case is: a plugin that means harm, and the only ways in which it may end. The cases are data; hostile.test.ts plays them.
import type { Vote } from '@parley/plugin-sdk/vocabulary.ts'
import type { Canaries } from './canaries.ts'

/** How the turn may end for the plugin that does harm. To the others nothing happens: the arena checks that of every case. */
export type Outcome =
  /** It abstains for one of these reasons; `says` is in the fault that the operator is told. */
  | { readonly abstains: readonly ('late' | 'failed' | 'silent')[]; readonly says?: RegExp }
  /** It votes, and this is all that it found: the evidence of its vote. */
  | { readonly finds: string }
  /** It has these votes and no others; `dropped` are the actions that it may not vote for. */
  | { readonly votes: readonly Vote[]; readonly dropped?: readonly string[] }

export interface HostileCase {
  /** Words joined by hyphens. The text of the turn on which it does harm; of a TypeScript case the plugin's id too. */
  readonly id: string
  /** What it tries, in a few words for a reader of the list. */
  readonly tries: string
  /** The body of `onTurn(turn, tools)`, or of a method in Python. */
  readonly body: string | ((canaries: Canaries) => string)
  readonly outcome: Outcome
  /** It is asked so many times at most, until the outcome is there: what it does builds up. 1 unless given. */
  readonly turns?: number
  /** What stands at the top of its file. */
  readonly outside?: string
  /** TypeScript only: more of its manifest, before a closing brace. */
  readonly manifest?: string
  /** It is asked this once more, as by another conversation, and must end in the same way. */
  readonly isAskedAgain?: true
}

export interface Kind {
  readonly title: string
  /** The rule of core/SPEC.md that holds. */
  readonly rule: string
  readonly runtime: 'typescript' | 'python'
  readonly timeoutMs: number
  readonly cases: readonly HostileCase[]
}

type Body = HostileCase['body']
const making =
  (outcome: Outcome) =>
  (id: string, tries: string, body: Body, more: Pick<HostileCase, 'turns'> = {}) => ({
    id,
    tries,
    body,
    outcome,
    ...more,
  })

/** Stopped by its isolate, or with its host where the isolate's own clock got no turn in time. */
export const stopped = making({ abstains: ['late', 'failed'] })
export const fails = (says: RegExp) => making({ abstains: ['failed'], says })
export const finds = (evidence: string) => making({ finds: evidence })
export const silent = making({ abstains: ['silent'] })
