// The fold that no rollback takes back: who the conversation belongs to, which messages were seen, which turns stand undecided.
import type { CustomerId, MessageRef, Seq } from '../ids.ts'
import { type Logged, textOf } from './event.ts'

/** Part of every snapshot's key: a snapshot of another version is thrown away. */
export const CUSTODY_FOLD = 1

/** Messages in a row before the decision join the open turn, up to these: then the next message opens a turn of its own. */
export const TURN_LIMITS = { messages: 8, characters: 4_000 } as const

export interface OpenTurn {
  /** The seq of its first message: the turn's name. */
  readonly turn: Seq
  /** The seq of its last message so far. */
  readonly upTo: Seq
  readonly texts: readonly string[]
}

export interface Custody {
  readonly customer: CustomerId | null
  /** Every client message id ever seen here, with its seq. */
  readonly refs: ReadonlyMap<MessageRef, Seq>
  /** Turns without a decision, in order of seq; they are decided in that order. */
  readonly open: readonly OpenTurn[]
}

export const emptyCustody: Custody = { customer: null, refs: new Map(), open: [] }

export function foldCustody(custody: Custody, events: readonly Logged[]): Custody {
  let { customer, open } = custody
  const refs = new Map(custody.refs)
  for (const event of events) {
    if (event.type === 'opened') customer = event.customer
    else if (event.type === 'message') {
      refs.set(event.ref, event.seq)
      open = takeIn(open, event.seq, textOf(event.parts))
    } else if (event.type === 'decided') open = open.filter(turn => turn.turn !== event.turn)
  }
  return { customer, refs, open }
}

function takeIn(open: readonly OpenTurn[], seq: Seq, text: string): readonly OpenTurn[] {
  const last = open.at(-1)
  const joins =
    last && last.texts.length < TURN_LIMITS.messages && last.texts.reduce((sum, t) => sum + t.length, text.length) <= TURN_LIMITS.characters
  return joins
    ? [...open.slice(0, -1), { ...last, upTo: seq, texts: [...last.texts, text] }]
    : [...open, { turn: seq, upTo: seq, texts: [text] }]
}
