// `parley config check` and `parley config doc`.
import { join } from 'node:path'
import { configDoc, readConfig } from '../config.ts'
import { redisOptions } from '../drivers/jobs-redis.ts'
import { createLiquidTemplates } from '../drivers/templates.liquid.ts'
import { findEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { IN_FORCE, readConfigured, resolveEnsemble } from '../ensemble-store/resolve-ensemble.ts'
import { readPack } from '../pack-folder.ts'
import { choiceOf } from '../plugin-choice.ts'
import { loadPlugins } from '../plugin-host/load-plugin.ts'
import { findPluginStore } from '../plugin-store/open-plugin-store.ts'
import { PROJECT } from '../project.ts'
import { remoteVotersOf } from '../remote-voters/remote-voter.ts'

/** Faults: CONFIG_INVALID, PACK_INVALID, ENSEMBLE_INVALID, PLUGIN_INVALID, naming the file and the place. */
export async function checkConfig(): Promise<void> {
  const config = readConfig(process.env)
  const store = findPluginStore(config.data)
  const ensembles = findEnsembleStore(config.data)
  try {
    for (const shop of config.shops) {
      const pack = readPack(join(PROJECT.packs, shop.pack))
      createLiquidTemplates(pack)
      readConfigured(shop.ensemble)
      const ensemble = resolveEnsemble(IN_FORCE, shop, ensembles)
      const installed = store?.choices(shop.id) ?? []
      const shadows = store?.shadowChoices(shop.id) ?? []
      const { folders, settings, mesh } = choiceOf(shop, installed)
      const ids = shadows.map(({ id }) => id)
      for (const { faults } of [
        await loadPlugins(folders, settings, installed, ids, mesh),
        await loadPlugins([], id => settings[id] ?? {}, shadows, [], mesh),
      ])
        if (faults[0]) throw faults[0]
      const remote = remoteVotersOf(shop, config).map(({ voter }) => voter)
      console.log(
        `shop ${shop.id}: pack ${pack.id} with ${Object.keys(pack.actions).length} actions, ensemble ${ensemble.version}, plugins ${[...shop.plugins, ...installed.map(({ id }) => `${id} (installed)`)].join(', ')}${remote.length > 0 ? `, asked over the network ${remote.join(', ')}` : ''}`,
      )
    }
  } finally {
    await store?.close()
    await ensembles?.close()
  }
  if (config.jobs.driver === 'bullmq') {
    redisOptions(config.jobs.redis)
    console.log(`jobs: in the Redis at ${config.jobs.redis.url}, which \`parley doctor\` asks`)
  }
  console.log('The configuration is good.')
}

export function printConfigDoc(): void {
  process.stdout.write(configDoc())
}
