// kill -9 of a process that appends: every acknowledged append is there afterwards, whole, and every chain verifies.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { examine } from '@parley/server/upkeep/examine.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { createRandom } from '../random.ts'

const WRITER = fileURLToPath(new URL('./log-writer.ts', import.meta.url))
const ROUNDS = process.env.PARLEY_TEST_FULL ? 100 : 10

test(`[LOG1] [LOG2] [LOG3] [LOG4] [LOG5] [HOOK1] acknowledged appends survive kill -9 (${ROUNDS} rounds, one store)`, {
  timeout: 600_000,
}, async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const acknowledged = new Map<string, number>()
  /** How far each conversation was said to be delivered. */
  const delivered = new Map<string, number>()
  let epoch: string | undefined
  let foundInTail = 0
  for (let round = 1; round <= ROUNDS; round++) {
    const random = createRandom(round) // the round is the seed, and names it in a failure
    const killAfter = 1 + Math.floor(random() * 400)
    const writer = spawn(process.execPath, [...NODE_FLAGS, WRITER, folder.path, String(round)], { stdio: ['ignore', 'pipe', 'inherit'] })
    const ended = once(writer, 'exit')
    let lines = 0
    for await (const line of createInterface({ input: writer.stdout })) {
      const [conversation = '', seq] = line.split(' ')
      acknowledged.set(conversation, Math.max(acknowledged.get(conversation) ?? 0, Number(seq)))
      if (++lines === killAfter) writer.kill('SIGKILL')
    }
    await ended
    assert.ok(lines >= killAfter, `round ${round}: the writer ended by itself`)
    // As it was left: what LMDB does not have is read out of the segments.
    const reader = openLogReader(folder.path)
    const { conversations, damaged } = examine(reader, undefined)
    assert.deepEqual([damaged, conversations >= acknowledged.size], [[], true], `round ${round}`)
    for (const [conversation, seq] of acknowledged) {
      const left = reader.read({ shop: asShopId('demo'), conversation: asConversationId(conversation) })
      assert.ok(
        left.length >= seq,
        `round ${round}: ${conversation} was acknowledged up to ${seq}, and what is left ends at ${left.length}`,
      )
      foundInTail += [...reader.tail.values()].length
    }
    await reader.close()
    const log = await openLmdbLog(folder.path)
    for (const [conversation, seq] of acknowledged) {
      const events = await log.read({ shop: asShopId('demo'), conversation: asConversationId(conversation) }, 0)
      assert.ok(events.length >= seq, `round ${round}: ${conversation} was acknowledged up to ${seq} and ends at ${events.length}`)
      assert.deepEqual(
        events.map(e => e.seq),
        events.map((_, i) => i + 1),
        `round ${round}`,
      )
      // The writer appends two events at a time, each saying which of the two it is.
      const places = events.map(e => Buffer.from(e.body).toString().split(' ')[1])
      assert.deepEqual(
        places,
        events.map((_, i) => String(1 + (i % 2))),
        `round ${round}: half of an append`,
      )
    }
    const unsettled = new Set<string>()
    for await (const key of log.unsettled()) unsettled.add(key.conversation)
    for (const conversation of acknowledged.keys()) assert.ok(unsettled.has(conversation), `round ${round}: ${conversation} is unsettled`)
    const outgoing = new Map<string, number>()
    for await (const { key, from } of log.outgoing()) outgoing.set(key.conversation, from)
    for (const conversation of acknowledged.keys()) {
      const key = { shop: asShopId('demo'), conversation: asConversationId(conversation) }
      const { seq } = await log.head(key)
      const upTo = delivered.get(conversation) ?? 0
      assert.equal(outgoing.get(conversation), seq > upTo ? upTo + 1 : undefined, `round ${round}: ${conversation} goes out`)
      if (round % 2 === 0) delivered.set(conversation, (await log.delivered(key, seq)) ? seq : upTo)
    }
    epoch ??= log.epoch
    assert.equal(log.epoch, epoch, `round ${round}`)
    await log.close()
  }
  assert.ok(foundInTail > 0, 'no kill came between an acknowledgement and the storing in LMDB')
})
