// What plugins cost: microseconds that 1, 10 and 50 of them add to a turn, all the way from the pool to the ballots, beside the same code called in
// this process by isolated-vm's applySync and plainly, neither of which a plugin of ours may be; what an isolate takes of memory and time; how long
// an exchange of plugins takes. Prints one JSON object; with --out it is written to a file too.
//   npm run bench:plugins -- [--seconds 2] [--rounds 3] [--isolates 200] [--out FILE]
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { loadavg, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { createPluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import { startTypescript } from '@parley/server/plugin-host/isolate.ts'
import { loadPlugins } from '@parley/server/plugin-host/load-plugin.ts'
import { putPluginsInForce } from '@parley/server/plugins-in-force.ts'
import ivm from 'isolated-vm'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '3' },
    isolates: { type: 'string', default: '200' },
    out: { type: 'string' },
  },
})
const seconds = Number(values.seconds)
const rounds = Number(values.rounds)
const isolates = Number(values.isolates)
const IN_FLIGHT = 32
/** A busy machine makes nobody late: a call that is given up costs nothing and measures nothing. */
const PATIENCE_MS = 30_000
const BODY = "return turn.text.includes('螃蟹') ? [{ action: 'COMPENSATE', confidence: 0.7 }] : null"
const TEXT = '昨天买的大闸蟹今天收到,打开一看有三只死螃蟹,这怎么赔?'
const question: Question = { text: TEXT, original: TEXT, language: 'zh', locale: 'zh-CN' }

const root = mkdtempSync(join(tmpdir(), 'parley-bench-'))
function trivial(id: string, note = ''): string {
  const folder = join(root, id)
  mkdirSync(folder, { recursive: true })
  writeFileSync(
    join(folder, 'plugin.ts'),
    `import { definePlugin } from '@parley/plugin-sdk'
export default definePlugin({
  manifest: { id: '${id}', version: '1.0.0', sdk: '^0.1.0', languages: ['zh', 'en'], actions: ['COMPENSATE'] },
  onTurn(turn: any): any { ${BODY} }, // ${note}
})
`,
  )
  return folder
}

const sorted = (numbers: readonly number[]): readonly number[] => [...numbers].sort((a, b) => a - b)
const round = (value: number): number => Math.round(value * 100) / 100
const quantile = (numbers: readonly number[], q: number): number =>
  round(sorted(numbers)[Math.floor(q * (numbers.length - 1))] ?? Number.NaN)
const spread = (numbers: readonly number[]) => ({ p50: quantile(numbers, 0.5), p99: quantile(numbers, 0.99), least: quantile(numbers, 0) })

/** One turn after another, and then many at once. */
async function turns(count: number) {
  const folders = Array.from({ length: count }, (_, at) => trivial(`trivial-${at}`))
  const wrong = new Set<string>()
  let hostsReady = 0
  const { promise: ready, resolve: becomeReady } = Promise.withResolvers<void>()
  const { pool } = await createPluginVoters({
    folders,
    timeoutMs: PATIENCE_MS,
    observer: {
      onHostReady: () => void (++hostsReady === 2 && becomeReady()), // the reserve's start is not a turn's cost
      onInvalid: fault => void wrong.add(fault.message),
      onHostDeath: death => void wrong.add(JSON.stringify(death)),
      onBallot: (_, fault) => void (fault && wrong.add(fault.message)),
    },
  })
  await ready
  const never = new AbortController().signal
  let abstentions = 0
  const ask = (): Promise<void> => pool.ask(question, ballot => void (ballot.abstained && abstentions++), never)
  for (let warm = 0; warm < 200; warm++) await ask()
  const alone: number[] = []
  const amortised: number[] = []
  for (let at = 0; at < rounds; at++) {
    for (const until = performance.now() + seconds * 1_000; performance.now() < until; ) {
      const began = performance.now()
      await ask()
      alone.push((performance.now() - began) * 1_000)
    }
    const began = performance.now()
    let ended = 0
    const caller = async (): Promise<void> => {
      for (; performance.now() - began < seconds * 1_000; ended++) await ask()
    }
    await Promise.all(Array.from({ length: IN_FLIGHT }, caller))
    amortised.push(((performance.now() - began) * 1_000) / ended)
  }
  await pool.close()
  if (abstentions > 0)
    throw new Error(`${abstentions} ballots are missing, this measures nothing: ${[...wrong].join('; ').slice(0, 1_000)}`)
  return { alone: spread(alone), [`amortised, ${IN_FLIGHT} in flight`]: spread(amortised) }
}

/** The same code without a wall. */
async function bare() {
  const isolate = new ivm.Isolate({ memoryLimit: 32 })
  const context = await isolate.createContext()
  const call = await context.eval(`text => JSON.stringify((turn => { ${BODY} })(JSON.parse(text)))`, { reference: true })
  const plain = new Function('turn', BODY) as (turn: Question) => unknown // the text above
  const each = (one: () => unknown): ReturnType<typeof spread> => {
    const times: number[] = []
    for (let at = 0; at < 20_000; at++) {
      const began = performance.now()
      one()
      if (at >= 2_000) times.push((performance.now() - began) * 1_000)
    }
    return spread(times)
  }
  const result = {
    'isolated-vm, applySync': each(() => JSON.parse(call.applySync(undefined, [JSON.stringify(question)], { timeout: 1_000 }) as string)),
    'plain call': each(() => plain(question)),
  }
  isolate.dispose()
  return result
}

/** Isolates as a host makes them, in this process. */
async function memory() {
  const { plugins } = await loadPlugins([trivial('trivial-0')])
  const { guest } = plugins[0]! // it is good
  const lost = (message: string): never => {
    throw new Error(message)
  }
  await startTypescript(guest, lost)
  const before = process.memoryUsage.rss()
  const starts: number[] = []
  for (let made = 0; made < isolates; made++) {
    const began = performance.now()
    const runner = await startTypescript(guest, lost)
    starts.push(performance.now() - began)
    await runner.run(`[[${JSON.stringify(question)}]]`, PATIENCE_MS)
  }
  const mb = (process.memoryUsage.rss() - before) / 2 ** 20
  return { isolates, megabytesEach: round(mb / isolates), perGigabyte: Math.round((1024 * isolates) / mb), coldStartMs: spread(starts) }
}

/** From the word to change until the next turn has the other plugin. */
async function changes() {
  const choice = (note: string) => new Map([['demo', { folders: [trivial('trivial-0', note)], settings: {} }]])
  const plugins = await putPluginsInForce(choice('first'), { observer: {}, clock: systemClock })
  await plugins.ready
  const times: number[] = []
  for (let at = 0; at < 2 * rounds; at++) {
    const began = performance.now()
    await plugins.change(() => choice(String(at)))
    times.push(performance.now() - began)
  }
  await plugins.close()
  return spread(times)
}

const before = loadavg().map(round)
const report = {
  ...machine(),
  settings: { seconds, rounds, isolates, inFlight: IN_FLIGHT },
  load: { before },
  microsecondsPerTurn: { ...(await bare()), '1 plugin': await turns(1), '10 plugins': await turns(10), '50 plugins': await turns(50) },
  isolate: await memory(),
  changeMs: await changes(),
}
rmSync(root, { recursive: true })
const text = JSON.stringify({ ...report, load: { before, after: loadavg().map(round) } }, null, 2)
console.log(text)
if (values.out) writeFileSync(values.out, `${text}\n`)
process.exit(0) // isolates that were kept hold their threads
