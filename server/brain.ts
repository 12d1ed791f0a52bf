import { join } from 'node:path'
import { handoverCost, hourIn } from '@parley/core/handoff/handover-cost.ts'
import { asShopId } from '@parley/core/ids.ts'
import type { Pack } from '@parley/core/pack/pack.ts'
import type { Stages } from '@parley/core/pipeline/pipeline.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Risks } from '@parley/core/ports/risks.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import { readLearnedPhrases } from '@parley/models/keyword/learned-phrases.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import type { Logger } from 'pino'
import { articleChoices } from './article-choice.ts'
import { openArticleMeanings } from './article-meanings.ts'
import type { Config, ShopConfig } from './config.ts'
import { systemClock } from './drivers/clock.system.ts'
import { withPluginEffects } from './drivers/effects.plugins.ts'
import { createPhraseRisks } from './drivers/risks.phrases.ts'
import { createLiquidTemplates } from './drivers/templates.liquid.ts'
import { createModelVoters } from './drivers/voters.models.ts'
import { createRemoteVoter, type RemoteVoterPool } from './drivers/voters.remote.ts'
import { type EnsemblesInForce, putEnsemblesInForce } from './ensemble-in-force.ts'
import type { EnsembleStore } from './ensemble-store/ensemble-store.ts'
import { type KnowledgeInForce, putKnowledgeInForce } from './knowledge-in-force.ts'
import type { KnowledgeStore } from './knowledge-store/knowledge-store.ts'
import { shippedArticles } from './knowledge-store/shipped-articles.ts'
import type { Metrics } from './metrics.ts'
import { modelChoices } from './model-choice.ts'
import type { ModelStore } from './model-store/model-store.ts'
import { type ModelsInForce, putModelsInForce } from './models-in-force.ts'
import { readPack } from './pack-folder.ts'
import { type PhrasesInForce, putPhrasesInForce } from './phrases-in-force.ts'
import { choiceOf } from './plugin-choice.ts'
import { type PluginObserver, together } from './plugin-host/observer.ts'
import type { PluginStore } from './plugin-store/plugin-store.ts'
import { type PluginsInForce, putPluginsInForce } from './plugins-in-force.ts'
import { PROJECT } from './project.ts'
import { remoteVotersOf } from './remote-voters/remote-voter.ts'
import { noSources, type Sources } from './sources.ts'
import { watchPlugins, watchShadows } from './watch-plugins.ts'
import { watchRemoteVoter } from './watch-remote-voters.ts'

/** What works a turn out, without a log: `parley ask` needs no more. */
export interface Brain {
  readonly shops: ReadonlyMap<string, Shop>
  readonly stages: Stages
  readonly plugins: PluginsInForce
  readonly models: ModelsInForce
  readonly phrases: PhrasesInForce
  /** By shop; most have none. */
  readonly remoteVoters: ReadonlyMap<string, readonly RemoteVoterPool[]>
  readonly knowledge: KnowledgeInForce
  /** The articles that came with a shop. */
  readonly shippedArticles: (shop: string) => readonly Article[]
  readonly ensembles: EnsemblesInForce
  close(): Promise<void>
}

/** What is installed in which shop, and who hears of plugins beside log and metrics. */
export interface Installations extends Pick<PluginStore, 'choices'>, Partial<Pick<PluginStore, 'shadowChoices'>> {
  readonly observer?: PluginObserver
  /** Without it every shop has the ensemble that its settings name. */
  readonly ensembles?: Pick<EnsembleStore, 'standing' | 'read'>
  /** Without it every shop has the shipped models. */
  readonly models?: Pick<ModelStore, 'folderOf' | 'phrases'>
  /** Without it every shop has the articles that came with it. */
  readonly knowledge?: Pick<KnowledgeStore, 'changedArticlesOf'>
}

