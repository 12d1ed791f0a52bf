// A Redis to measure against: the machine's own, or Debian's, fetched into models/cache/ and run from there. It flushes every append before it
// answers (appendfsync always), listens on a socket file alone, and ends with the bench. The few lines of its protocol that an append needs are
// written here, so that no client library's cost is counted against it.
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, globSync, mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

const CACHE = fileURLToPath(new URL('../models/cache/redis', import.meta.url))
/** The program is in redis-tools, under the name of one of its tools; the other two are what it is linked with. */
const PACKAGES = ['redis-tools', 'libjemalloc2', 'liblzf1']

interface Program {
  readonly command: string
  readonly libraries: string
  readonly version: string
}

export interface Redis {
  readonly version: string
  /** Sends one command; what comes in one tick leaves together. Rejects when Redis answers with an error. */
  call(...parts: readonly (string | Buffer)[]): Promise<void>
  close(): Promise<void>
}

/** Starts Redis with its data in `folder`, or says why there is none. */
export async function startRedis(folder: string): Promise<Redis | { readonly skipped: string }> {
  const program = findProgram()
  if ('skipped' in program) return program
  mkdirSync(folder)
  const path = join(folder, 'redis.sock')
  const settings = {
    port: '0',
    unixsocket: path,
    dir: folder,
    appendonly: 'yes',
    appendfsync: 'always',
    save: '',
    'auto-aof-rewrite-percentage': '0',
  }
  const server = spawn(
    program.command,
    Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]),
    { stdio: ['ignore', 'pipe', 'ignore'], env: { ...process.env, LD_LIBRARY_PATH: program.libraries } },
  )
  const ended = once(server, 'exit')
  for await (const line of createInterface(server.stdout)) if (/ready to accept connections/i.test(line)) break
  if (server.exitCode !== null) return { skipped: `Redis ended with ${server.exitCode}` }
  server.stdout.resume()
  return { version: program.version, ...(await openConnection(path, () => server.kill(), ended)) }
}

async function openConnection(path: string, stop: () => void, ended: Promise<unknown>): Promise<Pick<Redis, 'call' | 'close'>> {
  const socket = connect(path)
  await once(socket, 'connect')
  const waiting: { resolve(): void; reject(error: Error): void }[] = []
  let outgoing: Buffer[] = []
  let rest = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    const lines = (rest + chunk).split('\r\n')
    rest = lines.pop() ?? ''
    for (const line of lines) {
      if (line.startsWith('$')) continue // the length of the bulk string that follows
      const { resolve, reject } = waiting.shift()! // one answer a call, in order
      if (line.startsWith('-')) reject(new Error(line))
      else resolve()
    }
  })
  return {
    call: (...parts) =>
      new Promise((resolve, reject) => {
        waiting.push({ resolve, reject })
        if (outgoing.length === 0)
          setImmediate(() => {
            socket.write(Buffer.concat(outgoing))
            outgoing = []
          })
        outgoing.push(Buffer.from(`*${parts.length}\r\n`))
        for (const part of parts) outgoing.push(Buffer.from(`$${Buffer.byteLength(part)}\r\n`), Buffer.from(part), Buffer.from('\r\n'))
      }),
    async close() {
      socket.destroy()
      stop()
      await ended
    },
  }
}

function findProgram(): Program | { readonly skipped: string } {
  const own = asProgram('redis-server', '')
  if (own) return own
  const unpacked = (): Program | undefined =>
    asProgram(join(CACHE, 'usr/bin/redis-check-rdb'), globSync(join(CACHE, 'usr/lib/*-linux-gnu*'))[0] ?? '')
  const kept = unpacked()
  if (kept) return kept
  mkdirSync(CACHE, { recursive: true })
  const script = `apt-get download -qq ${PACKAGES.join(' ')} && for package in *.deb; do dpkg-deb -x "$package" . && rm "$package"; done`
  const done = spawnSync('sh', ['-c', script], { cwd: CACHE, encoding: 'utf8' })
  return unpacked() ?? { skipped: `no redis-server here, and apt-get brought none: ${done.stderr.trim().split('\n').at(-1)}` }
}

/** Run under the name redis-server it is the server, whatever its file is called. */
function asProgram(file: string, libraries: string): Program | undefined {
  if (file.includes('/') && !existsSync(file)) return undefined
  const link = file.includes('/') ? join(CACHE, 'redis-server') : file
  if (link !== file && !existsSync(link)) spawnSync('ln', ['-s', file, link])
  const { status, stdout } = spawnSync(link, ['--version'], { encoding: 'utf8', env: { ...process.env, LD_LIBRARY_PATH: libraries } })
  const version = /v=([\d.]+)/.exec(stdout ?? '')?.[1]
  return status === 0 && version !== undefined ? { command: link, libraries, version } : undefined
}
