// A data folder as a server leaves it behind that was killed: conversations with handoffs, rollbacks, ratings and effects, some unsettled, some with people, some
// in the outbox, one erased; and what a log says of all of it, to be held against another.
import { join } from 'node:path'
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { isUnsettled } from '@parley/core/conversation/custody.ts'
import type { ConversationEvent, Logged } from '@parley/core/conversation/event.ts'
import { asConversationId, type ConversationKey } from '@parley/core/ids.ts'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { ANNA, createTestHouse, keyOf, refOf, SHOP } from '../core/house.ts'
import { nextAppend, nowhere } from '../core/random-history.ts'
import { erasureOf } from '../erasure-of.ts'
import { createRandom } from '../random.ts'
import { customerOf } from '../server/stored-data.ts'

/** The same folder for the same seed. Gives how many events it has. */
export async function liveIn(data: string, seed: number, conversations: number, most = 30): Promise<number> {
  const next = createRandom(seed)
  loadOrMakeSecret(data)
  const log = await openLmdbLog(join(data, 'log'))
  const vault = await openLmdbVault(join(data, 'keys'))
  const kept = createConversations(log, vault)
  const decision = await realDecision()
  let events = 0
  const live = async (i: number, length: number, random: () => number): Promise<void> => {
    const key: ConversationKey = { shop: SHOP, conversation: asConversationId(`c${i}`) }
    let now: Conversation = { ...unwritten, position: nowhere }
    let { position } = await kept.read(key, 0)
    for (let said = 0; said < length; said++) {
      const appended: readonly ConversationEvent[] =
        said === 0
          ? [{ type: 'opened', at: 0, customer: customerOf(`c${i}`), locale: null }]
          : nextAppend(now, random, said).map(event =>
              event.type === 'decided' ? { ...event, decision: { ...decision, ...event.decision } } : event,
            )
      if (appended.length === 0) continue
      const logged = appended.map((event, at): Logged => ({ ...event, seq: now.seq + 1 + at }))
      now = fold(now, logged, nowhere)
      const options = { isUnsettled: isUnsettled(now.custody), isWithPeople: now.custody.owner.with !== 'bot', isOutgoing: random() < 0.2 }
      ;({ position } = await kept.append(key, customerOf(`c${i}`), appended, position, options))
      events += appended.length
      if (random() < 0.1) await log.delivered(key, now.seq)
    }
  }
  const lives = Array.from({ length: conversations }, (_, i) => live(i, 1 + Math.floor(next() * most), createRandom(seed * 1_000 + i)))
  await Promise.all(lives)
  await vault.destroy(erasureOf('e1', ['c1']))
  await log.clearMarks({ shop: SHOP, conversation: asConversationId('c1') })
  await kept.close()
  await vault.close()
  await log.close()
  return events
}

/** One that can be stored: those of the random histories are as much of one as the folds look at. */
async function realDecision(): Promise<RecordedDecision> {
  const house = createTestHouse()
  await house.engine.say(keyOf('one'), ANNA, { ref: refOf('r1'), text: 'hello', locale: null })
  await house.settled()
  const decided = (await house.events('one')).find(event => event.type === 'decided')
  if (decided?.type !== 'decided') throw new Error('no decision was made')
  return decided.decision
}

/** Epoch, and of each conversation its end, its hash and its marks. */
export async function saidBy(folder: string): Promise<readonly string[]> {
  const log = openLogReader(folder)
  const lines = [`epoch ${log.epoch}`]
  for (const key of log.conversations()) {
    const last = log.read(key).at(-1)
    lines.push(JSON.stringify([key.conversation, last?.seq, Buffer.from(last?.hash ?? []).toString('hex'), log.marksOf(key)]))
  }
  await log.close()
  return lines
}
