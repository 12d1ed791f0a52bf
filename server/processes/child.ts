// A child's end of the supervisor's channel. The supervisor alone says when to stop, and in which order: a Ctrl-C or a stopping service reaches every
// process of the group at once, and whoever obeyed it by himself would take the sockets from under turns that are still being decided.
import { isFault } from '@parley/core/faults.ts'
import { recordOf } from '../link/messages.ts'
import type { FromChild, ToChild } from './messages.ts'

export interface Child {
  /** Where customers or socket processes reach it. */
  readonly url: string
  reload?(): void
  turnAway?(): Promise<void>
  drain(): Promise<void>
  leave?(): Promise<void>
  end(): Promise<void>
}

export function runChild(start: (order: Extract<ToChild, { type: 'start' }>) => Promise<Child>): void {
  const tell = (message: FromChild): void => void process.send?.(message)
  let started: Promise<Child> | undefined
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => {})
  // Without a supervisor nobody would start what dies or stop what lives. The log loses nothing by an end at once, and clients come again.
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))
  process.on('message', (message: ToChild) => {
    if (message.type === 'start') {
      started = start(message)
      started.then(({ url }) => tell({ type: 'ready', url }), failed)
    } else started?.then(child => obey(child, message)).catch(failed)
  })

  async function obey(child: Child, message: ToChild): Promise<void> {
    switch (message.type) {
      case 'reload':
        return child.reload?.()
      case 'turn-away':
        await child.turnAway?.()
        return tell({ type: 'done', step: 'turn-away' })
      case 'drain':
        await child.drain()
        return tell({ type: 'done', step: 'drain' })
      case 'leave':
        await child.leave?.()
        return tell({ type: 'done', step: 'leave' })
      case 'end':
        await child.end()
        process.exit(0)
    }
  }

  function failed(error: unknown): void {
    if (!isFault(error)) throw error // an uncaught error: Node prints it and ends the process
    process.send?.({ type: 'failed', fault: recordOf(error) } satisfies FromChild, () => process.exit(1))
  }
}
