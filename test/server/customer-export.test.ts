// The export of one customer: JSON whatever state the conversations are in.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Logged } from '@parley/core/conversation/event.ts'
import { Fault } from '@parley/core/faults.ts'
import type { Position } from '@parley/core/ports/conversation-log.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import { exportCustomer } from '@parley/server/http/customer-export.ts'
import { customerOf, keyOf } from './stored-data.ts'

const message = (seq: number): Logged => ({
  type: 'message',
  seq,
  at: seq,
  ref: `r${seq}` as never, // of this conversation, once
  parts: [{ kind: 'text', text: `“${seq}”\n` }],
})
const conversations: Pick<Conversations, 'read'> = {
  async read({ conversation }) {
    if (conversation === 'damaged') throw new Fault('LOG_DAMAGED', { conversation, seq: 2, reason: 'the event is missing' })
    if (conversation === 'erased') throw new Fault('CONVERSATION_ERASED', { conversation })
    if (conversation === 'bug') throw new Error('a bug')
    return { seq: 2, position: '2' as Position, events: [message(1), message(2)] } // as the drivers count
  },
}
const about = { shop: keyOf('c1').shop, customer: customerOf('c1'), at: 0 }
async function exported(...names: string[]): Promise<{ readonly pieces: number; readonly value: unknown }> {
  const pieces: string[] = []
  for await (const piece of exportCustomer(conversations, about, names.map(keyOf))) pieces.push(piece)
  return { pieces: pieces.length, value: JSON.parse(pieces.join('')) }
}

test('[ERA8] whole ones with every event, damaged and erased ones with what they are, in one piece of JSON', async () => {
  const { value } = await exported('c1', 'damaged', 'erased', 'c2')
  assert.deepEqual(value, {
    format: 1,
    shop: 'demo',
    customer: 'u1',
    at: '1970-01-01T00:00:00.000Z',
    conversations: [
      { conversation: 'c1', state: 'whole', events: [message(1), message(2)] },
      { conversation: 'damaged', state: 'damaged', reason: 'the log of conversation damaged is damaged at seq 2: the event is missing' },
      { conversation: 'erased', state: 'erased' },
      { conversation: 'c2', state: 'whole', events: [message(1), message(2)] },
    ],
  })
})

test('[ERA8] it comes event by event; a bug ends it and is not written into it', async () => {
  assert.ok((await exported('c1', 'c2')).pieces >= 4)
  await assert.rejects(exported('c1', 'bug'), /a bug/)
})
