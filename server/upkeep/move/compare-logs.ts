// Whether two logs are the same: both are read from beginning to end, every hash followed, and each conversation has to end at the same event with the same
// hash and the same marks. A hash covers all that came before it, so that the last one stands for the whole conversation.
import { Fault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import type { LogReader } from '../../drivers/log-reader.lmdb.ts'
import { readOf } from './fill-streams.ts'

/** Faults: STORE_DAMAGED, naming the first conversation that is another one in `copy`, a folder. */
export function compareLogs(original: LogReader, copy: LogReader, folder: string, progress: (events: number) => void): void {
  let events = 0
  const others = copy.conversations()[Symbol.iterator]()
  for (const key of original.conversations()) {
    const other = others.next().value
    if (other?.shop !== key.shop || other.conversation !== key.conversation)
      throw differs(folder, key, other ? `it is not there, and ${other.conversation} is` : 'it is not there')
    const [wanted, got] = [endOf(original, key), endOf(copy, key)]
    if (wanted.text !== got.text) throw differs(folder, key, `expected ${wanted.text}, found ${got.text}`)
    events += wanted.events
    progress(events)
  }
  const more = others.next().value
  if (more) throw differs(folder, more, 'it was never in what is moved')
}

/** All that must be equal of a conversation, as text. */
function endOf(log: LogReader, key: ConversationKey): { readonly text: string; readonly events: number } {
  const { events, damagedAt } = readOf(log, key)
  const last = events.at(-1)
  const marks = damagedAt === undefined ? log.marksOf(key) : {} // nobody can bring a damaged one on
  const hash = last && Buffer.from(last.hash).toString('hex')
  return { text: JSON.stringify({ seq: last?.seq, hash, damagedAt, ...marks }), events: events.length }
}

const differs = (file: string, { shop, conversation }: ConversationKey, reason: string): Fault =>
  new Fault('STORE_DAMAGED', { file, reason: `conversation ${shop}/${conversation} is not as it was: ${reason}` })
