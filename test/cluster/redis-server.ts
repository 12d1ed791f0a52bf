// A real redis-server on a socket file of its own, for tests that start, stop, kill and halt it. It keeps an append-only file in a folder of its own.
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { findRedis, isMissing } from '../../tools/programs.ts'

const found = findRedis()
/** Why there is none: what tests say that are skipped for it. */
export const noRedis: string | false = isMissing(found) ? found.skipped : false

export interface RedisServer {
  readonly url: string
  readonly folder: string
  /** Of the process that runs, or 0. */
  pid(): number
  /** Starts it, again after an end, with other settings than before if some are given. Resolves when it answers. */
  start(settings?: Readonly<Record<string, string>>): Promise<void>
  /** Sends the signal and waits for the end; SIGSTOP and SIGCONT end nothing. */
  signal(signal: 'SIGTERM' | 'SIGKILL' | 'SIGSTOP' | 'SIGCONT'): Promise<void>
  /** Ends it and removes its files. */
  remove(): Promise<void>
}

export async function startRedisServer(settings: Readonly<Record<string, string>> = {}): Promise<RedisServer> {
  if (isMissing(found)) throw new Error(found.skipped)
  const folder = mkdtempSync(join(tmpdir(), 'parley-redis-'))
  const path = join(folder, 'redis.sock')
  let wanted = settings
  let running: { readonly child: ChildProcess; readonly ended: Promise<unknown> } | undefined
  const server: RedisServer = {
    url: `unix://${path}`,
    folder,
    pid: () => running?.child.pid ?? 0,
    async start(changes = {}) {
      wanted = { ...wanted, ...changes }
      const all = { port: '0', unixsocket: path, dir: folder, appendonly: 'yes', appendfsync: 'everysec', save: '', ...wanted }
      const args = Object.entries(all).flatMap(([name, value]) => [`--${name}`, value])
      const child = spawn(found.command, args, {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, ...(found.libraries && { LD_LIBRARY_PATH: found.libraries }) },
      })
      running = { child, ended: once(child, 'exit') }
      for await (const line of createInterface(child.stdout)) if (/ready to accept connections/i.test(line)) break
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`)
      child.stdout.resume()
    },
    async signal(signal) {
      if (!running) return
      running.child.kill(signal)
      if (signal === 'SIGSTOP' || signal === 'SIGCONT') return
      await running.ended
      running = undefined
    },
    async remove() {
      await server.signal('SIGKILL')
      rmSync(folder, { recursive: true, force: true })
    },
  }
  await server.start()
  return server
}
