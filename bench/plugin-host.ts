// What a call of a plugin that we ship costs: µs through the host process, alone and with many in flight, in TypeScript or in Python. What the way
// costs beside a call in this process is told by bench/plugins.ts. Prints one JSON object.
//   node --no-node-snapshot bench/plugin-host.ts [--python] [--seconds 1] [--rounds 5]

import { loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { createPluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import { PROJECT } from '@parley/server/project.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    python: { type: 'boolean', default: false },
    seconds: { type: 'string', default: '1' },
    rounds: { type: 'string', default: '5' },
  },
})
const folder = join(PROJECT.plugins, values.python ? 'complaint-analyzer' : 'fresh-goods')
const seconds = Number(values.seconds)
const IN_FLIGHT = [1, 32, 64]
const TEXT = '昨天买的大闸蟹今天收到,打开一看有三只死螃蟹,都臭了,这怎么赔?订单号是 20240912-3381,照片已经发给你们了'
const question: Question = { text: TEXT, original: TEXT, language: 'zh', locale: 'zh-CN' }

const { pool, ready } = await createPluginVoters({ folders: [folder], timeoutMs: 10_000 }) // a busy machine makes nobody late
await ready
const never = new AbortController().signal

/** µs a call, counted over all calls that ended. */
async function throughHost(inFlight: number): Promise<number> {
  const until = performance.now() + seconds * 1_000
  const started = performance.now()
  let calls = 0
  let abstentions = 0
  const caller = async (): Promise<void> => {
    while (performance.now() < until) {
      await pool.ask(question, ballot => void (ballot.abstained && abstentions++), never)
      calls++
    }
  }
  await Promise.all(Array.from({ length: inFlight }, caller))
  if (abstentions > 0) throw new Error(`${abstentions} of ${calls} calls abstained: this measures nothing`)
  return ((performance.now() - started) * 1_000) / calls
}

const median = (numbers: readonly number[]): number => [...numbers].sort((a, b) => a - b)[numbers.length >> 1]!
const round = (number: number): number => Math.round(number * 100) / 100
const summary = (numbers: readonly number[]) => ({
  median: round(median(numbers)),
  least: round(Math.min(...numbers)),
  greatest: round(Math.max(...numbers)),
})

await throughHost(64) // warm
const host = new Map<number, number[]>(IN_FLIGHT.map(n => [n, []]))
for (let i = 0; i < Number(values.rounds); i++) {
  for (const n of IN_FLIGHT) host.get(n)!.push(await throughHost(n))
}
await pool.close()

console.log(
  JSON.stringify(
    {
      plugin: folder.split('/').at(-1),
      ...machine(),
      loadAverage: round(loadavg()[0] ?? 0),
      microsecondsPerCall: Object.fromEntries([...host].map(([n, all]) => [`${n} in flight`, summary(all)])),
    },
    null,
    2,
  ),
)