/** Shops that name the same pack, ensemble or plugins share them. `through`: what stands between the pools and the turns. */
export async function createBrain(
  config: Config,
  logger: Logger,
  sources: Sources = noSources,
  metrics?: Metrics,
  through: (pools: readonly VoterPool[]) => readonly VoterPool[] = pools => pools,
  installed: Installations = { choices: () => [] },
): Promise<Brain> {
  const packs = memo((name: string) => readPack(join(PROJECT.packs, name)))
  const ensembles = putEnsemblesInForce(config.shops, installed.ensembles, (shop, fault) => {
    logger.error({ code: fault.code, shop }, `${fault.message}; what the shop's settings name decides in its place`)
    metrics?.fault(fault.code)
  })
  const phrases = putPhrasesInForce(
    config.shops,
    pack => packs.get(pack).phrases,
    readLearnedPhrases(PROJECT.models),
    installed.models?.phrases,
  )
  const risks = memo((pack: string) => createPhraseRisks(packs.get(pack).risks))
  const remoteVoters = new Map(
    config.shops.map(shop => {
      const watch = (voter: string) => watchRemoteVoter(shop.id, voter, logger, metrics)
      const pack = packs.get(shop.pack)
      return [shop.id, remoteVotersOf(shop, config).map(each => createRemoteVoter(each, { pack, observer: watch(each.voter) }))] as const
    }),
  )
  const shops = config.shops.map(shop => {
    const pools: Shop['pools'] = () => {
      const articles = knowledge.poolOf(shop.id)
      return through([
        phrases.of(shop.id),
        models.of(shop.id),
        ...(articles ? [articles] : []),
        plugins.of(shop.id).pool,
        ...(remoteVoters.get(shop.id) ?? []),
      ])
    }
    return createShop(shop, packs.get(shop.pack), risks.get(shop.pack), pools, conversation => ensembles.of(shop.id, conversation))
  })
  const shipped = shippedArticles(config.shops, packs.get)
  const meanings = await openArticleMeanings(config, {
    broken(shop, fault) {
      logger.error({ code: fault.code, shop }, `${fault.message}; its articles are searched by sub-words`)
      metrics?.fault(fault.code)
    },
    onFailure: error => logger.error({ err: error }, 'the thread of an encoder failed; its turns go on without it'),
  })
  const shelving = putKnowledgeInForce(
    articleChoices(config.shops, installed.knowledge, shipped, fault => {
      logger.error({ code: fault.code }, `${fault.message}; a shop answers without its articles`)
      metrics?.fault(fault.code)
    }),
    meanings.of,
  )
  shelving.catch(() => {}) // it is waited for when the models, which load on other threads, stand ready
  const models = await putModelsInForce(
    await modelChoices(config.shops, installed.models, fault => {
      logger.error({ code: fault.code }, `${fault.message}; the shipped model votes in its place`)
      metrics?.fault(fault.code)
    }),
    folders =>
      createModelVoters({
        folders,
        threads: config.modelThreads,
        clauses: config.clauseVoters,
        onFailure: error => logger.error({ err: error }, 'a model thread failed; its turns go on without it'),
      }),
  )
  const knowledge = await shelving
  const chosen = config.shops.map(
    shop => [shop.id, choiceOf(shop, installed.choices(shop.id), installed.shadowChoices?.(shop.id))] as const,
  )
  const plugins = await putPluginsInForce(new Map(chosen), {
    observer: together(watchPlugins(logger, metrics), installed.observer ?? {}),
    shadowObserver: watchShadows(logger),
    clock: systemClock,
    timeoutMs: config.deadlines.plugin,
  })
  const byId: ReadonlyMap<string, Shop> = new Map(shops.map(shop => [shop.id, shop]))
  return {
    shops: byId,
    stages: {
      mesh: sources.mesh,
      effects: withPluginEffects(sources.effects, sources.graph, shop => (byId.has(shop) ? plugins.of(shop).effects : undefined)),
      graph: sources.graph,
      clock: systemClock,
      deadlines: config.deadlines,
    },
    plugins,
    models,
    phrases,
    remoteVoters,
    knowledge,
    shippedArticles: shipped,
    ensembles,
    close: async () =>
      void (await Promise.all([models, plugins, phrases, meanings, ...[...remoteVoters.values()].flat()].map(part => part.close()))),
  }
}

function memo<T>(make: (name: string) => T): { get(name: string): T } {
  const kept = new Map<string, T>()
  return {
    get(name) {
      if (!kept.has(name)) kept.set(name, make(name))
      return kept.get(name)! // set in the line above
    },
  }
}

function createShop(config: ShopConfig, pack: Pack, risks: Risks, pools: Shop['pools'], ensemble: Shop['ensemble']): Shop {
  const actions = Object.entries(pack.actions)
  const { handoff, ...costs } = config.costs
  const agent = typeof handoff === 'number' ? undefined : handoff
  const about = { name: config.name, phone: config.phone, hours: config.hours, emergencyPhone: config.emergencyPhone }
  return {
    id: asShopId(config.id),
    actions: pack.actions,
    slots: pack.slots,
    risks,
    situation: {
      domain: actions.map(([action]) => action),
      alwaysPerson: actions.flatMap(([action, entry]) => (entry.alwaysPerson ? [action] : [])),
      costs: {
        ...costs,
        handoff: typeof handoff === 'number' ? handoff : handoverCost(handoff, { hour: null, waiting: 0 }),
        severity: Object.fromEntries(actions.map(([action, entry]) => [action, entry.severity])),
      },
    },
    ...(agent && { handover: { costs: agent, hourOf: hourIn(config.timeZone) } }),
    templates: createLiquidTemplates(pack),
    pools,
    ensemble,
    // Liquid takes an empty text for true; a setting that is not made is left out.
    about: Object.fromEntries(Object.entries(about).filter(([, value]) => value !== '')),
    defaultLocale: config.locale,
    slaMs: config.slaMinutes * 60_000,
    packVersion: pack.id,
  }
}
