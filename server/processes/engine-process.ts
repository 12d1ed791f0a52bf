// The engine as a process of its own, behind socket processes.

import { endOusted } from '../cli/serve.ts'
import { startServer } from '../compose.ts'
import { readConfig } from '../config.ts'
import { createLogger } from '../logger.ts'
import { runChild } from './child.ts'

runChild(async ({ config, paths }) => {
  const logger = createLogger(config.logLevel)
  const server = await startServer(config, logger, paths, undefined, () => readConfig(process.env).shops)
  server.ousted.then(fault => endOusted(fault, logger))
  server.finished.then(turns => {
    if (turns > 0) logger.info({ turns }, 'turns of before the restart are decided')
  })
  return { url: server.url, reload: server.reload, turnAway: server.turnAway, drain: () => server.engine.drain(), end: () => server.stop() }
})
