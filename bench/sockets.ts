// Idle connections: how many a process holds and what each costs, in the engine's own process and in `--sockets N`; and what a turn costs in each, so
// that the price of the link is seen. Memory is what the kernel says that a process has (RSS), after it has come to rest, for connections on top of half
// as many: the first thousands make a heap grow by what the next ones find. The clients run in processes of their own, because a process may hold only so
// many files. Prints JSON.
//   npm run bench:sockets -- [--connections 6000] [--sockets 0,2] [--turns 600]
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { WebSocket } from 'ws'
import { fetchVisitor, joinConversation, type Line, type RunningServer, startServer, temporaryFolder } from '../test/e2e/running-server.ts'
import { machine } from './machine.ts'

interface Order {
  readonly url: string
  readonly connections: number
}

/** Connections that a client process opens at once. */
const AT_ONCE = 50
const CLIENT_PROCESSES = 2
const SETTLE_MS = 3_000
const TURNS_AT_ONCE = 8
/** Those that write, a multiple of the above: each has its turn rarely enough for the limit on messages. */
const LINES = 80

const { values } = parseArgs({
  options: {
    connections: { type: 'string', default: '6000' },
    sockets: { type: 'string', default: '0,2' },
    turns: { type: 'string', default: '600' },
    help: { type: 'boolean' },
  },
})

if (process.send) process.on('message', (order: Order) => void holdConnections(order))
else if (values.help) console.log('npm run bench:sockets -- [--connections 6000] [--sockets 0,2] [--turns 600]')
else {
  const rows = []
  for (const sockets of values.sockets.split(',').map(Number)) rows.push(await measure(sockets))
  const settings = { connections: Number(values.connections), turns: Number(values.turns), turnsAtOnce: TURNS_AT_ONCE, settleMs: SETTLE_MS }
  console.log(JSON.stringify({ bench: 'sockets', ...machine(), ...settings, rows }, null, 1))
}

/** A client process: customers who have said hello and say nothing more. Told by number as they are welcomed. */
async function holdConnections({ url, connections }: Order): Promise<void> {
  let opened = 0
  const open = async (): Promise<void> => {
    while (opened < connections) {
      opened++
      const { token, conversation } = await fetchVisitor(url)
      const socket = new WebSocket(`${url.replace(/^http/, 'ws')}/v1/socket`)
      await once(socket, 'open')
      socket.send(JSON.stringify({ type: 'hello', protocol: 1, token, conversation, resumeAfter: null }))
      await once(socket, 'message')
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, open))
  process.send?.('ready')
}

async function measure(sockets: number) {
  const data = temporaryFolder()
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, 'limits: { visitorsPerMinute: 1000000, conversations: 1000 }\n') // all clients come from one address
  const server = await startServer(data.path, { sockets, env: { PARLEY_CONFIG: config } })
  process.once('exit', () => server.process.kill('SIGKILL')) // also where the measurement fails
  while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
  // What the first requests bring into memory for good is no connection's.
  const lines = await Promise.all(Array.from({ length: LINES }, () => joinLine(server.url)))
  await sayTurns(lines, 'warm', Number(values.turns) / 4)
  const turns = await measureTurns(server, lines)
  for (const line of lines) line.socket.terminate()

  const pids = processesOf(server)
  const clients = Array.from({ length: CLIENT_PROCESSES }, () => fork(import.meta.filename))
  const hold = async (connections: number): Promise<number> => {
    const each = Math.floor(connections / CLIENT_PROCESSES)
    const ready = clients.map(client => once(client, 'message'))
    for (const client of clients) client.send({ url: server.url, connections: each } satisfies Order)
    await Promise.all(ready)
    return each * CLIENT_PROCESSES
  }
  const first = await hold(Number(values.connections) / 2)
  const before = await settled(pids)
  const started = performance.now()
  const counted = await hold(Number(values.connections))
  const seconds = (performance.now() - started) / 1000
  const after = await settled(pids)
  const held = first + counted
  const row = {
    socketProcesses: sockets,
    held,
    heldPerProcess: await heldPerProcess(server.url, held),
    joinsPerSecond: Math.round(counted / seconds),
    // Of the process or processes that hold them, and of the engine behind these, whose share is a subscription and a conversation in memory.
    rssKiBPerConnection: Object.fromEntries(
      (['sockets', 'engine'] as const).flatMap(role => {
        const added = pids.filter(p => p.role === role).reduce((sum, { pid }) => sum + (after.get(pid) ?? 0) - (before.get(pid) ?? 0), 0)
        return pids.some(p => p.role === role) ? [[role, tenths(added / 1024 / counted)]] : []
      }),
    ),
    rssMiB: pids.map(({ pid, role }) => ({ [role]: Math.round((after.get(pid) ?? 0) / 2 ** 20) })),
    ...turns,
  }
  for (const client of clients) client.kill('SIGKILL')
  await server.stop('SIGTERM')
  data.remove()
  return row
}

