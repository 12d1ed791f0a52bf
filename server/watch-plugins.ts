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

/** Shadows' troubles cost nobody a vote: the log has them, the metrics of what counts do not. */
export const watchShadows = (logger: Logger): PluginObserver => ({
  onInvalid: fault => logger.warn({ code: fault.code }, `a shadow cannot be used: ${fault.message}`),
  onHostDeath: ({ runtime, reason, plugin, detail }) => logger.warn({ runtime, reason, plugin, detail }, 'the host of a shadow has died'),
  onPluginOff: ({ plugin, reason, forMs }) => logger.warn({ plugin, reason, forMs }, 'a shadow is off for a while'),
  onPluginBack: ({ plugin }) => logger.info({ plugin }, 'a shadow is back'),
})
