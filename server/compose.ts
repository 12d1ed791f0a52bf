// The composition root: the one place that knows which drivers are in force. Reads top to bottom as the order of the start.
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { SNAPSHOT_VERSION } from '@parley/core/conversation/stretch.ts'
import { createEngine, type Engine } from '@parley/core/engine.ts'
import { type Retention, type RetentionParts, startRetention } from '@parley/core/erasure/retention.ts'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { ConversationKey } from '@parley/core/ids.ts'
import { JOB_KINDS, webhookKind } from '@parley/core/jobs/kinds.ts'
import { fencedJobs } from '@parley/core/nodes/fenced.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { FanOut } from '@parley/core/ports/fan-out.ts'
import type { JobKind, JobPayload, Jobs } from '@parley/core/ports/jobs.ts'
import type { Snapshots } from '@parley/core/ports/snapshots.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import type { VoterPool } from '@parley/core/ports/voters.ts'
import type { Logger } from 'pino'
import { createSessionTokens } from './accounts/session-tokens.ts'
import { createSessions, DESK_COOKIE, STUDIO_COOKIE } from './accounts/sessions.ts'
import { articleChoices } from './article-choice.ts'
import { createBrain } from './brain.ts'
import { type Config, type ShopConfig, turnAwayMsOf } from './config.ts'
import { createConversations } from './conversations.ts'
import { countingReads } from './counting-reads.ts'
import { customerParts } from './customer-parts.ts'
import { systemClock } from './drivers/clock.system.ts'
import { isNoRoom } from './drivers/disk-room.ts'
import { openFileSnapshots } from './drivers/snapshots.files.ts'
import { ensemblesViewOf, openEnsembleDesk } from './ensemble-desk.ts'
import type { EnsembleKey } from './ensemble-store/ensemble-store.ts'
import { openEnsembleStore } from './ensemble-store/open-ensemble-store.ts'
import { createErasures } from './erasures.ts'
import { createApp } from './http/app.ts'
import { listen } from './http/listen.ts'
import { inForceOf } from './in-force.ts'
import { knowledgeDesk } from './knowledge-desk.ts'
import type { KnowledgeKey } from './knowledge-store/knowledge-store.ts'
import { openKnowledgeStore } from './knowledge-store/open-knowledge-store.ts'
import { createCorrections } from './label-store/corrections.ts'
import { createLabelStore, type LabelKey } from './label-store/label-store.ts'
import { serveLink } from './link/serve-link.ts'
import { createShopMeshes } from './mesh/shop-meshes.ts'
import { createMetrics, type Metrics } from './metrics.ts'
import { modelChoices } from './model-choice.ts'
import { openModelStore } from './model-store/open-model-store.ts'
import { modelsViewOf, remoteVotersViewOf } from './model-views.ts'
import { openJobs } from './open-jobs.ts'
import { openSecret } from './open-secret.ts'
import { livePhrases } from './phrases-in-force.ts'
import { choiceOf } from './plugin-choice.ts'
import { openPluginStore } from './plugin-store/open-plugin-store.ts'
import { pluginsOff, shadowsOf, viewOf } from './plugin-views.ts'
import { createReadiness } from './readiness.ts'
import { createShadowRunner } from './shadow/run-shadows.ts'
import { openSources, type Sources } from './sources.ts'
import { openStores } from './stores.ts'
import { openStudio } from './studio/studio.ts'
import { startTrainJobs } from './training/train-jobs.ts'
import { refuseUnfinishedMove } from './upkeep/move/moving.ts'
import { refuseUnfinishedRestore } from './upkeep/restore.ts'
import { watchNodes } from './watch-nodes.ts'
import { watchSnapshots } from './watch-snapshots.ts'
import { createOutbox } from './webhooks/outbox.ts'
import { send } from './webhooks/send.ts'
import { webhooksOf } from './webhooks/webhook.ts'
import { withOutbox } from './webhooks/with-outbox.ts'

