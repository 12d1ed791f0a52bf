// What commands that judge an ensemble begin with: the shop with all who vote in it, without the server and its orders.
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { type Brain, createBrain } from '../brain.ts'
import type { Config, ShopConfig } from '../config.ts'
import { findEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { findKnowledgeStore } from '../knowledge-store/open-knowledge-store.ts'
import { createLogger } from '../logger.ts'
import { findModelStore } from '../model-store/open-model-store.ts'
import { findPluginStore } from '../plugin-store/open-plugin-store.ts'
import { noSources } from '../sources.ts'

/** Nobody waits here but for the whole answer: every voter is heard, however long it takes. */
const PATIENCE_MS = 10_000

/** `settings` are of a shop of `config`. What is opened for `work` is closed when it ends. Faults: those of packs, plugins, models and ensembles. */
export async function withVoters<T>(
  config: Config,
  settings: ShopConfig,
  work: (shop: Shop, stages: Brain['stages']) => Promise<T>,
): Promise<T> {
  const deadlines = { ...config.deadlines, voters: PATIENCE_MS, plugin: PATIENCE_MS }
  const [plugins, models] = [findPluginStore(config.data), findModelStore(config.data)]
  const [knowledge, ensembles] = [findKnowledgeStore(config), findEnsembleStore(config.data)]
  const installed = {
    choices: plugins?.choices ?? (() => []),
    ...(models && { models }),
    ...(knowledge && { knowledge }),
    ...(ensembles && { ensembles }),
  }
  try {
    const alone = { ...config, deadlines, shops: [settings] }
    const brain = await createBrain(alone, createLogger('error'), noSources, undefined, undefined, installed)
    try {
      await brain.plugins.ready
      return await work(brain.shops.get(settings.id)!, brain.stages) // its only shop
    } finally {
      await brain.close()
    }
  } finally {
    for (const store of [plugins, models, knowledge, ensembles]) await store?.close()
  }
}
