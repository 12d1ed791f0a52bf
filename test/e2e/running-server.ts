// The real server as a process of its own, for tests that kill it, and a client that speaks the protocol by itself.
import { type ChildProcess, type ChildProcessByStdio, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { asAgentId } from '@parley/core/ids.ts'
import { PROTOCOL, type StreamPosition } from '@parley/core/protocol/client-message.ts'
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import type { ServerMessage, VisibleEvent } from '@parley/core/protocol/server-message.ts'
import { COST, deriveByScrypt, hashPassword } from '@parley/server/accounts/password-hash.ts'
import type { Role } from '@parley/server/accounts/role.ts'
import { createSessionTokens } from '@parley/server/accounts/session-tokens.ts'
import { DESK_COOKIE, STUDIO_COOKIE } from '@parley/server/accounts/sessions.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { WebSocket } from 'ws'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const PATIENT = fileURLToPath(new URL('patient.yaml', import.meta.url))
export const NODE_FLAGS = ['--disable-warning=ExperimentalWarning']

export interface RunningServer {
  readonly url: string
  readonly port: number
  readonly process: ChildProcess
  /** What it has written to standard error so far. */
  stderr(): string
  /** Resolves when `count` of its log's lines match. */
  logged(pattern: RegExp, count?: number): Promise<void>
  /** Sends the signal and waits for the end; resolves with exit code and signal. */
  stop(signal: NodeJS.Signals): Promise<[number | null, NodeJS.Signals | null]>
}

/** Starts `parley serve` and resolves when it prints its links. Without a PARLEY_CONFIG its deadlines are patient. */
export function startServer(
  data: string,
  options: { port?: number; sockets?: number; env?: Record<string, string> } = {},
): Promise<RunningServer> {
  const args = ['serve', '--port', String(options.port ?? 0), '--sockets', String(options.sockets ?? 0)]
  return runServer(
    spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, PARLEY_DATA: data, PARLEY_LOG_LEVEL: 'warn', PARLEY_CONFIG: PATIENT, ...options.env },
    }),
  )
}

/** The same of a process that was started in any way, with its output piped. */
export async function runServer(child: ChildProcessByStdio<null, Readable, Readable>): Promise<RunningServer> {
  let stdout = ''
  let stderr = ''
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  const url = await new Promise<string>((resolve, reject) => {
    child.stdout.on('data', chunk => {
      stdout += chunk
      const found = /http:\/\/127\.0\.0\.1:\d+(?=\/\n)/.exec(stdout)
      if (found && stdout.includes('Ctrl-C')) resolve(found[0])
    })
    child.once('exit', code => reject(new Error(`the server ended with ${code}\n${stdout}\n${stderr}`)))
    child.once('error', reject)
  })
  return {
    url,
    port: Number(new URL(url).port),
    process: child,
    stderr: () => stderr,
    logged: (pattern, count = 1) =>
      new Promise(resolve => {
        const look = (): void => {
          if (stderr.split('\n').filter(line => pattern.test(line)).length < count) return
          child.stderr.off('data', look)
          resolve()
        }
        child.stderr.on('data', look)
        look()
      }),
    async stop(signal) {
      const ended = once(child, 'exit') as Promise<[number | null, NodeJS.Signals | null]> // the event's arguments
      child.kill(signal)
      return ended
    },
  }
}

/** A data folder that is removed after the test. */
export function temporaryFolder(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'parley-test-'))
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) }
}

export interface Visitor {
  readonly token: string
  readonly refresh: string
  readonly conversation: string
}

