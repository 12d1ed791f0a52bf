// The plugins in force, for the operator of this machine: which vote in which shop, which run in shadow, and to read them again.
import type { FastifyInstance } from 'fastify'
import { operatorGate } from './operator-gate.ts'

export interface PluginInForce {
  readonly plugin: string
  /** Manifest's version, hash of what runs and of its settings: what a decision records of its vote. */
  readonly version: string
  /** Why it is not asked now; absent when it is. */
  readonly off?: string
}

/** By shop. */
export type PluginsView = Readonly<Record<string, readonly PluginInForce[]>>

export interface PluginRouteParts {
  /** Those in force now. */
  readonly pluginsView: () => PluginsView
  /** Those that run in shadow now, when what they have voted so far is written. */
  readonly shadowsView: () => Promise<PluginsView>
  /** Reads parley.yaml and the plugins again and puts them in force. Faults: CONFIG_INVALID and those of a change; then nothing has changed. */
  readonly reloadPlugins: () => Promise<void>
  readonly operatorKey: string
}

export function registerPluginRoutes(
  http: FastifyInstance,
  { pluginsView, shadowsView, reloadPlugins, operatorKey }: PluginRouteParts,
): void {
  const admit = operatorGate(operatorKey)

  http.get('/v1/operator/plugins', async request => {
    admit(request)
    return pluginsView()
  })
  http.get('/v1/operator/plugins/shadows', async request => {
    admit(request)
    return shadowsView()
  })
  http.post('/v1/operator/plugins/reload', async request => {
    admit(request)
    await reloadPlugins()
    return pluginsView()
  })
}
