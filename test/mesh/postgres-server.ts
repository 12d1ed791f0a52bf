// A real PostgreSQL of its own, on loopback and on a socket in its folder, for tests that stop and kill it. The server refuses to run as root, so it
// runs as nobody where the tests do.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import pg from 'pg'
import { findPostgres, isMissing } from '../../tools/programs.ts'

const found = findPostgres()
/** Why there is none: what tests say that are skipped for it. */
export const noPostgres: string | false = isMissing(found) ? found.skipped : false

export interface PostgresServer {
  readonly port: number
  /** `postgres://ROLE@127.0.0.1:PORT/shop` */
  url(role: string): string
  /** As its owner, in the database `shop`. */
  sql(text: string): Promise<readonly Record<string, unknown>[]>
  start(): Promise<void>
  /** SIGKILL ends it as a loss of power of its machine would; SIGINT ends it in order, and whoever is connected. */
  stop(signal: 'SIGKILL' | 'SIGINT'): Promise<void>
}

export const PASSWORD = 'of-reader'

/** With a role `reader`, who has a password and may read what there is and will be. Stopped and removed after the test. */
export async function startPostgres(t: { after(work: () => unknown): void }): Promise<PostgresServer> {
  if (isMissing(found)) throw new Error(found.skipped)
  const folder = mkdtempSync(join(tmpdir(), 'parley-postgres-'))
  const isRoot = process.getuid?.() === 0
  const uid = isRoot ? 65_534 : process.getuid?.()
  if (isRoot) chownSync(folder, 65_534, 65_534)
  const as = {
    cwd: folder,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', ...(found.libraries && { LD_LIBRARY_PATH: found.libraries }) },
    ...(isRoot && { uid, gid: 65_534 }),
  }
  const data = join(folder, 'data')
  const secret = join(folder, 'owner')
  writeFileSync(secret, 'of-owner\n')
  if (isRoot) chownSync(secret, 65_534, 65_534)
  const init = ['-D', data, '-U', 'owner', '-A', 'scram-sha-256', '--pwfile', secret, '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  const made = spawnSync(join(dirname(found.command), 'initdb'), init, { ...as, encoding: 'utf8' })
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`)
  const port = await freePort()
  let server: ChildProcess | undefined

  const start = async (): Promise<void> => {
    const settings = ['fsync=off', 'max_connections=30', `unix_socket_directories=${folder}`, 'listen_addresses=127.0.0.1', `port=${port}`]
    server = spawn(found.command, ['-D', data, ...settings.flatMap(setting => ['-c', setting])], {
      ...as,
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    let told = ''
    await new Promise<void>((resolve, reject) => {
      server?.stderr?.on('data', chunk => {
        told += chunk
        if (/ready to accept connections/.test(told)) resolve()
      })
      server?.once('exit', () => reject(new Error(`postgres: ${told}`)))
    })
  }
  const stop: PostgresServer['stop'] = async signal => {
    if (!server || server.exitCode !== null || server.signalCode !== null) return
    const ended = once(server, 'exit')
    server.kill(signal)
    await ended
  }
  t.after(async () => {
    await stop('SIGINT')
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  const ask = async (database: string, text: string): Promise<readonly Record<string, unknown>[]> => {
    const client = new pg.Client({ host: '127.0.0.1', port, user: 'owner', password: 'of-owner', database, ssl: false })
    await client.connect()
    try {
      return (await client.query(text)).rows ?? []
    } finally {
      await client.end()
    }
  }
  await ask('postgres', 'CREATE DATABASE shop')
  const sql: PostgresServer['sql'] = text => ask('shop', text)
  await sql(`CREATE ROLE reader LOGIN PASSWORD '${PASSWORD}'; GRANT pg_read_all_data TO reader`)
  return { port, url: role => `postgres://${role}@127.0.0.1:${port}/shop`, sql, start, stop }
}

/** Children of a server that was killed end by themselves, and only then can it be started again: whoever asks next waits for it. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address ? address.port : 0
}
