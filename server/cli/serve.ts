// `parley serve`: the engine with its sockets in one process, or with `--sockets` in processes of their own, until it is told to stop. SIGHUP reads
// ensembles and plugins again.
import type { Fault } from '@parley/core/faults.ts'
import type { Logger } from 'pino'
import { type Config, readConfig, type ShopConfig, turnAwayMsOf } from '../config.ts'
import { DEMO_SHOP } from '../http/demo.ts'
import { createLogger } from '../logger.ts'

/** Longest that a stop may take once nobody is sent here any more; what is not decided by then is decided after the next start. */
const STOP_MS = 4_500

/** What is being served, in whichever processes. */
interface Serving {
  readonly url: string
  reload(): void
  stop(): Promise<void>
}

export async function serve(overrides: Partial<Pick<Config, 'host' | 'port' | 'sockets'>>): Promise<void> {
  const config = readConfig(process.env, overrides)
  const logger = createLogger(config.logLevel)
  const serving = await (config.sockets > 0
    ? serveInProcesses(config, logger)
    : serveInOne(config, logger, () => readConfig(process.env, overrides).shops))
  const stop = async (signal: string): Promise<void> => {
    process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
    // A second Ctrl-C and a stop that hangs both end the process at once; the log loses nothing by it.
    process.once('SIGINT', () => process.exit(130))
    setTimeout(() => process.exit(1), turnAwayMsOf(config) + STOP_MS).unref()
    logger.info({ signal }, 'stopping')
    await serving.stop()
    process.stdout.write('\nStopped.\n')
    process.exit(0)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  process.on('SIGHUP', () => serving.reload())
  process.stdout.write(`
Parley is ready. Shop: ${config.shops.map(shop => shop.id).join(', ')}

  widget   ${serving.url}/
${config.shops.some(shop => shop.id === DEMO_SHOP) ? `  demo     ${serving.url}/demo\n` : ''}  desk     ${serving.url}/desk      for people who take over: bin/parley agent add NAME
  studio   ${serving.url}/studio    for data teams: bin/parley agent add NAME --role data
${config.shops.some(shop => shop.mesh !== 'none') ? `  graphql  ${serving.url}/graphql   for developers: the shop's systems, asked from a page\n` : ''}  health   ${serving.url}/readyz
  metrics  ${serving.url}/metrics
  data     ${config.data}

Ctrl-C stops it. In another terminal: bin/parley chat
`)
}

// Each loads what it needs: a supervisor has no use for models and a store.

async function serveInOne(config: Config, logger: Logger, reread: () => readonly ShopConfig[]): Promise<Serving> {
  const { startServer } = await import('../compose.ts')
  const server = await startServer(config, logger, undefined, undefined, reread)
  server.ousted.then(fault => endOusted(fault, logger))
  server.finished.then(turns => {
    if (turns > 0) logger.info({ turns }, 'turns of before the restart are decided')
  })
  return server
}

/** The log loses nothing by it, and clients come again at another node. */
export function endOusted({ code, message }: Fault, logger: Logger): never {
  logger.fatal({ code }, message)
  process.exit(1)
}

async function serveInProcesses(config: Config, logger: Logger): Promise<Serving> {
  const [{ supervise }, { makeEnginePaths }] = await Promise.all([import('../processes/supervise.ts'), import('../link/paths.ts')])
  const { paths, remove } = makeEnginePaths(config.data)
  try {
    const supervised = await supervise(config, logger, paths)
    return {
      ...supervised,
      async stop() {
        await supervised.stop()
        remove()
      },
    }
  } catch (error) {
    remove()
    throw error
  }
}
