// Plugins' troubles, told to the log and the metrics.
import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'
import type { PluginObserver } from './plugin-host/observer.ts'

export function watchPlugins(logger: Logger, metrics?: Metrics): PluginObserver {
  return {
    onInvalid: fault => logger.error({ code: fault.code }, fault.message),
    onHostDeath({ runtime, reason, plugin, detail }) {
      logger.warn({ runtime, reason, plugin, detail }, 'a plugin host has died')
      metrics?.pluginHostDeaths.inc({ runtime, reason })
    },
    onPluginOff({ plugin, reason, forMs }) {
      logger.warn({ plugin, reason, forMs }, 'a plugin is off for a while')
      metrics?.pluginOff.inc({ plugin, reason })
    },
    onPluginBack: ({ plugin }) => logger.info({ plugin }, 'a plugin is back'),
    onBallot(_ballot, fault) {
      if (fault) metrics?.fault(fault.code)
    },
    // Not which: a plugin can make the name of what a customer wrote.
    onVoteDropped: ({ plugin }) => logger.warn({ plugin }, 'a vote for an action that the manifest does not list was dropped'),
  }
}
