// Real nats-servers on loopback, clustered, which flush every append: for tests that need a replicated log, and that stop, kill and halt its servers.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findNats, isMissing } from '../../tools/programs.ts'
import type { NatsNetwork } from './nats-network.ts'

const found = findNats()
/** Why there is none: what tests say that are skipped for it. */
export const noNats: string | false = isMissing(found) ? found.skipped : false

export interface NatsServer {
  readonly name: string
  /** Where clients connect. */
  readonly url: string
  /** Where it tells of itself. */
  readonly monitor: string
  readonly folder: string
  /** Of the process that runs, or ran last. */
  readonly pid: () => number
  /** Its warnings and errors since it was started last. */
  complained(): readonly string[]
  /** Starts it, again after an end. Resolves when it knows who leads the cluster. */
  start(): Promise<void>
  /** Sends the signal and waits for the end; SIGSTOP and SIGCONT end nothing. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
}

export interface NatsCluster {
  readonly servers: readonly NatsServer[]
  readonly urls: readonly string[]
  readonly monitors: readonly string[]
  /** Ends the servers and removes their files. */
  remove(): Promise<void>
}

export interface NatsSettings {
  readonly servers?: number
  /** `always`, where a test does not want otherwise. */
  readonly sync?: string
  readonly maxPayload?: string
  /** Where the servers are; on loopback, where there is none. */
  readonly network?: NatsNetwork
}

export async function startNatsCluster({
  servers: count = 3,
  sync = 'always',
  maxPayload = '8MB',
  network,
}: NatsSettings = {}): Promise<NatsCluster> {
  const folder = mkdtempSync(join(tmpdir(), 'parley-nats-'))
  const ports = await freePorts(3 * count)
  const hostOf = (i: number): string => network?.hosts[i] ?? '127.0.0.1'
  const routes = Array.from({ length: count }, (_, i) => `nats://${hostOf(i)}:${ports[3 * i + 2]}`)
  const servers = Array.from({ length: count }, (_, i) => {
    const [client, monitor, route] = ports.slice(3 * i, 3 * i + 3)
    const name = `n${i + 1}`
    const host = hostOf(i)
    const cluster = `cluster { name: parley, listen: "${host}:${route}", routes: [${routes.join(', ')}] }`
    const settings = `
      server_name: ${name}
      listen: "${host}:${client}"
      http: "${host}:${monitor}"
      max_payload: ${maxPayload}
      jetstream { store_dir: "${join(folder, name)}", sync_interval: ${sync} }
      ${count > 1 ? cluster : ''}`
    const file = join(folder, `${name}.conf`)
    writeFileSync(file, settings)
    return {
      ...serverFrom(command => network?.within(i, command) ?? command, file, count > 1),
      name,
      folder: join(folder, name),
      url: `${host}:${client}`,
      monitor: `http://${host}:${monitor}`,
    }
  })
  await Promise.all(servers.map(server => server.start()))
  return {
    servers,
    urls: servers.map(({ url }) => url),
    monitors: servers.map(({ monitor }) => monitor),
    async remove() {
      await Promise.all(servers.map(server => server.signal('SIGKILL')))
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function serverFrom(
  within: (command: readonly string[]) => readonly string[],
  file: string,
  isClustered: boolean,
): Pick<NatsServer, 'start' | 'signal' | 'pid' | 'complained'> {
  let child: ChildProcess | undefined
  let complaints: string[] = []
  const isKnown = isClustered ? /JetStream cluster (new )?metadata leader/ : /Server is ready/
  const end = (): void => void child?.kill('SIGKILL')
  return {
    pid: () => child?.pid ?? 0,
    async start() {
      if (isMissing(found)) throw new Error(found.skipped)
      const [command = '', ...args] = within([found.command, '-c', file])
      const started = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
      child = started
      process.once('exit', end) // no test leaves one behind
      const said: string[] = []
      const mine: string[] = []
      complaints = mine
      let isUp = false
      await new Promise<void>((resolve, reject) => {
        createInterface(started.stderr)
          .on('line', line => {
            if (/\[(WRN|ERR|FTL)\]/.test(line)) mine.push(line)
            if (!isUp) said.push(line)
            if (!isKnown.test(line)) return
            isUp = true
            resolve()
          })
          .on('close', () => reject(new Error(`nats-server ended:\n${said.join('\n')}`)))
      })
    },
    complained: () => complaints,
    async signal(signal) {
      if (!child || child.exitCode !== null || child.signalCode !== null) return
      child.kill(signal)
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return
      await once(child, 'exit')
      process.off('exit', end)
    },
  }
}

/**
 * Free a moment ago: the routes of a cluster have to be known before its servers listen. None of those that a system gives to whoever connects somewhere,
 * or one of them would be taken meanwhile, and while a server is down.
 */
async function freePorts(count: number): Promise<number[]> {
  const holders: Server[] = []
  while (holders.length < count) {
    const holder = createServer().listen(FIRST_PORT + Math.floor(Math.random() * PORTS), '127.0.0.1')
    await once(holder, 'listening').then(
      () => holders.push(holder),
      () => {}, // it is somebody's
    )
  }
  const ports = holders.map(holder => (holder.address() as { port: number }).port) // a TCP server's
  await Promise.all(holders.map(holder => once(holder.close(), 'close')))
  return ports
}
const FIRST_PORT = 12_000
const PORTS = 20_000
