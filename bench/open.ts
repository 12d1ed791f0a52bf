// What it takes to open a conversation of which nothing is in memory, and to roll one back, from its snapshot and from the whole log. The conversations
// are made by the real server, turn by turn. A rollback is timed cold: opened, planned, appended durably, folded, and told to one reader. Prints JSON.
//   npm run bench:open
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { planRollback, rollbackEvents } from '@parley/core/conversation/rollback.ts'
import { SNAPSHOT_VERSION } from '@parley/core/conversation/stretch.ts'
import { createHolder } from '@parley/core/holder.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey, type MessageRef } from '@parley/core/ids.ts'
import { startServer } from '@parley/server/compose.ts'
import { readConfig } from '@parley/server/config.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { createLocalFanOut } from '@parley/server/drivers/fan-out.local.ts'
import { openFileSnapshots } from '@parley/server/drivers/snapshots.files.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { createLogger } from '@parley/server/logger.ts'
import { SNAPSHOT_EVERY } from '@parley/server/snapshot-keeper.ts'
import { createRandom } from '../test/random.ts'
import { machine } from './machine.ts'

const EVENTS = [100, 1_000, 10_000]
/** Of each figure from snapshots; from the whole log, which takes longer, a fiftieth. */
const TIMES = 500
const TEXTS = [
  '螃蟹死了怎么赔',
  '我的订单到哪了',
  'where is my order?',
  '什么时候发货',
  'hello',
  '2',
  '谢谢',
  '不用了',
  'what are your hours?',
  '草莓怎么保存',
]
const CUSTOMER = asCustomerId('bench')
const keyOf = (events: number): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(`c${events}`) })

async function makeConversations(data: string): Promise<void> {
  const { engine, stop } = await startServer(readConfig({ PARLEY_DATA: data }, { port: 0 }), createLogger('error'))
  for (const events of EVENTS)
    for (let said = 0, seq = 0; seq < events - 3; said++) {
      const message = { ref: `00000000-0000-4000-8000-${String(said).padStart(12, '0')}` as MessageRef, locale: 'zh-CN' } as const // as the widget's are
      seq = (await engine.say(keyOf(events), CUSTOMER, { ...message, text: TEXTS[said % TEXTS.length] ?? '' })).seq + 2
      while (engine.turnsUnderWay > 0) await new Promise(resolve => setImmediate(resolve))
    }
  await stop()
}

// In a process of its own, so that what is measured does not share a heap with models and plugins.
if (process.argv[2] === '--make') {
  await makeConversations(process.argv[3] ?? '')
  process.exit(0)
}
const data = mkdtempSync(join(tmpdir(), 'parley-bench-'))
execFileSync(process.execPath, [...process.execArgv, import.meta.filename, '--make', data], { stdio: ['ignore', 'ignore', 'inherit'] })
const log = await openLmdbLog(join(data, 'log'))
const vault = await openLmdbVault(join(data, 'keys'))
const snapshots = await openFileSnapshots(join(data, 'snapshots'), SNAPSHOT_VERSION)
const opened = { snapshot: 0, log: 0 }
const failed = (error: unknown): void => {
  throw error
}
const observer = { opened: (from: 'snapshot' | 'log') => void opened[from]++, written() {}, failed }
const ways = { snapshot: createConversations(log, vault, { snapshots, observer }), log: createConversations(log, vault) }
const random = createRandom(1)

const hundredths = (value: number): number => Math.round(value * 100) / 100
interface Figures {
  /** Processor time of the whole process, in the mean: it holds on a busy machine too. */
  readonly cpuMs: number
  readonly leastMs: number
  readonly p50Ms: number
  readonly p99Ms: number
}

function figuresOf(times: readonly number[], cpuMs: number): Figures {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (share: number): number => hundredths(sorted[Math.floor(sorted.length * share)] ?? Number.NaN)
  return { cpuMs: hundredths(cpuMs / times.length), leastMs: at(0), p50Ms: at(0.5), p99Ms: at(0.99) }
}

async function timesOf(times: number, work: () => Promise<unknown>): Promise<Figures> {
  const taken: number[] = []
  let cpuMs = 0
  for (let i = 0; i < times; i++) {
    const [began, used] = [performance.now(), process.cpuUsage()]
    await work()
    taken.push(performance.now() - began)
    const { user, system } = process.cpuUsage(used)
    cpuMs += (user + system) / 1_000
    await ways.snapshot.close() // the snapshot that is written behind it belongs to no figure
  }
  return figuresOf(taken, cpuMs)
}

/** By an engine that has never seen the conversation: to anywhere, and the next time back to its end, so that there is always something to take back. */
function rollerOf(way: keyof typeof ways, key: ConversationKey, end: number): () => Promise<void> {
  let isAtEnd = true
  return async () => {
    const fanOut = createLocalFanOut(failed)
    fanOut.subscribe(key, () => {})
    const holder = createHolder({
      conversations: ways[way],
      fanOut,
      most: 1,
      appended: () => {},
      followed: () => {},
      heard: () => {},
      isConcerned: () => false,
      broke: (_key, error) => failed(error),
    })
    await holder.run(key, async () => {
      const conversation = await holder.load(key)
      const plan = planRollback(conversation, isAtEnd ? 1 + Math.floor(random() * (end - 4)) : end)
      await holder.append(key, CUSTOMER, conversation, rollbackEvents(plan, { kind: 'operator' }, 'bench', Date.now()))
    })
    isAtEnd = !isAtEnd
  }
}

const rows = []
for (const events of EVENTS) {
  const key = keyOf(events)
  const { seq } = await log.head(key)
  const open = {
    snapshot: await timesOf(TIMES, () => ways.snapshot.open(key)),
    log: await timesOf(TIMES / 50, () => ways.log.open(key)),
  }
  const rollback = {
    snapshot: await timesOf(TIMES, rollerOf('snapshot', key, seq)),
    log: await timesOf(TIMES / 50, rollerOf('log', key, seq)),
  }
  const ratioOf = (of: typeof open): number => hundredths(of.log.p50Ms / of.snapshot.p50Ms)
  rows.push({ events, open: { ...open, logToSnapshot: ratioOf(open) }, rollback: { ...rollback, logToSnapshot: ratioOf(rollback) } })
}
await log.close()
await vault.close()
rmSync(data, { recursive: true })
const settings = { snapshotEvery: SNAPSHOT_EVERY, times: TIMES, openedFrom: opened, load: loadavg()[0] }
console.log(JSON.stringify({ bench: 'open', ...machine(), ...settings, rows }, null, 1))
