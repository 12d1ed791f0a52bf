// Random histories of a conversation, as the engine would append them, for tests of what is folded from them.
import { createHash } from 'node:crypto'
import type { Conversation } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import { planRollback, type RolledBackBy, rollbackEvents } from '@parley/core/conversation/rollback.ts'
import { MOST_RATINGS, ratingOf } from '@parley/core/conversation/thumbs.ts'
import { emptyFrame } from '@parley/core/dialogue/frame.ts'
import { isFault } from '@parley/core/faults.ts'
import type { Agent } from '@parley/core/handoff/owner.ts'
import type { AgentId } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Position } from '@parley/core/ports/conversation-log.ts'
import type { createRandom } from '../random.ts'
import { refOf } from './house.ts'

export const nowhere = '' as Position // nothing here appends to a store
export const chen: Agent = { id: 'a1' as AgentId, name: 'Chen' } // a test's id
export const OPERATOR: RolledBackBy = { kind: 'operator' }

/** All that a rollback takes back, whatever version it stands in. */
export const hashOf = ({ dialogue: { frame, memory, locale, lastTurn, tried, ...dialogue } }: Pick<Conversation, 'dialogue'>): string => {
  const turns: unknown[] = []
  for (let node = tried; node; node = node.before) turns.push([node.turn, node.action, node.disposition, node.template])
  const entries = entriesAfter({ ...dialogue, frame, memory, locale, lastTurn, tried }, 0)
  return createHash('sha256')
    .update(JSON.stringify([entries, frame, memory, locale, lastTurn, turns]))
    .digest('hex')
}

/** A decision as the folds see it: they look at no more of it than this. */
const decisionOf = (turn: number, said: number, effect: boolean): RecordedDecision =>
  ({
    turnSeq: turn,
    action: `A${said % 5}`,
    disposition: 'answer',
    template: `t${said % 7}`,
    frame: { ...emptyFrame, misses: said % 3, slots: { order: `o${said}` }, said: [`h${said}`] },
    ...(said % 3 !== 0 && { remembered: { [`plugin:p${said % 2}`]: said % 7 === 0 ? '{}' : `{"said":${said}}` } }),
    ...(effect && { effect: { do: 'open', undo: 'close', done: 'd', refused: 'r', promised: 'p', undone: 'u', slots: {}, locale: 'en' } }),
  }) as unknown as RecordedDecision // the rest is for people and replays

/** Something said of any reply that stands; nothing where none does. */
function ratedBy(
  { dialogue, custody }: Pick<Conversation, 'dialogue' | 'custody'>,
  next: ReturnType<typeof createRandom>,
  at: number,
): readonly ConversationEvent[] {
  const replies = entriesAfter(dialogue, 0).filter(({ type }) => type === 'reply')
  const reply = replies[Math.floor(next() * replies.length)]?.seq
  if (reply === undefined || (custody.thumbs[reply]?.times ?? 0) >= MOST_RATINGS) return []
  const rating = ratingOf({ dialogue, custody }, { reply, thumb: next() < 0.4 ? 'up' : next() < 0.7 ? 'down' : null, at })
  return typeof rating === 'number' ? [] : [rating]
}

/** One append of a random history, as the engine would make it of the conversation as it stands. */
export function nextAppend(
  now: Pick<Conversation, 'seq' | 'dialogue' | 'custody'>,
  next: ReturnType<typeof createRandom>,
  said: number,
): readonly ConversationEvent[] {
  const at = said
  const parts = [{ kind: 'text', text: `words ${said}` } as const]
  const { open, owner, effects } = now.custody
  const roll = next()
  if (roll < 0.3) return [{ type: 'message', at, ref: refOf(`m${said}`), parts }]
  if (roll < 0.55 && open[0]) {
    const { turn, upTo } = open[0]
    const hasEffect = next() < 0.3
    const decided: ConversationEvent = { type: 'decided', at, turn, upTo, decision: decisionOf(turn, said, hasEffect) }
    const reply: ConversationEvent = { type: 'reply', at, turn, locale: said % 2 ? 'en' : 'zh-CN', template: 't', parts }
    return hasEffect ? [decided] : [decided, reply]
  }
  if (roll < 0.62) {
    const effect = effects.find(({ state }) => state.name === 'running' || state.name === 'undoing')
    if (!effect) return []
    const verb = effect.state.name === 'undoing' && effect.state.result !== null ? 'undo' : 'do'
    const key = `demo/c/${effect.turn}/open/${verb}`
    return [
      { type: 'effect', at, key, state: next() < 0.8 ? 'done' : 'failed', result: { case: `${said}` } },
      { type: 'notice', at, about: 'effect', locale: 'en', template: 't', parts },
    ]
  }
  if (roll < 0.72) {
    if (owner.with === 'bot') return [{ type: 'queued', at, turn: null, wait: { reason: 'asked', action: 'A', urgency: 1, locale: 'en' } }]
    if (owner.with === 'agent') return [{ type: 'released', at, agent: chen, to: 'bot', note: '' }]
    const ended = open.map(({ turn, upTo }): ConversationEvent => ({ type: 'superseded', at, turn, upTo, by: chen.id }))
    return [{ type: 'claimed', at, agent: chen }, ...ended, { type: 'notice', at, about: 'claimed', locale: 'en', template: 't', parts }]
  }
  if (roll < 0.82)
    return owner.with === 'agent' ? [{ type: 'agent_message', at, agent: chen, ref: refOf(`a${said}`), parts }] : ratedBy(now, next, at)
  const toSeq = Math.floor(next() * (now.seq + 1))
  try {
    return rollbackEvents(planRollback(now, toSeq), owner.with === 'agent' ? { kind: 'agent', agent: chen } : OPERATOR, 'so', at)
  } catch (error) {
    if (isFault(error, 'ROLLBACK_INVALID')) return [] // nothing would change
    throw error
  }
}
