// What is told of the plugins of each shop: to the operator which vote and which run in shadow, to a supervisor which are off.
import type { PluginOff } from '@parley/core/protocol/desk-message.ts'
import type { Brain } from './brain.ts'
import type { PluginsView } from './http/operator-plugins.ts'

export const viewOf = ({ shops, plugins }: Brain): PluginsView =>
  Object.fromEntries(
    [...shops.keys()].map(shop => {
      const voters = plugins.of(shop)
      const views = voters.plugins.map(({ manifest, version }) => {
        const off = voters.off(manifest.id)
        return { plugin: manifest.id, version, ...(off === undefined ? {} : { off }) }
      })
      return [shop, views]
    }),
  )

export const pluginsOff = ({ plugins }: Brain, shop: string): readonly PluginOff[] => {
  const voters = plugins.of(shop)
  return [
    ...voters.unusable().map(({ details }): PluginOff => ({ plugin: details.plugin, why: 'unusable' })),
    ...voters.plugins.flatMap(({ manifest: { id: plugin } }): readonly PluginOff[] => {
      const why = voters.off(plugin)
      return why === 'host-deaths' || why === 'timeouts' ? [{ plugin, why }] : []
    }),
  ]
}

export const shadowsOf = ({ shops, plugins }: Brain): PluginsView =>
  Object.fromEntries(
    [...shops.keys()].map(shop => {
      const views = plugins.shadows(shop).map(({ plugin, voters }) => {
        const [running] = voters.plugins
        const off = running ? voters.off(plugin) : (voters.unusable()[0]?.message ?? 'its publisher is not trusted')
        return { plugin, version: running?.version ?? '', ...(off === undefined ? {} : { off }) }
      })
      return [shop, views]
    }),
  )
