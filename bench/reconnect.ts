// Thousands of customers who come back at once: their lines are cut in one moment (or the server is killed and started again, so that its memory is
// cold), each misses a turn, and all connect in one moment, without the chance in the pause that spreads them otherwise. Milliseconds from that moment
// until each has everything and knows who has the conversation; the server's processor time; what it read from its log. The clients are the widget's own,
// in a process of their own beside the server on the same cores, and their processor time is told too. Prints JSON.
//   npm run bench:reconnect -- [--clients 5000] [--turns 10] [--sockets 0] [--json FILE]
import { readFileSync, writeFileSync } from 'node:fs'
import { cpus, loadavg } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { asConversationId } from '@parley/core/ids.ts'
import { SHOP } from '../test/core/house.ts'
import { fillStore, withConversations } from '../test/e2e/filled-store.ts'
import { gather, logReads, missATurn } from '../test/e2e/returning.ts'
import { fetchVisitor, joinConversation, type RunningServer, startServer, temporaryFolder } from '../test/e2e/running-server.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    clients: { type: 'string', default: '5000' },
    turns: { type: 'string', default: '10' },
    sockets: { type: 'string', default: '0' },
    json: { type: 'string' },
    help: { type: 'boolean' },
  },
})
/** None of them leads to an effect, whose key would name the conversation. */
const SENTENCES = ['螃蟹怎么蒸好吃', '你们几点下班', 'hello', 'when do you open', '你好', '在吗']

if (values.help) console.log('npm run bench:reconnect -- [--clients 5000] [--turns 10] [--sockets 0] [--json FILE]')
else {
  const figures = await measure()
  const text = JSON.stringify({ bench: 'reconnect', ...machine(), load: loadavg()[0], ...figures }, null, 1)
  if (values.json) writeFileSync(values.json, `${text}\n`)
  console.log(text)
}

async function measure() {
  const data = temporaryFolder()
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, 'limits: { visitorsPerMinute: 1000000, conversations: 20000 }\n') // all clients come from one address
  const options = { sockets: Number(values.sockets), env: { PARLEY_CONFIG: config } }
  const events = await talk(data.path, options)
  const visitors = await fillStore(data.path, Number(values.clients), events)
  let server = await startServer(data.path, options)
  const clients = gather(visitors)
  process.once('exit', () => server.process.kill('SIGKILL')) // also where the measurement fails
  await ready(server)
  let ends = await clients.open(server.url)
  const rows = []
  for (const memory of ['warm', 'warm', 'cold'] as const) {
    await clients.cut()
    ends = await missATurn(server.url, visitors, ends)
    if (memory === 'cold') {
      await server.stop('SIGKILL')
      server = await startServer(data.path, options)
      await ready(server)
    }
    const [reads, cpu] = [await logReads(server.url), cpuMs(server)]
    const { ms, failures, cpuMs: clientCpuMs } = await clients.comeBack(server.url, ends)
    const sorted = [...ms].sort((a, b) => a - b)
    const at = (share: number): number => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
    rows.push({
      memory,
      caughtUpMs: { p50: at(0.5), p99: at(0.99), max: at(1) },
      failedAttempts: failures,
      logReads: (await logReads(server.url)) - reads,
      serverCpuMs: cpuMs(server) - cpu,
      clientCpuMs: Math.round(clientCpuMs),
      loadAverage: loadavg()[0],
    })
  }
  clients.close()
  await server.stop('SIGTERM')
  data.remove()
  return {
    settings: { clients: visitors.length, events: events.length, missedTurns: 1, ...options, env: undefined, cores: cpus().length },
    rows,
  }
}

/** A conversation of the real shop, as long as wanted. */
async function talk(data: string, options: Parameters<typeof startServer>[1]) {
  const server = await startServer(data, options)
  await ready(server)
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  for (let turn = 0; turn < Number(values.turns); turn++) {
    line.send({ type: 'say', ref: `m${turn}`, text: SENTENCES[turn % SENTENCES.length] })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  }
  await server.stop('SIGTERM')
  return withConversations(
    data,
    async conversations => (await conversations.read({ shop: SHOP, conversation: asConversationId(visitor.conversation) }, 0)).events,
  )
}

async function ready({ url }: RunningServer): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
}

/** Of the server and all its processes, user and system, as the kernel counts it. */
function cpuMs(server: RunningServer): number {
  const of = (pid: number): number => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
    return (Number(fields[11]) + Number(fields[12])) * 10 + children.reduce((sum, child) => sum + of(child), 0)
  }
  return of(server.process.pid ?? 0)
}
