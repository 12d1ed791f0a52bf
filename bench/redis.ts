// A Redis to measure against (tools/programs.ts finds it). It flushes every append before it answers (appendfsync always), listens on a socket file
// alone, and ends with the bench. The few lines of its protocol that an append needs are written here, so that no client library's cost is counted
// against it.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { bringRedis, isMissing } from '../tools/programs.ts'

export interface Redis {
  readonly version: string
  /** Sends one command; what comes in one tick leaves together. Rejects when Redis answers with an error. */
  call(...parts: readonly (string | Buffer)[]): Promise<void>
  close(): Promise<void>
}

/** Starts Redis with its data in `folder`, or says why there is none. */
export async function startRedis(folder: string): Promise<Redis | { readonly skipped: string }> {
  const program = bringRedis()
  if (isMissing(program)) return program
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
