// The shop's queue as the console knows it: always the whole of the newest that was heard. The number beside the list is the list's own length, so
// the two cannot disagree.
import type { DeskMessage, QueueItem } from '@parley/core/protocol/desk-message.ts'

export interface Queue {
  readonly version: number
  readonly items: readonly QueueItem[]
}

const NONE = -1

export const emptyQueue: Queue = { version: NONE, items: [] }

/** A frame that overtook a newer one is passed over. */
export const hearQueue = (queue: Queue, { version, items }: Extract<DeskMessage, { type: 'queue' }>): Queue =>
  version < queue.version ? queue : { version, items }

/** On a new line any version is news: a server that was started again counts from the beginning. What was shown stays until then. */
export const onNewLine = (queue: Queue): Queue => ({ ...queue, version: NONE })

/** It has been heard on this line. */
export const isKnown = ({ version }: Queue): boolean => version !== NONE

export interface Groups {
  /** Most pressing first, as the server orders them. */
  readonly waiting: readonly QueueItem[]
  readonly mine: readonly QueueItem[]
  readonly colleagues: readonly QueueItem[]
}

/** Every item is in exactly one of the groups. */
export const groupsOf = ({ items }: Queue, isMine: (item: QueueItem) => boolean): Groups => ({
  waiting: items.filter(item => item.with === 'queue'),
  mine: items.filter(item => item.with === 'agent' && isMine(item)),
  colleagues: items.filter(item => item.with === 'agent' && !isMine(item)),
})
