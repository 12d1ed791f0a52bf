// Reads votes that came over the network. They are a stranger's: whatever is not exactly votes is none, and what is voted for is of the shop's catalogue
// or dropped.
import type { ActionId, Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'

/** Fields we do not know are left aside: a newer service may send them. */
export const GivenVotes = z
  .array(
    z.object({
      action: z.string().min(1).max(80).describe('An action of the request; another one is dropped.'),
      confidence: z.number().min(0).max(1).describe('Probability that the text is about the action.'),
      evidence: z.string().max(500).optional().describe('Why, for a person to read.'),
    }),
  )
  .max(16)

export interface KnownVotes {
  readonly votes: readonly Vote[]
  /** Votes for actions that the shop does not have. Not which: a service can make the name of what a customer wrote. */
  readonly dropped: number
}

/** `undefined` where two votes are for one action. */
export function knownVotes(given: z.infer<typeof GivenVotes>, actions: ReadonlySet<ActionId>): KnownVotes | undefined {
  if (new Set(given.map(({ action }) => action)).size < given.length) return undefined
  const votes = given
    .filter(({ action }) => actions.has(action))
    .map(({ action, confidence, evidence }): Vote => ({ action, confidence, ...(evidence ? { evidence } : {}) }))
  return { votes, dropped: given.length - votes.length }
}

export const sumOf = (votes: readonly Pick<Vote, 'confidence'>[]): number => votes.reduce((sum, { confidence }) => sum + confidence, 0)

/** The first thing that is wrong, without a word of what was sent. */
export const issueOf = (error: z.ZodError): string => {
  const [issue] = error.issues
  return `${issue?.path.map(String).join('.') || 'the whole'}: ${issue?.message ?? 'not of the schema'}`
}
