// What a shadow's answer to a turn comes to, held against the answer that counted and against what the turn was decided to be.
import type { Decision, RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { Vote } from '@parley/plugin-sdk/vocabulary.ts'
import { type Compared, type DivergentTurn, PARTS } from '../plugin-store/comparison.ts'

/** A plugin of any action makes up its own, and can put into it what it has read. */
const NO_ACTION = '(no action of the shop)'

/** `now`: the turn worked out again with the shadow in the plugin's place. */
export function compareVotes(voter: string, { at, received, decision }: RecordedTurn, now: RecordedDecision): Compared {
  const shadow = answerOf(voter, now)
  if (!('votes' in shadow)) return { outcome: shadow.reason, isDecidedOtherwise: false }
  const inForce = answerOf(voter, decision)
  const differs = 'votes' in inForce ? PARTS.filter(part => VIEWS[part](inForce) !== VIEWS[part](shadow)) : []
  const outcome = !('votes' in inForce) ? 'alone' : differs.length > 0 ? 'otherwise' : 'same'
  const decided = { before: outcomeOf(decision), now: outcomeOf(now) }
  const isDecidedOtherwise = JSON.stringify(decided.before) !== JSON.stringify(decided.now)
  if (outcome !== 'otherwise' && !isDecidedOtherwise) return { outcome, isDecidedOtherwise }
  const { domain } = now.situation
  const divergent: DivergentTurn = {
    conversation: received.conversation,
    turn: received.turn,
    at,
    differs,
    before: 'votes' in inForce ? votesOf(inForce, domain) : null,
    now: votesOf(shadow, domain),
    decided,
  }
  return { outcome, isDecidedOtherwise, divergent }
}

interface Answer {
  readonly votes: readonly Vote[]
  readonly memory: string | undefined
}

/** What it said of the whole message, or why it said nothing. Who was not there is off. */
function answerOf(voter: string, { votes, remembered }: RecordedDecision): Answer | { readonly reason: 'late' | 'failed' | 'off' } {
  const ballot = votes.find(each => each.voter === voter)
  if (!ballot || ballot.reason === 'off' || ballot.reason === 'shed') return { reason: 'off' }
  if (ballot.reason === 'late' || ballot.reason === 'failed') return { reason: ballot.reason }
  return { votes: ballot.votes, memory: remembered?.[voter] }
}

/** The parts of an answer, each as a text that is the same where it is. */
const VIEWS: Readonly<Record<(typeof PARTS)[number], (answer: Answer) => string>> = {
  votes: ({ votes }) => JSON.stringify(votes.map(({ action, confidence }) => [action, confidence])),
  template: ({ votes }) => JSON.stringify(votes.map(({ template }) => template)),
  question: ({ votes }) => JSON.stringify(votes.map(({ ask }) => ask)),
  evidence: ({ votes }) => JSON.stringify(votes.map(({ evidence }) => evidence)),
  memory: ({ memory = '' }) => memory,
}

const votesOf = ({ votes }: Answer, domain: readonly string[]): DivergentTurn['now'] =>
  votes.map(({ action, confidence }) => ({ action: domain.includes(action) ? action : NO_ACTION, confidence }))

const outcomeOf = ({ action, disposition, template }: Decision): DivergentTurn['decided']['now'] => ({ action, disposition, template })
