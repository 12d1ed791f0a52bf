// What an agent reads before the first word: why the bot handed over, what the voters said, what was tried. Made from the log, which is where all of it
// stands.
import type { Conversation } from '../conversation/conversation.ts'
import type { Logged } from '../conversation/event.ts'
import type { RecordedDecision } from '../pipeline/decision.ts'
import type { HandoffCard, QueueItem } from '../protocol/desk-message.ts'
import type { Wait } from './owner.ts'

/** Actions that the ranking shows, and turns that it tells of. */
const MOST = { ranking: 5, tried: 8 } as const

/** Null where the bot never handed the conversation over. `labelOf` is the catalogue's. */
export function cardOf(
  events: readonly Logged[],
  { custody, dialogue }: Pick<Conversation, 'custody' | 'dialogue'>,
  labelOf: (action: string) => QueueItem['label'],
): HandoffCard | null {
  const queued = events.findLast(event => event.type === 'queued')
  if (!queued) return null
  const decided = events.findLast(event => event.type === 'decided' && event.seq < queued.seq)
  const decision = decided?.type === 'decided' ? decided.decision : undefined
  const { wait } = queued
  const ranking = decision ? rankingOf(decision) : []
  const votes = decision ? votesOf(decision, wait) : []
  const tried = triedOf(dialogue)
  const named = new Set([wait.action, ...[...ranking, ...tried, ...votes.flatMap(ballot => ballot.votes)].map(({ action }) => action)])
  return {
    reason: wait.reason,
    at: queued.at,
    action: wait.action,
    label: labelOf(wait.action),
    confidence: decision?.confidence ?? 0,
    ranking,
    votes,
    ...(decision && fusedOf(decision, wait)),
    moods: [...dialogue.frame.moods],
    ...(decision?.signals.trend !== undefined && { trend: decision.signals.trend }),
    ...(decision?.signals.urgency !== undefined && { urgency: decision.signals.urgency }),
    risks: [...(decision?.risks ?? [])],
    tried,
    labels: Object.fromEntries([...named].map(action => [action, labelOf(action)])),
    slots: { ...dialogue.frame.slots },
    effects: custody.effects.map(({ plan, state }) => ({
      name: plan.do,
      state: state.name,
      result: 'result' in state && state.result ? { ...state.result } : {},
      ...('reason' in state && { reason: state.reason }),
    })),
  }
}

function rankingOf({ ranking }: RecordedDecision): HandoffCard['ranking'] {
  const top = ranking[0]?.score ?? 0
  const raised = ranking.map(({ score }) => Math.exp(score - top))
  const total = raised.reduce((sum, each) => sum + each, 0)
  return ranking.slice(0, MOST.ranking).map(({ action }, i) => ({ action, probability: raised[i]! / total })) // one for each
}

function votesOf({ breakdown, votes }: RecordedDecision, { action }: Wait): HandoffCard['votes'] {
  const shares = new Map(breakdown.filter(share => share.action === action).map(({ voter, share }) => [voter, share]))
  return votes.map(({ voter, abstained, reason, votes: said }) => {
    const share = shares.get(voter)
    return {
      voter,
      abstained,
      ...(reason !== undefined && { reason }),
      ...(share !== undefined && { share }),
      votes: said
        .slice(0, 3)
        .map(({ action, confidence, evidence }) => ({ action, confidence, ...(evidence !== undefined && { evidence }) })),
    }
  })
}

/** Nothing where the fusion knew no such action: then nothing has a share in it. */
function fusedOf({ breakdown, ranking, votes }: RecordedDecision, { action }: Wait): Pick<HandoffCard, 'fused'> {
  const score = ranking.find(ranked => ranked.action === action)?.score
  if (score === undefined) return {}
  const voters = new Set(votes.map(({ voter }) => voter))
  const beside = breakdown
    .filter(share => share.action === action && !voters.has(share.voter))
    .map(({ voter, share }) => ({ what: voter.replace(/^signal:/, ''), share }))
  return { fused: { beside, score } }
}

function triedOf({ tried }: Conversation['dialogue']): HandoffCard['tried'] {
  const found: HandoffCard['tried'] = []
  for (let node = tried; node && found.length < MOST.tried; node = node.before) {
    const { turn, action, disposition, template } = node
    found.push({ turn, action, disposition, template })
  }
  return found.reverse()
}
