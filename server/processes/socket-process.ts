// One socket process: the customers' connections, and the link to the engine. It outlives the engine's restarts.
import { setTimeout as pause } from 'node:timers/promises'
import type { FaultCode } from '@parley/core/faults.ts'
import { Fault } from '@parley/core/faults.ts'
import type { Config } from '../config.ts'
import { customerParts } from '../customer-parts.ts'
import { BACKLOG } from '../http/backlog.ts'
import { createSocketFront } from '../http/socket-front.ts'
import { connectEngine } from '../link/remote-engine.ts'
import { createLogger } from '../logger.ts'
import { loadSecret } from '../secret.ts'
import { runChild } from './child.ts'

const REPORT_MS = 1_000
/** Longest that clients may take to hear that they should come again. */
const LEAVE_MS = 500

runChild(async ({ config, paths, number }) => {
  const logger = createLogger(config.logLevel)
  let faults: Record<string, number> = {}
  let bugs = 0
  let emptied = (): void => {}
  const count = (code: FaultCode | 'WIRE'): void => {
    faults[code] = (faults[code] ?? 0) + 1
  }
  const onBug = (error: unknown): void => {
    bugs++
    logger.error({ err: error, socketProcess: number }, 'a bug')
  }
  const parts = customerParts(config, loadSecret(config.data), config.sockets)
  const remote = connectEngine({
    path: paths.link,
    process: number,
    clock: parts.clock,
    onBug,
    onForeign(version) {
      logger.warn({ version }, 'the engine is of another release: this socket process is started anew')
      process.exit(1)
    },
  })
  const { http, customers } = await createSocketFront({
    ...parts,
    engine: remote.engine,
    isErased: remote.engine.isErased,
    fanOut: remote.fanOut,
    enginePath: paths.http,
    isBehindSockets: false,
    logger,
    onFault: count,
    onBug,
    observer: { changed: left => left === 0 && emptied(), wireFailed: () => count('WIRE') },
  })
  const report = (): void => {
    remote.report({ sockets: customers.count, residentBytes: process.memoryUsage.rss(), faults, bugs })
    faults = {}
    bugs = 0
  }
  const reporting = setInterval(report, REPORT_MS)
  const url = await listen(http, config)
  return {
    url,
    drain: async () => void http.server.close(), // what is connected stays
    async leave() {
      await remote.caughtUp() // the replies of the last turns go out before the farewell
      if (customers.count === 0) return
      const empty = new Promise<void>(resolve => {
        emptied = resolve
      })
      customers.leave()
      await Promise.race([empty, pause(LEAVE_MS)])
    },
    async end() {
      clearInterval(reporting)
      remote.close()
    },
  }
})

async function listen(http: Awaited<ReturnType<typeof createSocketFront>>['http'], { host, port }: Config): Promise<string> {
  try {
    // fastify's types do not know `reusePort`; it hands its options to Node's own `listen`.
    return await http.listen({ host, port, backlog: BACKLOG, reusePort: true } as { host: string; port: number })
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
    if (code === 'EADDRINUSE') throw new Fault('PORT_IN_USE', { host, port }, { cause })
    if (code === 'ENOTSUP' || code === 'EINVAL')
      throw new Fault('CONFIG_INVALID', { file: 'sockets', path: '', reason: 'this system cannot share a port among processes' }, { cause })
    throw cause
  }
}