export async function fetchVisitor(url: string, refresh?: string, shop = 'demo'): Promise<Visitor> {
  const response = await fetch(`${url}/v1/shops/${shop}/visitors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(refresh === undefined ? {} : { refresh }),
  })
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as Visitor // our own server's answer
}

/** One connection, frame by frame: a customer's, or with `DeskMessage` an agent's. */
export interface Line<M extends { readonly type: string } = ServerMessage> {
  readonly socket: WebSocket
  send(frame: unknown): void
  /** The next frame that `wanted` accepts, also one that came before the call and was not taken. */
  next<T extends M['type']>(type: T, wanted?: (frame: Extract<M, { type: T }>) => boolean): Promise<Extract<M, { type: T }>>
  readonly closed: Promise<number>
}

export const openLine = (url: string): Promise<Line> => openSocket<ServerMessage>(`${url.replace(/^http/, 'ws')}/v1/socket`)

/** `cookie`: the agent's session. Rejects where the upgrade is refused. */
export const openDeskLine = (url: string, cookie: string): Promise<Line<DeskMessage>> =>
  openSocket<DeskMessage>(`${url.replace(/^http/, 'ws')}/v1/desk/socket`, { cookie })

async function openSocket<M extends { readonly type: string }>(url: string, headers: Record<string, string> = {}): Promise<Line<M>> {
  const socket = new WebSocket(url, { headers })
  const waiting: { readonly type: string; readonly take: (frame: M) => boolean; readonly fail: (error: Error) => void }[] = []
  const early: M[] = []
  const closed = new Promise<number>(resolve => socket.once('close', code => resolve(code)))
  socket.on('error', () => {}) // 'close' follows
  closed.then(code => waiting.splice(0).forEach(w => w.fail(new Error(`closed with ${code} while waiting for ${w.type}`))))
  socket.on('message', data => {
    const frame = JSON.parse(String(data)) as M // the server's own frames
    const index = waiting.findIndex(w => w.take(frame))
    if (index >= 0) waiting.splice(index, 1)
    else early.push(frame)
  })
  await new Promise<void>((resolve, reject) => socket.once('open', () => resolve()).once('error', reject))
  return {
    socket,
    closed,
    send: frame => socket.send(typeof frame === 'string' ? frame : JSON.stringify(frame)),
    next: (type, wanted = () => true) =>
      new Promise((resolve, reject) => {
        const take = (frame: M): boolean => {
          if (frame.type !== type || !wanted(frame as never)) return false // the type was compared
          resolve(frame as never) // as above
          return true
        }
        const index = early.findIndex(take)
        if (index >= 0) early.splice(index, 1)
        else waiting.push({ type, take, fail: reject })
      }),
  }
}

/** A line that has said hello. */
export async function joinConversation(url: string, visitor: Visitor, resumeAfter: StreamPosition | null = null): Promise<Line> {
  const line = await openLine(url)
  line.send({ type: 'hello', protocol: PROTOCOL, token: visitor.token, conversation: visitor.conversation, resumeAfter })
  return line
}

export const textOf = (event: VisibleEvent): string => event.parts.map(part => part.text).join('\n')

/** Agents of the demo shop, made in the data folder with sessions of their own: signing in is another test's matter. */
export const makeAgents = (data: string, names: readonly string[], shop = 'demo', isSupervisor = false): Promise<string[]> =>
  makePeople(data, names, shop, isSupervisor ? 'supervisor' : 'agent')

/** The same of any role: cookies of the page that it is for. */
export async function makePeople(data: string, names: readonly string[], shop: string, role: Role): Promise<string[]> {
  const [page, cookie] = role === 'data' ? (['studio', STUDIO_COOKIE] as const) : (['desk', DESK_COOKIE] as const)
  const rows = openLmdbAccounts(join(data, 'accounts'))
  const tokens = createSessionTokens(loadOrMakeSecret(data).keyFor(`${page}-sessions`), page)
  const password = await hashPassword('never used here', COST, deriveByScrypt)
  const cookies: string[] = []
  for (const name of names) {
    const id = asAgentId(randomBytes(8).toString('hex'))
    const account = { id, shop, name, createdAt: 0, role, state: 'active', password, endings: 0 } as const
    if (!(await rows.add(account))) throw new Error(`there is an agent ${name} already`)
    cookies.push(`${cookie}=${await tokens.issue(account)}`)
  }
  await rows.close()
  return cookies
}
