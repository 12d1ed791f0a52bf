// Reads what a plugin returned. It is text from a stranger: whatever is not exactly an answer fails, with words that its author understands.
import { Action, type Manifest } from '@parley/plugin-sdk/manifest.ts'
import type { Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { whyNotRemember } from './grants.ts'

/** Null is no confidence: it is what NaN becomes in JSON. Fields we do not know are left aside: a newer SDK may send them. */
const GivenVote = z.object({
  action: Action,
  confidence: z.number().min(0).max(1).optional(),
  template: z.string().min(1).max(200).optional(),
  evidence: z.string().max(500).optional(),
  ask: z.string().optional(),
})
const GivenVotes = z.array(GivenVote).max(16)

export type Reading =
  /** `dropped`: actions voted for that the manifest does not list. */
  | { readonly isWellFormed: true; readonly votes: readonly Vote[]; readonly dropped: readonly string[]; readonly memory?: string }
  | { readonly isWellFormed: false; readonly reason: string }

export function readAnswer(json: string, manifest: Pick<Manifest, 'actions' | 'asks' | 'defaultConfidence' | 'grants'>): Reading {
  let value: unknown
  try {
    value = JSON.parse(json)
  } catch {
    return malformed('the answer is not JSON')
  }
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, 'votes')) return readVotes(value, manifest)
  const { votes, memory } = value as { readonly votes: unknown; readonly memory?: unknown } // it has the one, and perhaps the other
  const reason = whyNotRemember(manifest.grants, memory)
  if (reason !== undefined) return malformed(reason)
  const read = readVotes(votes, manifest)
  return read.isWellFormed ? { ...read, memory: String(memory) } : read
}

function readVotes(value: unknown, manifest: Parameters<typeof readAnswer>[1]): Reading {
  if (value === null) return { isWellFormed: true, votes: [], dropped: [] }
  const given = GivenVotes.safeParse(Array.isArray(value) ? value : [value])
  if (!given.success) {
    const [issue] = given.error.issues
    const path = issue?.path.slice(Array.isArray(value) ? 0 : 1).join('.')
    return malformed(`${path || 'the answer'}: ${issue?.message}`)
  }
  const isAllowed = (action: string): boolean => manifest.actions === '*' || manifest.actions.includes(action)
  const votes = given.data.filter(({ action }) => isAllowed(action)).map(vote => complete(vote, manifest.defaultConfidence))
  const stray = votes.find(({ ask }) => ask !== undefined && !manifest.asks.includes(ask))
  if (stray) return malformed(`ask: manifest.asks does not list the slot "${stray.ask}"`)
  if (new Set(votes.map(vote => vote.action)).size < votes.length) return malformed('two votes are for one action')
  const sum = votes.reduce((total, vote) => total + vote.confidence, 0)
  if (sum > 1 + 1e-9) return malformed(`the confidences add up to ${sum.toFixed(2)}, more than 1`)
  return { isWellFormed: true, votes, dropped: given.data.map(({ action }) => action).filter(action => !isAllowed(action)) }
}

const malformed = (reason: string): Reading => ({ isWellFormed: false, reason })

const complete = ({ action, confidence, template, evidence, ask }: z.infer<typeof GivenVote>, defaultConfidence: number): Vote => ({
  action,
  confidence: confidence ?? defaultConfidence,
  ...(template ? { template } : {}),
  ...(evidence ? { evidence } : {}),
  ...(ask ? { ask } : {}),
})
