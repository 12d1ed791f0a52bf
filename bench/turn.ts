// Whole turns through the real server: socket, durable append, voters, plugins, decision, durable append, reply. Open loop: messages are sent when
// they are due, whether or not earlier ones were answered, and latency counts from when each was due, so that a stall is not hidden. The clients
// share the machine's cores with the server; their share of the time is printed too. Prints JSON.
//   npm run bench:turn -- [--rate 200,500,1000] [--seconds 10] [--clients 200]
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { fetchVisitor, joinConversation, type Line, startServer, temporaryFolder } from '../test/e2e/running-server.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    rate: { type: 'string', default: '200,500,1000' },
    seconds: { type: 'string', default: '10' },
    clients: { type: 'string', default: '200' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log('npm run bench:turn -- [--rate 200,500,1000 turns a second] [--seconds 10] [--clients 200]')
  process.exit(0)
}
const seconds = Number(values.seconds)
const SENTENCES = ['zh-CN', 'en'].flatMap(locale =>
  readFileSync(new URL(`../test/transcripts/heldout.${locale}.tsv`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map(line => line.split('\t')[1] ?? ''),
)
/** Clock ticks of user and system time of a process and all its threads, in milliseconds. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}
const round = (n: number): number => Math.round(n * 100) / 100

interface Client {
  readonly line: Line
  turns: number
}

const data = temporaryFolder()
const config = join(data.path, 'parley.yaml')
writeFileSync(config, 'limits: { visitorsPerMinute: 1000000 }\n') // all clients come from one address
const server = await startServer(data.path, { env: { PARLEY_CONFIG: config } })
while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
const rows = []
for (const rate of values.rate.split(',').map(Number)) rows.push(await run(rate))
await server.stop('SIGTERM')
data.remove()
console.log(
  JSON.stringify({ bench: 'turn', ...machine(), voters: 'keyword, intent, sentiment, two plugins', log: 'durable', rows }, null, 1),
)

async function run(rate: number) {
  // One message a second and conversation at most: the rate limit is another test's matter.
  const count = Math.max(Number(values.clients), rate)
  const clients: Client[] = []
  for (let i = 0; i < count; i += 100) {
    const batch = await Promise.all(
      Array.from({ length: Math.min(100, count - i) }, async () => {
        const line = await joinConversation(server.url, await fetchVisitor(server.url))
        await line.next('welcome')
        return { line, turns: 0 }
      }),
    )
    clients.push(...batch)
  }
  const total = rate * seconds
  const latencies: number[] = []
  const pid = server.process.pid ?? 0
  const cpuBefore = cpuMs(pid)
  const ownBefore = process.cpuUsage()
  const started = performance.now() + 100
  let refused = 0
  await new Promise<void>(resolve => {
    let sent = 0
    let done = 0
    const finish = (): void => {
      if (++done === total) resolve()
    }
    const send = (): void => {
      while (sent < total && performance.now() >= started + (sent * 1000) / rate) {
        const due = started + (sent * 1000) / rate
        const client = clients[sent % count]! // count is their number
        const ref = `m${client.turns++}`
        const text = SENTENCES[sent % SENTENCES.length] ?? ''
        sent++
        const replied = client.line
          .next('events', frame => frame.events.some(event => event.type === 'reply'))
          .then(() => latencies.push(performance.now() - due))
        const fault = client.line.next('fault', frame => frame.ref === ref).then(() => refused++)
        Promise.race([replied, fault]).then(finish)
        client.line.send({ type: 'say', ref, text })
      }
      if (sent < total) setTimeout(send, 1)
    }
    send()
  })
  const elapsed = (performance.now() - started) / 1000
  const own = process.cpuUsage(ownBefore)
  const cpu = cpuMs(pid) - cpuBefore
  for (const { line } of clients) line.socket.terminate()
  latencies.sort((a, b) => a - b)
  const at = (share: number): number => round(latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * share))] ?? Number.NaN)
  return {
    offeredPerSecond: rate,
    answeredPerSecond: round(latencies.length / elapsed),
    refused,
    p50Ms: at(0.5),
    p99Ms: at(0.99),
    p999Ms: at(0.999),
    engineCpuMsPerTurn: round(cpu / total),
    generatorCpuMsPerTurn: round((own.user + own.system) / 1000 / total),
  }
}
