// What this node works with, by names that are the same on all nodes, each with a short mark: nodes that share a log answer alike only if these are alike, and
// most of it lies in each node's own data folder. Nobody is told what is in it.
import { createHash } from 'node:crypto'
import type { Brain } from './brain.ts'
import type { Config } from './config.ts'
import { ensemblesViewOf } from './ensemble-desk.ts'
import { modelsViewOf } from './model-views.ts'
import { viewOf } from './plugin-views.ts'

/** Settings that nodes may well have each of their own. */
const OWN = ['host', 'port', 'data', 'sockets', 'logLevel', 'hub', 'offline', 'trustProxy', 'turnAwayMs', 'modelThreads']

export function inForceOf(config: Config, brain: Brain): () => Readonly<Record<string, string>> {
  const settings = markOf(Object.entries(config).filter(([name]) => !OWN.includes(name)))
  return () => {
    const ensembles = ensemblesViewOf(config.shops, brain.ensembles)
    const [models, plugins] = [modelsViewOf(brain), viewOf(brain)]
    const shops = config.shops.flatMap(({ id }) => {
      const { inForce, canary } = ensembles[id]! // of each shop
      return [
        [`ensemble of ${id}`, canary ? `${inForce}, canary ${canary.version} ${canary.share}` : inForce],
        [`models of ${id}`, markOf(Object.entries(models[id] ?? {}).sort())],
        [`plugins of ${id}`, markOf((plugins[id] ?? []).map(({ plugin, version }) => [plugin, version]).sort())],
        [`articles of ${id}`, brain.knowledge.contentOf(id).slice(0, 8)],
      ]
    })
    return Object.fromEntries([['settings', settings], ...shops])
  }
}

const markOf = (what: unknown): string => createHash('sha256').update(JSON.stringify(what)).digest('hex').slice(0, 8)