export interface Server {
  readonly engine: Engine
  readonly url: string
  readonly shops: readonly string[]
  /** Turns that a crash had left and that are decided now. */
  readonly finished: Promise<number>
  /** Another process has taken this node's name, while this one stood still: it begins nothing any more, and is to be ended. Mostly never resolves. */
  readonly ousted: Promise<Fault>
  /** Reads ensembles, plugins and models again; what is wrong with one goes to the log and the metrics, and what was in force stays so. */
  reload(): void
  /** Is not ready any more, and serves on for as long as a balancer needs to notice. */
  turnAway(): Promise<void>
  /** Turns away, refuses new work, decides what is under way, tells the clients, closes the stores. */
  stop(): Promise<void>
}

/** Where the engine listens when socket processes stand before it. */
export interface EnginePaths {
  readonly link: string
  readonly http: string
}

/** What a test may put between two parts, to end the process there (test/e2e/crash-labels.ts). A server that serves has none. */
export interface Seams {
  vault(vault: Vault): Vault
  conversations(conversations: Conversations): Conversations
  sources(sources: Sources): Sources
  pools(pools: readonly VoterPool[]): readonly VoterPool[]
  fanOut(fanOut: FanOut): FanOut
  jobs(jobs: Jobs): Jobs
  snapshots(snapshots: Snapshots): Snapshots
  engine(engine: Engine): Engine
}

/**
 * With `paths` nothing but socket processes can reach it. `reread` reads the shops' settings again (CONFIG_INVALID); of these the plugins can be
 * changed while it serves. Faults: LOG_REFUSED, LOG_UNAVAILABLE, NODE_NAME_TAKEN, JOBS_NOT_SHARED, DATA_IN_USE, STORAGE_FULL, RESTORE_UNFINISHED, MOVE_UNFINISHED, PORT_IN_USE, and those of configuration, pack, ensemble and models.
 * What was opened by then is closed again.
 */
export async function startServer(
  config: Config,
  logger: Logger,
  paths?: EnginePaths,
  seams?: Seams,
  reread: () => readonly ShopConfig[] = () => config.shops,
): Promise<Server> {
  const opened: Closable[] = []
  const closeAll = async (): Promise<void> => {
    for (const part of opened.splice(0).reverse()) await part.close()
  }
  try {
    return await openServer(config, logger, paths, seams, reread, part => opened.push(part), closeAll)
  } catch (error) {
    await closeAll()
    throw isNoRoom(error) ? new Fault('STORAGE_FULL', { what: config.data, retryAfterMs: 0 }, { cause: error }) : error
  }
}

interface Closable {
  close(): Promise<void>
}

