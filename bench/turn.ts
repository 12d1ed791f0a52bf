// Whole turns through the real server: socket, durable append, three models, five plugins, decision, durable append, reply. An open loop of customers
// on the same cores (turn-load.ts); their share of the time is told too. Prints JSON: latency, refusals, and the milliseconds of processor time
// that a turn costs, by group of threads and, with --profile, by stage of the engine's main thread.

import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { NODE_FLAGS, runServer, temporaryFolder } from '../test/e2e/running-server.ts'
import { machine } from './machine.ts'
import { cpuByGroup, GROUPS, type Group } from './threads.ts'
import { type Customer, offer, openCustomers, openOldCustomers } from './turn-load.ts'
import { type Spent, timeByStage } from './turn-profile.ts'

const HELP = `npm run bench:turn -- [options]
  --rate 300,600,1000   messages offered a second, a row each, in fresh conversations
  --seconds 10          of each row
  --warm 3              seconds before them that are not counted
  --old 100             rate of one more row, in conversations of 200 turns; 0: none
  --threads N           model threads, where not the server's default
  --profile             profile the engine's main thread: where its time goes, by stage (costs some percent itself)
  --json FILE           write the figures to FILE too`
const OPTIONS = {
  rate: { type: 'string', default: '300,600,1000' },
  seconds: { type: 'string', default: '10' },
  warm: { type: 'string', default: '3' },
  old: { type: 'string', default: '100' },
  threads: { type: 'string' },
  profile: { type: 'boolean', default: false },
  json: { type: 'string' },
  help: { type: 'boolean', default: false },
} as const
const { values } = parseArgs({ options: OPTIONS })
if (values.help) {
  console.log(HELP)
  process.exit(0)
}

const MAIN = fileURLToPath(new URL('../server/main.ts', import.meta.url))
const PLUGINS = [
  'fresh-goods',
  'complaint-analyzer',
  ...['opening-hours', 'size-words', 'parting-words'].map(name => join(import.meta.dirname, 'plugins', name)),
]
const OLD = { conversations: 40, turns: 200 }
const SENTENCES = ['zh-CN', 'en'].flatMap(locale =>
  readFileSync(new URL(`../test/transcripts/heldout.${locale}.tsv`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split('\t')[1] ?? ''),
)
// Both languages in turn.
const TEXTS = SENTENCES.map((_, i) => SENTENCES[(i % 2) * Math.floor(SENTENCES.length / 2) + Math.floor(i / 2)] ?? '')
const seconds = Number(values.seconds)
const warm = Number(values.warm)
const round = (n: number): number => Math.round(n * 1_000) / 1_000
const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6

const data = temporaryFolder()
const profiles = mkdtempSync(join(tmpdir(), 'parley-profile-'))
const config = join(data.path, 'parley.yaml')
writeFileSync(
  config,
  JSON.stringify({
    limits: { visitorsPerMinute: 10_000_000 }, // all customers come from one address
    shops: [{ id: 'demo', mesh: 'demo-shop', name: 'Parley Fresh', plugins: PLUGINS }],
  }),
)
const server = await runServer(
  spawn(
    process.execPath,
    [
      ...NODE_FLAGS,
      ...(values.profile ? ['--cpu-prof', '--cpu-prof-interval=200', `--cpu-prof-dir=${profiles}`] : []),
      MAIN,
      'serve',
      '--port',
      '0',
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...process.env,
        PARLEY_DATA: join(data.path, 'data'),
        PARLEY_LOG_LEVEL: 'warn',
        PARLEY_CONFIG: config,
        ...(values.threads !== undefined && { PARLEY_MODEL_THREADS: values.threads }),
      },
    },
  ),
)
const pid = server.process.pid! // it has spoken, so it has one
while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setTimeout(resolve, 50))

