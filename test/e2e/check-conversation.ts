// The rules of core/SPEC.md over one conversation's log, worked out anew from the events: nothing of the engine's own folds is used, so that a
// mistake of theirs is not repeated here. Each complaint begins with the rule that is broken.
import assert from 'node:assert/strict'
import { isDeepStrictEqual } from 'node:util'
import type { Logged } from '@parley/core/conversation/event.ts'
import type { VisibleEvent } from '@parley/core/protocol/server-message.ts'

/** What people outside know of the conversation. */
export interface Witness {
  /** By message id: where it was acknowledged, the customer's and the agents'. */
  readonly acknowledged: ReadonlyMap<string, number>
  /** By message id: what was written. */
  readonly said?: ReadonlyMap<string, string>
  /** What the customer was shown, after the event `upTo`. */
  readonly shown?: { readonly upTo: number; readonly events: readonly VisibleEvent[] }
}

export interface WorldEffect {
  readonly key: string
  readonly state: 'planned' | 'done' | 'refused' | 'failed'
  readonly result: Readonly<Record<string, string>>
  readonly isTakenBack: boolean
  /** Undefined until its undo has an outcome. */
  readonly undo?: 'done' | 'refused' | 'failed'
}

export interface Standing {
  /** Messages without a decision. */
  readonly undecided: readonly number[]
  readonly isUnsettled: boolean
  readonly isWithPeople: boolean
  readonly effects: readonly WorldEffect[]
  /** What the customer sees in the end. */
  readonly seen: readonly Summary[]
}

const FOR_SEEING = ['message', 'reply', 'agent_message', 'notice']