async function openServer(
  config: Config,
  logger: Logger,
  paths: EnginePaths | undefined,
  seams: Seams | undefined,
  reread: () => readonly ShopConfig[],
  keep: (part: Closable) => void,
  closeAll: () => Promise<void>,
): Promise<Server> {
  const webhooks = config.shops.flatMap(webhooksOf)
  refuseUnfinishedRestore(config.data)
  refuseUnfinishedMove(config.data)
  const secret = await openSecret(config)
  let report = (error: unknown): void =>
    isFault(error) ? logger.error({ code: error.code }, error.message) : logger.error({ err: error }, 'a bug')
  let metricsSoon: Metrics | undefined
  const watch = watchNodes(logger, () => metricsSoon)
  const { promise: ousted, resolve: oust } = Promise.withResolvers<Fault>()
  const readiness = createReadiness(systemClock)
  const stores = await openStores({
    config,
    secret,
    broke: error => report(error),
    nodesChanged(change) {
      watch.changed(change)
      readiness.changed(change)
    },
    catchingUp: watch.catchingUp,
    ousted: oust,
    keep,
  })
  const { log, accounts, webhookStore, nodes, copy } = stores
  const vault = seams?.vault(stores.vault) ?? stores.vault
  let engine: Engine | undefined
  const metrics = createMetrics(() => engine?.turnsUnderWay ?? 0, log.storeState)
  metricsSoon = metrics
  metrics.nodes(() => nodes.alive().length)
  metrics.copy(copy.behind)
  const files = await openFileSnapshots(join(config.data, 'snapshots'), SNAPSHOT_VERSION)
  const kept = createConversations(log, vault, {
    snapshots: seams?.snapshots(files) ?? files,
    observer: watchSnapshots(logger, metrics),
  })
  keep(kept)
  const counted = countingReads(kept, metrics)
  const broke = (error: unknown): void => {
    metrics.bug()
    logger.error({ err: error }, 'a bug')
  }
  const meshes = createShopMeshes(config, process.env, broke)
  keep(meshes)
  const opened = await openSources(config, logger, meshes)
  const sources = seams?.sources(opened) ?? opened
  const modelStore = openModelStore(config.data)
  keep(modelStore)
  const ensembleRecords = await stores.records<EnsembleKey>('ensembles')
  const ensembleStore = openEnsembleStore(config.data, ensembleRecords)
  keep(ensembleStore)
  const articleRecords = await stores.records<KnowledgeKey>('knowledge')
  const knowledgeStore = openKnowledgeStore(config, articleRecords)
  keep(knowledgeStore)
  const pluginStore = openPluginStore(config.data)
  keep(pluginStore)
  const pluginLog = pluginStore.keepLog(error => logger.error({ err: error }, 'the log of plugins could not be written'))
  keep(pluginLog)
  const comparisons = pluginStore.keepComparisons(error => logger.error({ err: error }, 'what shadows voted could not be written'))
  keep(comparisons)
  const labels = createLabelStore(await stores.records<LabelKey>('labels'))
  keep(labels)
  const installed = {
    choices: pluginStore.choices,
    shadowChoices: pluginStore.shadowChoices,
    observer: pluginLog.observer,
    models: modelStore,
    ensembles: ensembleStore,
    knowledge: knowledgeStore,
  }
  const brain = await createBrain(config, logger, sources, metrics, seams?.pools, installed)
  keep(brain)
  metrics.ensembles(() => ensemblesViewOf(config.shops, brain.ensembles))
  const failed = (fault: Fault): void => {
    metrics.fault(fault.code)
    logger.error({ code: fault.code }, fault.message)
  }
  const reloadPlugins = (): Promise<void> =>
    brain.plugins.change(() => {
      const read = new Map(reread().map(shop => [shop.id, shop]))
      return new Map(
        config.shops.map(shop => [
          shop.id,
          choiceOf(read.get(shop.id) ?? shop, pluginStore.choices(shop.id), pluginStore.shadowChoices(shop.id)),
        ]),
      )
    })
  const reloadModels = (): Promise<void> =>
    brain.models.change(() =>
      modelChoices(config.shops, modelStore, fault => {
        throw fault
      }),
    )
  const reloadKnowledge = (): Promise<void> =>
    brain.knowledge.change(() =>
      articleChoices(config.shops, knowledgeStore, brain.shippedArticles, fault => {
        throw fault
      }),
    )
  const fanOut = seams?.fanOut(stores.fanOut) ?? stores.fanOut
  const brokeOrFailed = (error: unknown): void => (isFault(error) ? failed(error) : broke(error))
  report = brokeOrFailed // counted from here on
  const reloadEnsembles = (): void => {
    try {
      brain.ensembles.reload()
      logger.info('the ensembles are read again')
    } catch (error) {
      brokeOrFailed(error)
    }
  }
  // What another node, or a command, has put in force for all of them.
  ensembleRecords.moved(keys => keys.some(([kind]) => kind === 'ensemble') && reloadEnsembles())
  articleRecords.moved(keys => keys.some(([kind]) => kind === 'shop') && reloadKnowledge().catch(brokeOrFailed))
  // Closed before what its handlers use.
  const findJobsAgain = (): void => {
    if (!engine) return // the start looks for all of them
    engine.findJobsAgain().catch(brokeOrFailed)
    outbox.start().catch(brokeOrFailed)
  }
  const queued = await openJobs({ config, secret, logger, metrics, broke: brokeOrFailed, lost: findJobsAgain })
  keep(queued)
  const jobs = fencedJobs(seams?.jobs(queued) ?? queued, nodes)
  const trainJobs = startTrainJobs({
    jobs,
    data: config.data,
    trained: (kind, version) => logger.info({ kind, version }, 'a model is trained: bin/parley models list'),
    broke: error => logger.error({ err: error }, 'a training has failed'),
  })
  const privateHosts = new Set(config.webhookHosts)
  const outbox = createOutbox({
    log,
    conversations: kept,
    jobs,
    store: webhookStore,
    nodes,
    clock: systemClock,
    webhooks,
    async send(hook, id, body, signal) {
      await nodes.held(signal)
      return send(hook, id, body, signal, { timeoutMs: config.deadlines.webhook, privateHosts })
    },
    told: delivery => {
      metrics.webhook(delivery)
      const { outcome, hook, type, status, error } = delivery
      if (outcome === 'given-up' || outcome === 'gone')
        logger.warn({ outcome, webhook: hook, type, status, error }, 'a webhook was not told')
    },
    broke: brokeOrFailed,
  })
  keep(outbox)
  const outgoing = withOutbox(counted, outbox)
  const conversations = seams?.conversations(outgoing) ?? outgoing
  const forget = async (key: ConversationKey): Promise<void> => {
    await kept.forget(key)
    await comparisons.forget(key.shop, key.conversation)
    await ensembles.forget(key.shop, key.conversation)
    await labels.forget(key.shop, key.conversation)
    await studio.forget(key.shop, key.conversation)
  }
  const erasures = createErasures(log, vault, forget, outbox.erased)
  const bare = createEngine({
    nodes,
    conversations,
    erasures,
    fanOut,
    jobs,
    stages: brain.stages,
    shop: id => brain.shops.get(id),
    limits: config.limits,
    observer: {
      decided(key, turn) {
        metrics.decided(key, turn)
        shadows.decided(key, turn)
        ensembles.decided(key, turn)
      },
      rated: metrics.rated,
      overdue: metrics.overdue,
      erased: metrics.erased,
      tookOver: watch.tookOver,
      failed: brokeOrFailed,
      broke: (_key, error) => brokeOrFailed(error),
    },
  })
  const shadows = createShadowRunner({
    shadows: brain.plugins.shadows,
    shop: id => brain.shops.get(id),
    stages: brain.stages,
    isStrained: () => bare.isStrained,
    comparisons: {
      forget: comparisons.forget,
      note(name, compared) {
        metrics.shadowTurns.inc({ plugin: name.plugin, outcome: compared.outcome })
        comparisons.note(name, compared)
      },
    },
    isErased: erasures.isErased,
    broke: brokeOrFailed,
  })
  keep(shadows)
  const ensembles = openEnsembleDesk({
    shops: config.shops,
    store: ensembleStore,
    brain,
    conversations,
    erasures,
    isStrained: () => bare.isStrained,
    compared: (shop, outcome) => metrics.ensembleShadowTurns.inc({ shop, outcome }),
    broke: brokeOrFailed,
  })
  keep(ensembles)
  const studio = await openStudio({
    config,
    shop: id => brain.shops.get(id)!, // it is of the settings
    ensembleStore,
    ensembles: ensembles.routes,
    labels,
    log: { conversations, erasures, isStrained: () => bare.isStrained },
    erasures,
    now: systemClock.now,
    reported: state => metrics.studioReports.inc({ state }),
    broke: brokeOrFailed,
  })
  keep(studio)
  engine = seams?.engine(bare) ?? bare
  brain.plugins.ready.then(readiness.loaded, broke)
  const told = inForceOf(config, brain)
  nodes.report(() => ({ turns: bare.turnsUnderWay, upTo: copy.places(), inForce: told() }))
  let turningAway: Promise<void> | undefined
  const turnAway = (): Promise<void> => {
    readiness.leaving()
    nodes.tell({ state: 'leaving' })
    turningAway ??= pause(turnAwayMsOf(config))
    return turningAway
  }
  const app = await createApp({
    ...customerParts(config, secret),
    engine,
    isErased: engine.isErased,
    fanOut,
    epoch: conversations.epoch,
    meshes,
    aboutShop: id => {
      const shop = config.shops.find(each => each.id === id)
      return { name: shop?.name || id, locale: shop?.locale ?? 'en' }
    },
    conversations,
    jobs,
    webhooks,
    webhookStore,
    outbox,
    jobKinds: new Map([...JOB_KINDS, ...webhooks.map(({ id }) => webhookKind(id))].map(kind => [kind.name, kind as JobKind<JobPayload>])), // a kept payload is of its kind, and its handler looks again
    erasures,
    pluginsView: () => viewOf(brain),
    pluginsOff: shop => pluginsOff(brain, shop),
    corrections: createCorrections({ conversations, erasures, labels, clock: systemClock, shop: id => brain.shops.get(id) }),
    async shadowsView() {
      await shadows.settled()
      await comparisons.flush()
      return shadowsOf(brain)
    },
    reloadPlugins,
    modelsView: () => modelsViewOf(brain),
    phrases: livePhrases(brain, modelStore.phrases, config.shops),
    remoteVotersView: () => remoteVotersViewOf(brain),
    reloadModels,
    ensembles: ensembles.routes,
    studio: studio.of,
    knowledge: knowledgeDesk(config, knowledgeStore, brain, reloadKnowledge),
    train: trainJobs.add,
    labels,
    operatorKey: secret.keyFor('operator').toString('hex'),
    deskSessions: createSessions({
      accounts,
      tokens: createSessionTokens(secret.keyFor('desk-sessions'), 'desk'),
      hasShop: id => brain.shops.has(id),
      page: '/desk',
      cookie: DESK_COOKIE,
    }),
    studioSessions: createSessions({
      accounts,
      tokens: createSessionTokens(secret.keyFor('studio-sessions'), 'studio'),
      hasShop: id => brain.shops.has(id),
      page: '/studio',
      cookie: STUDIO_COOKIE,
    }),
    signInsPerMinute: config.limits.signInsPerMinute,
    isBehindSockets: paths !== undefined,
    logger,
    metrics,
    notReady: () => readiness.missing(copy.behind()),
    lostStreams: () => ('lostStreams' in log ? log.lostStreams() : []),
    onFault: metrics.fault,
    onBug: broke,
  })
  keep({ close: async () => void (await app.http.close()) })
  if (paths) keep(await serveLink(paths.link, { engine, fanOut, onReport: metrics.reported, onBug: broke }))
  const url = await listen(app.http, config, paths?.http)
  vault.follow(engine.erasedElsewhere)
  nodes.tell({ url, state: 'serving' })
  nodes.onChange(() => outbox.takeOver().catch(brokeOrFailed))
  const finished = engine.finishUnsettled()
  let isStopping = false
  let retention: Retention | undefined
  finished.then(() => {
    if (!isStopping)
      retention = keepNoLonger(config, {
        erasures,
        eraseOld: engine.eraseOld,
        isOurs: () => [...nodes.takers()].sort()[0] === nodes.self,
        broke,
      })
  }, broke)
  outbox.start().catch(brokeOrFailed)
  return {
    engine,
    url,
    shops: [...brain.shops.keys()],
    finished,
    reload() {
      reloadEnsembles()
      reloadPlugins().then(() => logger.info({ plugins: viewOf(brain) }, 'the plugins are read again'), brokeOrFailed)
      reloadKnowledge().then(() => logger.info('the articles are read again'), brokeOrFailed)
      try {
        brain.phrases.reload()
      } catch (error) {
        brokeOrFailed(error)
      }
      reloadModels().then(() => logger.info({ models: modelsViewOf(brain) }, 'the models are read again'), brokeOrFailed)
    },
    ousted,
    turnAway,
    async stop() {
      await turnAway()
      isStopping = true
      await retention?.stop()
      await engine.drain()
      await nodes.close() // what is left is another's from now on
      app.leave()
      await closeAll()
    },
  }
}

/** Undefined where every shop keeps everything. */
function keepNoLonger({ shops }: Config, parts: Pick<RetentionParts, 'erasures' | 'eraseOld' | 'isOurs' | 'broke'>): Retention | undefined {
  const days = new Map(shops.map(shop => [shop.id, shop.retentionDays]))
  if (shops.every(({ retentionDays }) => retentionDays === 0)) return undefined
  return startRetention({ ...parts, clock: systemClock, daysOf: shop => days.get(shop) ?? 0 })
}
