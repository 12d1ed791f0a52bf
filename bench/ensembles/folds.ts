// Which fold a conversation stands in: a hash of its name says so, so that adding one moves no other.
import { createHash } from 'node:crypto'

/** Of each row, 0 to `count` - 1. `salt`: another one deals them out otherwise. */
export const foldsOf = (conversations: readonly string[], count: number, salt = ''): readonly number[] =>
  conversations.map(name => createHash('sha256').update(`${salt}${name}`).digest().readUInt32BE() % count)