const rows = []
for (const rate of values.rate.split(',').map(Number)) {
  rows.push(await row(rate, 'fresh', await openCustomers(server.url, Math.max(100, rate))))
}
const oldRate = Number(values.old)
if (oldRate > 0) {
  rows.push(await row(oldRate, `of ${OLD.turns} turns`, await openOldCustomers(server.url, OLD.conversations, OLD.turns, TEXTS)))
}
const [code] = await server.stop('SIGTERM')
if (code !== 0) throw new Error(`the server ended with ${code}: ${server.stderr()}`)
const figures = {
  bench: 'turn',
  ...machine(),
  loadAverage: round(loadavg()[0] ?? 0),
  settings: {
    secondsEach: seconds,
    warmSeconds: warm,
    models: ['keyword', 'intent', 'sentiment'],
    plugins: PLUGINS.map(path => path.split('/').at(-1)),
    modelThreads: Number(values.threads ?? 1),
    log: 'durable',
    isProfiled: values.profile,
  },
  rows: rows.map(({ from, to, ...told }) => ({
    ...told,
    ...(values.profile && { engineMsPerTurn: profileOf(from, to, told.cpuMsPerTurn['engine main thread']) }),
  })),
}
data.remove()
rmSync(profiles, { recursive: true })
console.log(JSON.stringify(figures, null, 1))
if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 1)}\n`)

async function row(rate: number, conversations: string, customers: readonly Customer[]) {
  await offer(customers, TEXTS, rate, warm)
  const missedBefore = await missedVotes()
  const cpuBefore = cpuByGroup(pid)
  const ownBefore = process.cpuUsage()
  const from = monotonicMs()
  const { latencies, refused, unanswered, tookMs } = await offer(customers, TEXTS, rate, seconds)
  const to = monotonicMs()
  const own = process.cpuUsage(ownBefore)
  const cpuAfter = cpuByGroup(pid)
  const missed = await missedVotes()
  for (const customer of customers) customer.close()
  const turns = Math.max(1, latencies.length)
  const at = (share: number): number => round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN)
  const cpuMsPerTurn = Object.fromEntries(GROUPS.map(group => [group, round((cpuAfter[group] - cpuBefore[group]) / turns)])) as Record<
    Group,
    number
  > // every group has an entry
  const serverMs = Object.values(cpuMsPerTurn).reduce((sum, ms) => sum + ms, 0)
  const ownMs = (own.user + own.system) / 1_000 / turns
  return {
    conversations,
    offeredPerSecond: rate,
    answeredPerSecond: round((latencies.length * 1_000) / tookMs),
    refused,
    unanswered,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    maxMs: round(latencies.at(-1) ?? Number.NaN),
    cpuMsPerTurn: { ...cpuMsPerTurn, server: round(serverMs), generator: round(ownMs) },
    missedVotesPerTurn: Object.fromEntries(
      [...missed].map(([reason, count]) => [reason, round((count - (missedBefore.get(reason) ?? 0)) / turns)]),
    ),
    generatorShare: round(ownMs / (ownMs + serverMs)),
    from,
    to,
  }
}

/** Votes that the server has gone without so far, by reason: a turn that gave its voters up costs less, and says so here. */
async function missedVotes(): Promise<ReadonlyMap<string, number>> {
  const found = new Map<string, number>()
  const text = await (await fetch(`${server.url}/metrics`)).text()
  for (const [, reason = '', count] of text.matchAll(/^parley_abstentions_total\{.*reason="(\w+)".*\} (\d+)$/gm))
    if (reason !== 'silent') found.set(reason, (found.get(reason) ?? 0) + Number(count))
  return found
}

/**
 * The profiler counts time on the clock, also while others have the processor: its shares hold, and the kernel says of how much.
 */
function profileOf(from: number, to: number, engineMs: number) {
  const { stages, functions } = timeByStage(profiles, from, to)
  const total = stages.reduce((sum, { ms }) => sum + ms, 0)
  const perTurn = (list: readonly Spent[]) => Object.fromEntries(list.map(({ what, ms }) => [what, round((ms / total) * engineMs)]))
  return { byStage: perTurn(stages), byFunction: perTurn(functions) }
}
