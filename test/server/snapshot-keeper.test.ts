// Snapshots beside a real log: used when they are good, and passed over, whatever is wrong with them, in favour of the log.
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { type Conversation, fold, unwritten } from '@parley/core/conversation/conversation.ts'
import { entriesAfter } from '@parley/core/conversation/dialogue.ts'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import { SNAPSHOT_VERSION } from '@parley/core/conversation/stretch.ts'
import { asCustomerId } from '@parley/core/ids.ts'
import type { ConversationLog, Position } from '@parley/core/ports/conversation-log.ts'
import { createConversations, type KeptConversations } from '@parley/server/conversations.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { openFileSnapshots } from '@parley/server/drivers/snapshots.files.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { SNAPSHOT_EVERY } from '@parley/server/snapshot-keeper.ts'
import { keyOf, refOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'

const ANNA = asCustomerId('anna')
const key = keyOf('c1')
const settled = { isUnsettled: false, isWithPeople: false }
const message = (n: number, text = `words ${n}`): ConversationEvent => ({
  type: 'message',
  at: n,
  ref: refOf(`m${n}`),
  parts: [{ kind: 'text', text }],
})
const textsOf = ({ dialogue }: Conversation): string[] => entriesAfter(dialogue, 0).map(({ parts }) => parts[0]?.text ?? '')
const words = (count: number): string[] => Array.from({ length: count }, (_, i) => `words ${i + 1}`)

/** A log with snapshots in a folder, and who reads it: each `openAgain` has nothing in memory. */
async function house(vault = createMemoryVault()) {
  const folder = temporaryFolder()
  const log: ConversationLog = createMemoryLog()
  const failures: unknown[] = []
  const opened: string[] = []
  const openAgain = async (under = log): Promise<KeptConversations> =>
    createConversations(under, vault, {
      snapshots: await openFileSnapshots(folder.path, SNAPSHOT_VERSION),
      observer: { opened: from => opened.push(from), written() {}, failed: error => failures.push(error) },
    })
  const writer = await openAgain()
  let now: Conversation = { ...unwritten, position: (await log.head(key)).position }
  async function write(event: ConversationEvent, conversations = writer, under = key): Promise<void> {
    const before = now
    const head = await conversations.append(under, ANNA, [event], now.position, settled)
    now = fold(now, head.events, head.position)
    conversations.moved(under, before, now)
    await conversations.close() // each snapshot before the next message: what is kept does not depend on how fast the machine is
  }
  async function say(count: number, conversations = writer, under = key): Promise<void> {
    for (let i = 0; i < count; i++) await write(message(now.seq + 1), conversations, under)
  }
  const rollBack = (toSeq: number): Promise<void> => write({ type: 'rolled_back', at: 0, toSeq, by: 'operator', reason: '' })
  const files = (): string[] =>
    globSync('**/*', { cwd: folder.path, withFileTypes: true })
      .flatMap(entry => (entry.isFile() ? [join(entry.parentPath, entry.name)] : []))
      .sort()
  return { folder, log, vault, failures, opened, openAgain, say, rollBack, files }
}

test('[SNAP1] [SNAP2] a conversation is opened from its snapshot and the end of the log, through stretch after stretch', async t => {
  const { folder, opened, failures, openAgain, say, files } = await house()
  t.after(folder.remove)
  await say(SNAPSHOT_EVERY - 1)
  assert.deepEqual(files(), [])
  let total = SNAPSHOT_EVERY - 1
  for (const more of [1, 5, 600, 700]) {
    await say(more)
    total += more
    const conversation = await (await openAgain()).open(key)
    assert.equal(opened.at(-1), 'snapshot')
    assert.deepEqual([conversation.seq, textsOf(conversation)], [total, words(total)])
  }
  assert.equal(files().length, 3, 'stretches of bounded length')
  assert.deepEqual(failures, [])
})

test('[SNAP1] a rollback is in a snapshot at once, so that no opening looks again for what it leads back to', async t => {
  const { folder, opened, failures, openAgain, say, rollBack, files } = await house()
  t.after(folder.remove)
  await say(SNAPSHOT_EVERY + 8)
  const end = SNAPSHOT_EVERY + 8
  for (const [rollbacks, [toSeq, stands]] of [
    [10, 10],
    [end, end],
    [3, 3],
  ].entries()) {
    await rollBack(toSeq!) // each has two
    assert.equal(readFileSync(files().at(-1)!).readDoubleBE(0), end + rollbacks + 1, 'the snapshot ends with the rollback')
    assert.deepEqual(textsOf(await (await openAgain()).open(key)), words(stands!))
    assert.equal(opened.at(-1), 'snapshot')
  }
  assert.deepEqual(failures, [])
})

test('[SNAP3] a folder that was deleted costs one reading of the log', async t => {
  const { folder, opened, openAgain, say } = await house()
  t.after(folder.remove)
  await say(100)
  rmSync(folder.path, { recursive: true })
  for (const from of ['log', 'snapshot']) {
    const conversations = await openAgain()
    assert.deepEqual(textsOf(await conversations.open(key)), words(100))
    assert.equal(opened.at(-1), from)
    await conversations.close()
  }
})

test('[SNAP3] whatever is changed in a snapshot, the log is read instead, and what is read next is a good snapshot again', async t => {
  const { folder, opened, openAgain, say, files } = await house()
  t.after(folder.remove)
  await say(650)
  const [first = '', second = ''] = files()
  const good = [first, second].map(file => readFileSync(file)) as [Buffer, Buffer]
  const flipped = (bytes: Buffer, at: number): Buffer => {
    const copy = Buffer.from(bytes)
    copy[at]! ^= 1 // within its length
    return copy
  }
  const changes: readonly [what: string, change: () => void][] = [
    ...[0, 5, 7, 8, 40, 71, 72, 90, good[1].length - 1].flatMap((at): [string, () => void][] => [
      [`bit at ${at} of the first`, () => writeFileSync(first, flipped(good[0], at))],
      [`bit at ${at} of the last`, () => writeFileSync(second, flipped(good[1], at))],
    ]),
    ['the last cut short', () => writeFileSync(second, good[1].subarray(0, 200))],
    ['the last empty', () => writeFileSync(second, '')],
    ['the first missing', () => rmSync(first)],
    ['one in the place of the other', () => writeFileSync(second, good[0])],
  ]
  for (const [what, change] of changes) {
    change()
    const conversations = await openAgain()
    assert.deepEqual(textsOf(await conversations.open(key)), words(650), what)
    // An empty last stretch leaves the first, which is good by itself.
    if (what !== 'the last empty') assert.equal(opened.at(-1), 'log', what)
    await conversations.close()
    assert.deepEqual(textsOf(await (await openAgain()).open(key)), words(650), what)
    assert.equal(opened.at(-1), 'snapshot', what)
    for (const file of files()) rmSync(file)
    writeFileSync(first, good[0])
    writeFileSync(second, good[1])
  }
})

test('[SNAP3] a snapshot of another history is passed over: the log of an earlier backup, and a log that ends before it', async t => {
  const { folder, vault, opened, openAgain, say } = await house()
  t.after(folder.remove)
  await say(70)
  for (const length of [70, 100, 20]) {
    const log = createMemoryLog()
    const plain = createConversations(log, vault)
    for (let n = 1; n <= length; n++) {
      const { position } = await log.head(key)
      await plain.append(key, ANNA, [message(n, `other ${n}`)], position as Position, settled)
    }
    const conversation = await (await openAgain(log)).open(key)
    assert.equal(opened.at(-1), 'log')
    assert.deepEqual([conversation.seq, textsOf(conversation).at(-1)], [length, `other ${length}`])
  }
})

test('[SNAP4] a snapshot holds no text in clear, ends with its key, and is gone when it is forgotten', async t => {
  const { folder, vault, opened, openAgain, say, files } = await house()
  t.after(folder.remove)
  await say(70)
  assert.ok(files().length > 0)
  for (const file of files())
    for (const clear of ['words', '"text"', '"ref"']) assert.equal(readFileSync(file).includes(clear), false, clear)
  await vault.destroy(erasureOf('e1', ['c1']))
  const conversations = await openAgain()
  await assert.rejects(conversations.open(key), { code: 'CONVERSATION_ERASED' })
  assert.deepEqual(opened, [])
  await conversations.forget(key)
  assert.deepEqual(files(), [])
  assert.equal(existsSync(folder.path), true)
})

test('[SNAP3] where snapshots cannot be written the conversation goes on', async t => {
  const { folder, failures, openAgain, say, opened } = await house()
  t.after(folder.remove)
  rmSync(folder.path, { recursive: true })
  writeFileSync(folder.path, 'a file where the folder should be')
  await assert.rejects(openAgain(), { code: 'ENOTDIR' })
  await say(70)
  assert.ok(failures.length > 0)
  assert.deepEqual(opened, [])
})
