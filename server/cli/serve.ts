// `parley serve`: the engine with its sockets in one process, until it is told to stop. SIGHUP reads the ensembles again.

import { createLogger, startServer } from '../compose.ts'
import { type Config, readConfig } from '../config.ts'
import { DEMO_SHOP } from '../http/demo.ts'

/** Longest that a stop may take; what is not decided by then is decided after the next start. */
const STOP_MS = 4_500

export async function serve(overrides: Partial<Pick<Config, 'host' | 'port'>>): Promise<void> {
  const config = readConfig(process.env, overrides)
  const logger = createLogger(config.logLevel)
  const server = await startServer(config, logger)
  const stop = async (signal: string): Promise<void> => {
    process.removeAllListeners('SIGINT').removeAllListeners('SIGTERM')
    // A second Ctrl-C and a stop that hangs both end the process at once; the log loses nothing by it.
    process.once('SIGINT', () => process.exit(130))
    setTimeout(() => process.exit(1), STOP_MS).unref()
    logger.info({ signal }, 'stopping')
    await server.stop()
    process.stdout.write('\nStopped.\n')
    process.exit(0)
  }
  process.once('SIGINT', stop).once('SIGTERM', stop)
  process.on('SIGHUP', () => server.reload())
  process.stdout.write(`
Parley is ready. Shop: ${server.shops.join(', ')}

  widget   ${server.url}/
${server.shops.includes(DEMO_SHOP) ? `  demo     ${server.url}/demo\n` : ''}  desk     ${server.url}/desk      for people who take over: bin/parley agent add NAME
  health   ${server.url}/readyz
  metrics  ${server.url}/metrics
  data     ${config.data}

Ctrl-C stops it. In another terminal: bin/parley chat
`)
  const finished = await server.finished
  if (finished > 0) logger.info({ turns: finished }, 'turns of before the restart are decided')
}
