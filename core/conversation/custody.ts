// The fold that no rollback takes back: who the conversation belongs to, who has it, which messages were seen, which turns stand undecided, what
// customers say of replies, and what was done in the world.
import { type Effect, foldEffects, isOf, isUnderWay } from '../effects/effects.ts'
import { foldOwner, type Owner, ownedByBot } from '../handoff/owner.ts'
import type { CustomerId, Seq } from '../ids.ts'
import type { DeskMark } from '../protocol/desk-message.ts'
import { type Logged, textOf } from './event.ts'
import { addRef, noRefs, type Refs } from './refs.ts'
import { type Thumbs, withThumb } from './thumbs.ts'

/** Part of every snapshot's key: a snapshot of another version is thrown away. */
export const CUSTODY_FOLD = 8

/** Messages in a row before the decision join the open turn, up to these: then the next message opens a turn of its own. */
export const TURN_LIMITS = { messages: 8, characters: 4_000 } as const

export interface OpenTurn {
  /** The seq of its first message: the turn's name. */
  readonly turn: Seq
  /** The seq of its last message so far. */
  readonly upTo: Seq
  readonly texts: readonly string[]
  /** The seq of each of them. */
  readonly seqs: readonly Seq[]
  /** Milliseconds since 1970, when its first message was taken in: what a clock shows to whoever votes on it, now and in a replay. */
  readonly at: number
  /** A number that must not be kept was hidden in one of them. */
  readonly isMasked: boolean
}

export interface Custody {
  readonly customer: CustomerId | null
  /** Every message id ever seen here, the customer's and the agents'. */
  readonly refs: Refs
  /** Turns without a decision, in order of seq; they are decided in that order. */
  readonly open: readonly OpenTurn[]
  readonly owner: Owner
  /** In order of their turns. */
  readonly effects: readonly Effect[]
  /** The last message of a decided turn: the bot has read up to here. */
  readonly readByBot: Seq
  readonly thumbs: Thumbs
  /** What agents see beside the dialogue, newest first. */
  readonly marks: Marks | null
}

export interface Marks {
  readonly seq: Seq
  readonly mark: DeskMark
  readonly before: Marks | null
}

export const emptyCustody: Custody = {
  customer: null,
  refs: noRefs,
  open: [],
  owner: ownedByBot,
  effects: [],
  readByBot: 0,
  thumbs: {},
  marks: null,
}

/** True while a restart would have something to finish. */
export const isUnsettled = ({ open, effects }: Custody): boolean => open.length > 0 || effects.some(isUnderWay)

export function foldCustody(custody: Custody, events: readonly Logged[]): Custody {
  let { customer, refs, open, owner, effects, readByBot, thumbs, marks } = custody
  for (const event of events) {
    if (event.type === 'opened') customer = event.customer
    else if (event.type === 'message') {
      refs = addRef(refs, event.ref, { seq: event.seq, text: textOf(event.parts) })
      // A message opens a turn only if no person owns the conversation.
      if (owner.with !== 'agent') open = takeIn(open, event)
    } else if (event.type === 'agent_message') refs = addRef(refs, event.ref, { seq: event.seq, text: textOf(event.parts) })
    else if (event.type === 'decided' || event.type === 'superseded') {
      open = open.filter(turn => turn.turn !== event.turn)
      readByBot = Math.max(readByBot, event.upTo)
    } else if (event.type === 'rolled_back') open = open.flatMap(turn => upToSeq(turn, event.toSeq) ?? [])
    else if (event.type === 'rated') thumbs = withThumb(thumbs, event)
    const mark = markOf(event, effects)
    if (mark) marks = { seq: mark.seq, mark, before: marks }
    owner = foldOwner(owner, event)
    effects = foldEffects(effects, event)
  }
  return { customer, refs, open, owner, effects, readByBot, thumbs, marks }
}

function takeIn(
  open: readonly OpenTurn[],
  { seq, at, parts, isMasked: isHidden }: Extract<Logged, { type: 'message' }>,
): readonly OpenTurn[] {
  const text = textOf(parts)
  const isMasked = isHidden ?? false
  const last = open.at(-1)
  const joins =
    last && last.texts.length < TURN_LIMITS.messages && last.texts.reduce((sum, t) => sum + t.length, text.length) <= TURN_LIMITS.characters
  return joins
    ? [
        ...open.slice(0, -1),
        { ...last, upTo: seq, texts: [...last.texts, text], seqs: [...last.seqs, seq], isMasked: last.isMasked || isMasked },
      ]
    : [...open, { turn: seq, upTo: seq, texts: [text], seqs: [seq], at, isMasked }]
}

/** The turn with the messages that a rollback leaves of it: it is decided for them. One that begins after `toSeq` was ended by the rollback. */
function upToSeq(turn: OpenTurn, toSeq: Seq): OpenTurn | undefined {
  if (turn.upTo <= toSeq) return turn
  const seqs = turn.seqs.filter(seq => seq <= toSeq)
  const upTo = seqs.at(-1)
  return upTo === undefined ? undefined : { ...turn, upTo, seqs, texts: turn.texts.slice(0, seqs.length) }
}

/**
 * The event as agents see it beside the dialogue; undefined for one that says nothing to them. `effects` as they stood before it: what could not be
 * undone is told by what was done.
 */
export function markOf(event: Logged, effects: readonly Effect[]): DeskMark | undefined {
  const { seq, at } = event
  switch (event.type) {
    case 'queued':
      return { type: 'mark', seq, at, about: 'queued' }
    case 'overdue':
      return { type: 'mark', seq, at, about: 'overdue' }
    case 'claimed':
      return { type: 'mark', seq, at, about: 'claimed', by: event.agent.name }
    case 'released': {
      const note = event.note === '' ? {} : { note: event.note }
      return { type: 'mark', seq, at, about: event.to === 'closed' ? 'closed' : 'returned', by: event.agent.name, ...note }
    }
    case 'rolled_back': {
      if (event.by === 'customer') return { type: 'mark', seq, at, about: 'recalled' }
      const undone = event.undone ? [`not done again: ${event.undone.join(', ')}`] : []
      const note = [event.reason, ...undone].filter(part => part !== '').join(' · ')
      return { type: 'mark', seq, at, about: 'rollback', by: event.agent?.name ?? event.by, ...(note !== '' && { note }) }
    }
    case 'effect': {
      const [, , , name = '', verb] = event.key.split('/')
      const { reason, ...result } = event.result
      const effect = effects.find(each => isOf(event.key, each))
      const stands = effect?.state.name === 'undoing' && effect.state.result ? effect.state.result : {}
      const what = verb !== 'undo' ? event.state : event.state === 'done' ? 'undone' : 'stands'
      return {
        type: 'mark',
        seq,
        at,
        about: 'effect',
        effect: { name, what, result: what === 'stands' ? { ...stands } : result, ...(reason !== undefined && { reason }) },
      }
    }
    default:
      return undefined
  }
}

/** What a reader who has everything up to `after` lacks of the marks, oldest first. */
export function marksAfter(custody: Custody, after: Seq): DeskMark[] {
  const found: DeskMark[] = []
  for (let node = custody.marks; node && node.seq > after; node = node.before) found.push(node.mark)
  return found.reverse()
}
