// The engine's end of the link: what socket processes ask is put to the engine, and every sign of a conversation that they have sockets of is passed
// on. A process that does not read is cut; it comes back and asks for what it lacks.
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { isFault } from '@parley/core/faults.ts'
import { nameOf } from '@parley/core/holder.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import { type Channel, type ChannelLimits, createChannel } from './channel.ts'
import {
  type Call,
  type EngineFace,
  type FromEngine,
  LINK_VERSION,
  type Returned,
  recordOf,
  type SocketReport,
  type ToEngine,
} from './messages.ts'

export interface LinkParts {
  readonly engine: EngineFace
  readonly fanOut: FanOut
  /** Once a second a process; undefined when its link is gone. */
  readonly onReport: (process: number, report: SocketReport | undefined) => void
  readonly onBug: (error: unknown) => void
  readonly limits?: ChannelLimits
}

const LIMITS: ChannelLimits = { pauseAbove: 1024 * 1024, cutAbove: 32 * 1024 * 1024 }

/** Listens at `path`, a socket in a folder that is the owner's alone. What another engine has left there is taken away: one engine owns the folder. */
export async function serveLink(path: string, parts: LinkParts): Promise<{ close(): Promise<void> }> {
  const sockets = new Set<Socket>()
  const server = createServer(socket => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
    serveProcess(socket, parts)
  })
  rmSync(path, { force: true })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen({ path, backlog: 128 }, resolve)
  })
  chmodSync(path, 0o600)
  return {
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

function serveProcess(socket: Socket, { engine, fanOut, onReport, onBug, limits = LIMITS }: LinkParts): void {
  const subscriptions = new Map<string, () => void>()
  let process: number | undefined

  function message(sent: ToEngine): void {
    if (process === undefined) return greet(sent)
    switch (sent.type) {
      case 'hello':
        return greet(sent)
      case 'call':
        call(engine, sent.call).then(
          value => channel.send({ type: 'returned', id: sent.id, ...(value !== undefined && { value }) }),
          error => refuse(sent.id, error),
        )
        return
      case 'types':
        return engine.types(sent.key, sent.typist)
      case 'subscribe': {
        const { key } = sent
        subscriptions.get(nameOf(key))?.()
        subscriptions.set(
          nameOf(key),
          fanOut.subscribe(key, sign => channel.send({ type: 'sign', key, sign })),
        )
        return
      }
      case 'unsubscribe':
        subscriptions.get(nameOf(sent.key))?.()
        subscriptions.delete(nameOf(sent.key))
        return
      case 'echo':
        return channel.send({ type: 'echo' })
      case 'report':
        return onReport(process, sent.report)
    }
  }

  function greet(sent: ToEngine): void {
    if (sent.type !== 'hello' || sent.version !== LINK_VERSION) return channel.send({ type: 'foreign', version: LINK_VERSION })
    process = sent.process
  }

  function refuse(id: number, error: unknown): void {
    if (isFault(error)) return channel.send({ type: 'refused', id, fault: recordOf(error) })
    onBug(error)
    channel.send({ type: 'broke', id, message: error instanceof Error ? error.message : 'something else than an error was thrown' })
  }

  const channel: Channel<FromEngine> = createChannel<ToEngine, FromEngine>(socket, limits, {
    message,
    gone() {
      for (const unsubscribe of subscriptions.values()) unsubscribe()
      subscriptions.clear()
      if (process !== undefined) onReport(process, undefined)
    },
  })
}

function call(engine: EngineFace, { method, args }: Call): Promise<Returned> {
  switch (method) {
    case 'say':
      return engine.say(...args)
    case 'since':
      return engine.since(...args)
    case 'seen':
      return engine.seen(...args).then(() => undefined)
    case 'recall':
      return engine.recall(...args).then(() => undefined)
    case 'rate':
      return engine.rate(...args)
    case 'isErased':
      return engine.isErased(...args)
  }
}