interface Measured {
  readonly pid: number
  readonly role: 'engine' | 'sockets'
}

function processesOf({ process: { pid = 0 } }: RunningServer): readonly Measured[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
  const found = children.flatMap((child): Measured[] => {
    const command = readFileSync(`/proc/${child}/cmdline`, 'utf8')
    if (command.includes('engine-process.ts')) return [{ pid: child, role: 'engine' }]
    return command.includes('socket-process.ts') ? [{ pid: child, role: 'sockets' }] : []
  })
  return found.length > 0 ? found : [{ pid, role: 'engine' }]
}

function rssBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) * 1024
}

async function settled(pids: readonly Measured[]): Promise<ReadonlyMap<number, number>> {
  await new Promise(resolve => setTimeout(resolve, SETTLE_MS))
  return new Map(pids.map(({ pid }) => [pid, rssBytes(pid)]))
}

async function heldPerProcess(url: string, held: number): Promise<readonly number[]> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    if (!new RegExp(`^parley_sockets ${held}$`, 'm').test(metrics)) continue
    const counts = [...metrics.matchAll(/^parley_socket_process_sockets\{process="\d+"\} (\d+)$/gm)].map(([, count]) => Number(count))
    return counts.length > 0 ? counts : [held]
  }
}

async function joinLine(url: string): Promise<Line> {
  const line = await joinConversation(url, await fetchVisitor(url))
  await line.next('welcome')
  return line
}

/** Closed loop: so many at once, each from line to line, so that nobody writes faster than a customer may. Resolves with the milliseconds of each turn. */
async function sayTurns(lines: readonly Line[], name: string, count: number): Promise<number[]> {
  const times: number[] = []
  let begun = 0
  const talk = async (worker: number): Promise<void> => {
    for (let i = worker; begun < count; i += TURNS_AT_ONCE) {
      const line = lines[i % lines.length]! // there are some
      const at = performance.now()
      line.send({ type: 'say', ref: `${name}${begun++}`, text: '你好' })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
      times.push(performance.now() - at)
    }
  }
  await Promise.all(Array.from({ length: TURNS_AT_ONCE }, (_, worker) => talk(worker)))
  return times.sort((a, b) => a - b)
}

/** User and system time of a process and all its threads, in milliseconds: the kernel counts in ticks of ten. */
function cpuMs(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return (Number(fields[11]) + Number(fields[12])) * 10
}

async function measureTurns(server: RunningServer, lines: readonly Line[]) {
  const pids = processesOf(server)
  const count = Number(values.turns)
  const before = pids.map(({ pid }) => cpuMs(pid))
  const times = await sayTurns(lines, 'turn', count)
  const spent = (role: Measured['role']): number =>
    pids.reduce((sum, p, i) => (p.role === role ? sum + cpuMs(p.pid) - (before[i] ?? 0) : sum), 0)
  return {
    turnP50Ms: tenths(times[Math.floor(times.length / 2)] ?? Number.NaN),
    turnP99Ms: tenths(times[Math.floor(times.length * 0.99)] ?? Number.NaN),
    cpuMsPerTurn: { engine: hundredths(spent('engine') / count), sockets: hundredths(spent('sockets') / count) },
  }
}

function tenths(value: number): number {
  return Math.round(value * 10) / 10
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100
}