/** `key`: shop and conversation as an effect's key begins. Throws where a rule is broken. */
export function checkConversation(key: string, events: readonly Logged[], witness: Witness): Standing {
  const holds = (isSo: boolean, rule: string, what: string): void => assert.ok(isSo, `[${rule}] ${key}: ${what}`)
  const refs = new Map<string, { readonly seq: number; readonly text: string }>()
  const decided = new Set<number>()
  const replied = new Set<number>()
  const effects = new Map<
    string,
    { -readonly [K in keyof WorldEffect]: WorldEffect[K] } & { readonly turn: number; readonly decidedAt: number }
  >()
  /** Messages without a decision, in order. */
  let undecided: number[] = []
  let owner: { readonly with: 'bot' | 'queue' } | { readonly with: 'agent'; readonly id: string } = { with: 'bot' }
  let seen: readonly Logged[] = []
  /** What the customer sees after each event; [0] is the beginning. */
  const versions: (readonly Logged[])[] = [seen]

  for (const [i, event] of events.entries()) {
    const { seq } = event
    const next = events[i + 1]
    holds(seq === i + 1, 'LOG2', `event ${seq} stands at ${i + 1}`)
    holds((event.type === 'opened') === (seq === 1), 'TURN9', `${event.type} at ${seq}`)
    switch (event.type) {
      case 'message':
      case 'agent_message': {
        const text = event.parts.map(part => part.text).join('\n')
        holds(
          !refs.has(event.ref),
          event.type === 'message' ? 'TURN2' : 'HND4',
          `${event.ref} stands at ${refs.get(event.ref)?.seq} and at ${seq}`,
        )
        refs.set(event.ref, { seq, text })
        if (event.type === 'message' && owner.with !== 'agent') undecided.push(seq)
        if (event.type === 'agent_message')
          holds(owner.with === 'agent' && owner.id === event.agent.id, 'HND4', `${seq} is not the owner's`)
        break
      }
      case 'decided':
      case 'superseded': {
        const { turn, upTo } = event
        holds(!decided.has(turn), 'TURN3', `turn ${turn} has a second decision at ${seq}`)
        holds(undecided[0] === turn, 'TURN5', `turn ${turn} is decided at ${seq} before ${undecided[0]}`)
        holds(undecided.includes(upTo), 'TURN4', `turn ${turn} is decided at ${seq} up to ${upTo}, which is no message of it`)
        decided.add(turn)
        undecided = undecided.filter(message => message > upTo)
        if (event.type === 'superseded') {
          // A claim stands before what it overtakes, a rollback behind.
          const isOvertaken = event.by === null ? events.slice(i).some(later => later.type === 'rolled_back') : owner.with === 'agent'
          holds(isOvertaken, 'HND3', `turn ${turn} ends superseded at ${seq} by nobody`)
          break
        }
        holds(owner.with !== 'agent', 'HND3', `turn ${turn} is decided at ${seq} while a person has it`)
        const { effect, recall } = event.decision
        if (effect) {
          const name = `${key}/${turn}/${effect.do}/do`
          effects.set(name, { key: name, state: 'planned', result: {}, isTakenBack: false, turn, decidedAt: seq })
        } else {
          const reply = recall === undefined ? next : events[i + 2]
          holds(reply?.type === 'reply' && reply.turn === turn, 'TURN3', `the decision at ${seq} has no reply in its append`)
          if (recall !== undefined) holds(next?.type === 'rolled_back', 'DLG7', `the recall at ${seq} took nothing back`)
        }
        break
      }
      case 'reply':
        holds(decided.has(event.turn), 'TURN3', `the reply at ${seq} is to turn ${event.turn}, which is not decided`)
        holds(!replied.has(event.turn), 'TURN3', `turn ${event.turn} has a second reply at ${seq}`)
        holds(owner.with !== 'agent', 'HND3', `the bot replies at ${seq} while a person has it`)
        replied.add(event.turn)
        break
      case 'rolled_back': {
        const { toSeq } = event
        holds(toSeq < seq, 'RB4', `back to ${toSeq} at ${seq}`)
        seen = versions[toSeq]! // an earlier event's
        const lost = undecided.filter(message => message > toSeq)
        undecided = undecided.filter(message => message <= toSeq)
        holds(lost.length === 0 || undecided.length > 0, 'RB3', `messages ${lost} are taken back at ${seq} and their turn is not ended`)
        for (const effect of effects.values()) if (effect.decidedAt > toSeq && effect.undo === undefined) effect.isTakenBack = true
        break
      }
      case 'effect': {
        const [, verb] = /\/(do|undo)$/.exec(event.key) ?? []
        const effect = effects.get(event.key.replace(/\/undo$/, '/do'))
        holds(effect !== undefined, 'EFF1', `${event.key} has an outcome at ${seq} and was never decided`)
        if (!effect) break
        if (verb === 'do') {
          holds(effect.state === 'planned', 'EFF4', `${event.key} has a second outcome at ${seq}`)
          effect.state = event.state
          effect.result = event.result
          // A person who has it sees the outcome; of what is taken back the customer hears when it is undone.
          const isTold = next?.type === 'notice' || (next?.type === 'reply' && next.turn === effect.turn)
          holds(isTold || owner.with === 'agent' || effect.isTakenBack, 'EFF1', `the customer is not told of ${event.key} at ${seq}`)
        } else {
          holds(effect.isTakenBack && effect.state === 'done', 'EFF3', `${event.key} at ${seq}: there was nothing to undo`)
          holds(effect.undo === undefined, 'EFF4', `${event.key} has a second outcome at ${seq}`)
          effect.undo = event.state
          holds(next?.type === 'notice' || owner.with === 'agent', 'EFF3', `the customer is not told of ${event.key} at ${seq}`)
        }
        break
      }
      case 'queued':
        if (owner.with === 'bot') owner = { with: 'queue' }
        break
      case 'claimed':
        holds(owner.with === 'queue', 'HND2', `it is claimed at ${seq} from ${owner.with}`)
        owner = { with: 'agent', id: event.agent.id }
        break
      case 'released':
        holds(owner.with === 'agent' && owner.id === event.agent.id, 'HND2', `it is released at ${seq} by another than the owner`)
        owner = { with: 'bot' }
        break
      case 'overdue':
        holds(owner.with === 'queue', 'HND7', `it is overdue at ${seq} and does not wait`)
        break
      case 'opened':
      case 'notice':
        break
    }
    if (FOR_SEEING.includes(event.type)) seen = [...seen, event]
    versions.push(seen)
  }

  for (const [ref, seq] of witness.acknowledged) {
    holds(refs.get(ref)?.seq === seq, 'TURN1', `${ref} was acknowledged at ${seq} and stands at ${refs.get(ref)?.seq}`)
    const text = witness.said?.get(ref)
    holds(text === undefined || refs.get(ref)?.text === text, 'TURN2', `${ref} stands with other words`)
  }
  if (witness.shown) {
    const { upTo, events: shown } = witness.shown
    holds(upTo <= events.length, 'LOG1', `the customer was told of ${upTo}, and the log ends at ${events.length}`)
    const wanted = versions[upTo]?.map(summary)
    holds(isDeepStrictEqual(shown.map(summary), wanted), 'RB1', `after ${upTo} the customer was shown other than what stands in the log`)
  }
  const all = [...effects.values()].map(({ turn: _turn, decidedAt: _at, ...effect }) => effect)
  const isUnderWay = all.some(
    ({ state, isTakenBack, undo }) => state === 'planned' || (state === 'done' && isTakenBack && undo === undefined),
  )
  return {
    undecided,
    isUnsettled: undecided.length > 0 || isUnderWay,
    isWithPeople: owner.with !== 'bot',
    effects: all,
    seen: seen.map(summary),
  }
}

export type Summary = readonly [seq: number, type: string, text: string]
export const summary = (event: Logged | VisibleEvent): Summary => [
  event.seq,
  event.type,
  'parts' in event ? event.parts.map(part => part.text).join('\n') : '',
]

/** Of a conversation in which nothing is left to do. */
export function checkRest(key: string, { undecided, isUnsettled, effects }: Standing): void {
  assert.deepEqual(undecided, [], `[TURN6] ${key}: messages without a decision`)
  assert.ok(!isUnsettled, `[EFF4] ${key}: an effect is not at its end: ${JSON.stringify(effects)}`)
}
