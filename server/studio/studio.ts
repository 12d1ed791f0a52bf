// What stands behind the pages of /studio, by shop: everything that a data team can see and do.

import type { Shop } from '@parley/core/pipeline/shop.ts'
import type { Erasures } from '@parley/core/ports/erasures.ts'
import type { ReportState, ShopView } from '@parley/core/protocol/studio.ts'
import type { Config } from '../config.ts'
import type { EnsembleStore } from '../ensemble-store/ensemble-store.ts'
import { nameOfVoters } from '../evaluation/evaluate-ensemble.ts'
import type { EnsembleRouteParts } from '../http/operator-ensembles.ts'
import type { LabelStore } from '../label-store/label-store.ts'
import { releaseHere } from '../project.ts'
import type { LogParts } from '../read-log.ts'
import { type Drift, openDrift } from './drift.ts'
import { type StudioEnsembles, studioEnsembles } from './ensembles.ts'
import { type LabelQueue, openLabelQueue } from './label-queue.ts'
import { openReports, type Reports } from './reports.ts'
import { rowsOf } from './rows-of.ts'
import { openSets, type Sets } from './sets.ts'
import { openTrials, type Trials } from './trials.ts'

export interface StudioShop {
  view(): ShopView
  readonly ensembles: StudioEnsembles
  readonly sets: Sets
  readonly reports: Reports
  readonly trials: Trials
  readonly labels: LabelQueue
  readonly drift: Drift
}

export interface StudioParts {
  readonly config: Config
  readonly shop: (id: string) => Shop
  readonly ensembleStore: EnsembleStore
  readonly ensembles: EnsembleRouteParts['ensembles']
  readonly labels: LabelStore
  readonly log: LogParts
  readonly erasures: Pick<Erasures, 'isErased'>
  readonly now: () => number
  /** A report has ended so. */
  readonly reported: (state: ReportState['state']) => void
  readonly broke: (error: unknown) => void
}

export interface Studio {
  readonly of: (shop: string) => StudioShop
  /** Nothing here tells of the conversation any more when it resolves. */
  forget(shop: string, conversation: string): Promise<void>
  /** What is under way in the background is broken off. */
  close(): Promise<void>
}

export async function openStudio(parts: StudioParts): Promise<Studio> {
  const { config, labels, now } = parts
  const { data } = config
  let last: Promise<void> = Promise.resolve()
  const oneAtATime = (work: () => Promise<void>): Promise<void> => {
    const mine = last.then(work)
    last = mine.catch(() => {}) // whoever waits for it hears of it
    return mine
  }
  const opened = new Map<string, StudioShop>()
  for (const settings of config.shops) {
    const { id } = settings
    const shop = parts.shop(id)
    const actions = new Set(Object.keys(shop.actions))
    const sets = await openSets({ data, shop: id, actions, labels, now, broke: parts.broke })
    const ensembles = studioEnsembles({ shop: settings, store: parts.ensembleStore, ensembles: parts.ensembles })
    const rows = rowsOf(id, sets, labels, parts.log)
    const reports = await openReports({
      config,
      shop: id,
      sets,
      labels,
      resolve: ensembles.resolve,
      rowsOf: rows,
      log: parts.log,
      now,
      oneAtATime,
      ended: parts.reported,
      broke: parts.broke,
    })
    const trials = openTrials({
      config,
      shop: id,
      resolve: ensembles.resolve,
      setView: sets.view,
      rowsOf: rows,
      voters: () => nameOfVoters(parts.shop(id)),
      now,
      broke: parts.broke,
    })
    const drift = await openDrift({ data, shop: id, timeZone: settings.timeZone, log: parts.log, labels, now, broke: parts.broke })
    const queue = openLabelQueue({
      shop: id,
      shopNow: () => parts.shop(id),
      log: parts.log,
      erasures: parts.erasures,
      labels,
      now,
      broke: parts.broke,
    })
    opened.set(id, { view: () => viewOf(parts.shop(id)), ensembles, sets, reports, trials, labels: queue, drift })
  }
  return {
    of: shop => opened.get(shop)!, // sessions are of shops in force
    async forget(shop, conversation) {
      const found = opened.get(shop)
      // In this order: a report that begins now reads what is left.
      await found?.sets.forget(conversation)
      await found?.reports.forget(conversation)
      await found?.trials.forget()
    },
    async close() {
      await Promise.all(
        [...opened.values()].flatMap(each => [each.reports.close(), each.trials.close(), each.labels.close(), each.drift.close()]),
      )
    },
  }
}

function viewOf(shop: Shop): ShopView {
  const { alwaysPerson, costs } = shop.situation
  return {
    release: releaseHere(),
    actions: Object.entries(shop.actions).map(([id, { label }]) => ({
      id,
      label,
      alwaysPerson: alwaysPerson.includes(id),
      severity: costs.severity[id] ?? 1,
    })),
    voters: [...new Set(shop.pools().flatMap(pool => pool.voters.map(({ voter }) => voter)))].sort(),
    costs: { wrongAnswer: costs.wrongAnswer, clarify: costs.clarify, handoff: costs.handoff, handoffVaries: shop.handover !== undefined },
  }
}
