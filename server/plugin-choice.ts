import { join, resolve } from 'node:path'
import type { ShopConfig } from './config.ts'
import { meshFile } from './mesh/mesh-file.ts'
import type { PluginSettings } from './plugin-host/load-plugin.ts'
import type { InstalledChoice, ShadowChoice } from './plugin-store/installed.ts'
import { PROJECT } from './project.ts'

/** Which plugins a shop has and how they are set, as plain data: shops that choose alike share their hosts. */
export interface PluginChoice {
  readonly folders: readonly string[]
  readonly settings: PluginSettings
  readonly installed?: readonly InstalledChoice[]
  /** Versions that vote and do not count. */
  readonly shadows?: readonly ShadowChoice[]
  /** Ids of those that share their host with no other. */
  readonly ownHosts?: readonly string[]
  /** File of the shop's mesh; none where it has no systems. */
  readonly mesh?: string
}

/** A bare name is a folder of plugins/, anything else a path. */
export const choiceOf = (
  { plugins, pluginSettings, ownHosts, mesh }: Pick<ShopConfig, 'plugins' | 'pluginSettings' | 'ownHosts' | 'mesh'>,
  installed: readonly InstalledChoice[],
  shadows: readonly ShadowChoice[] = [],
): PluginChoice => ({
  ...(mesh !== 'none' && { mesh: meshFile(mesh) }),
  folders: plugins.map(name => (/^[a-z0-9-]+$/.test(name) ? join(PROJECT.plugins, name) : resolve(name))),
  settings: pluginSettings,
  installed,
  shadows,
  ownHosts,
})
