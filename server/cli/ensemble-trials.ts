// `parley ensemble canary` and `shadow`: to try an ensemble on a share of the conversations, or beside all of them, and what came of it. A canary's figures
// are in the log, so they take a running server; what a shadow has decided lies in the data folder.
import type { Interval } from '@parley/models/train/intervals.ts'
import { readConfig } from '../config.ts'
import type { CanaryFigures, Measure } from '../ensemble-store/canary-figures.ts'
import { keptVersion } from '../ensemble-store/change-ensemble.ts'
import { type Comparison, type DivergentTurn, OUTCOMES, PARTS, readComparison } from '../ensemble-store/shadow-comparison.ts'
import type { WrongUse } from './agent.ts'
import { type ChangeOptions, changing, percent, shopIn, timeOf, withStore } from './ensemble-versions.ts'
import { askOperator } from './operator-request.ts'
import { isAbsent, say, sayTable } from './plugin-store.ts'

/** With a share it starts one, with `off` it ends it; else it shows how it does. Faults: as above, ENSEMBLE_REFUSED. */
export function canaryEnsemble(
  named: string | undefined,
  options: ChangeOptions & { readonly share?: number; readonly off?: true; readonly json?: true },
  wrongUse: WrongUse,
): Promise<void> {
  const { share, off, json } = options
  if (off) {
    if (named !== undefined || share !== undefined) wrongUse('--off ends the canary that there is: it takes neither a version nor a share')
    return changing(options, wrongUse, (_, shop) => ({
      change: { what: 'canary-off' },
      done: `There is no canary any more in shop ${shop.id}.`,
    }))
  }
  if (named === undefined) {
    if (share !== undefined) wrongUse('say which: parley ensemble canary VERSION --share 10%')
    return showCanary(options, json, wrongUse)
  }
  if (share === undefined) return wrongUse('say how many conversations it is to decide: --share 10%')
  return changing(options, wrongUse, (store, shop) => {
    const hash = keptVersion(store, named, shop, 'canary')
    return {
      change: { what: 'canary', hash, share },
      done: `${store.read(hash).version} decides ${percent(share)} of the conversations of shop ${shop.id}.`,
    }
  })
}

/** As `canaryEnsemble`, of a shadow. */
export function shadowEnsemble(
  named: string | undefined,
  options: ChangeOptions & { readonly limit: number; readonly off?: true; readonly json?: true },
  wrongUse: WrongUse,
): Promise<void> {
  if (options.off) {
    if (named !== undefined) wrongUse('--off ends the shadow that there is: it takes no version')
    return changing(options, wrongUse, (_, shop) => ({
      change: { what: 'shadow-off' },
      done: `No ensemble runs in shadow any more in shop ${shop.id}.`,
    }))
  }
  if (named === undefined) return showShadow(options, wrongUse)
  return changing(options, wrongUse, (store, shop) => {
    const hash = keptVersion(store, named, shop, 'shadow')
    const { version } = store.read(hash)
    return {
      change: { what: 'shadow', hash },
      done: `${version} runs in shadow in shop ${shop.id}: it decides everything once more, and counts for nothing.`,
    }
  })
}

async function showCanary({ url, ...options }: ChangeOptions, json: true | undefined, wrongUse: WrongUse): Promise<void> {
  const shop = shopIn(readConfig(process.env), options, wrongUse)
  const answer = await ifRunning(url, `/shops/${encodeURIComponent(shop.id)}/ensemble/canary`)
  if (answer !== undefined) {
    const { canary } = answer as { readonly canary: CanaryFigures | null } // our own server's
    if (json) return say(JSON.stringify(canary))
    if (canary === null) return say(`No ensemble is a canary in shop ${shop.id}: parley ensemble canary VERSION --share 10%`)
    return sayFigures(canary)
  }
  await withStore(store => {
    const { canary } = store.standing(shop.id)
    if (json) return say(JSON.stringify(canary))
    if (canary === null) return say(`No ensemble is a canary in shop ${shop.id}: parley ensemble canary VERSION --share 10%`)
    say(
      `${store.read(canary.hash).version} decides ${percent(canary.share)} of the conversations of shop ${shop.id}, since ${timeOf(canary.since)}.`,
    )
    say(`What came of them is in the log: ask again when the server runs (none of this data folder answers at ${url}).`)
  })
}

const MEASURED: Readonly<Record<Measure, string>> = {
  handedOver: 'handed over',
  askedBack: 'asked back',
  corrected: 'taken back by an agent',
  recalled: 'taken back by the customer',
  thumbsUp: 'thumbs up',
  thumbsDown: 'thumbs down',
}

function sayFigures({ since, arms: { inForce, canary }, differences, unread }: CanaryFigures): void {
  say(`Turns since ${timeOf(since)}; intervals of 95 %, for which a conversation's turns count together`)
  sayTable([
    ['', `in force ${inForce.version}`, `canary ${canary.version}`, 'difference'],
    ['turns', String(inForce.turns), String(canary.turns), ''],
    ['conversations', String(inForce.conversations), String(canary.conversations), ''],
    ...Object.entries(MEASURED).map(([name, what]) => {
      const measure = name as Measure // a key of it
      return [what, interval(inForce.shares[measure]), interval(canary.shares[measure]), shown(differences[measure])]
    }),
  ])
  if (unread > 0) say(`${unread} conversations could not be read and are in no figure.`)
}

const interval = ({ value, low, high }: Interval): string => `${percent(value)} (${percent(low)} to ${percent(high)})`
const shown = (difference: Interval): string =>
  `${difference.value > 0 ? '+' : ''}${interval(difference)}${difference.low <= 0 && difference.high >= 0 ? ' no difference shown' : ''}`

function showShadow(
  { url, limit, json, ...options }: ChangeOptions & { readonly limit: number; readonly json?: true },
  wrongUse: WrongUse,
): Promise<void> {
  return withStore(async (store, config) => {
    const shop = shopIn(config, options, wrongUse)
    await ifRunning(url, `/shops/${encodeURIComponent(shop.id)}/ensemble/shadow`) // it writes what it has compared
    const { shadow } = store.standing(shop.id)
    if (shadow === null) return say(json ? 'null' : `No ensemble runs in shadow in shop ${shop.id}: parley ensemble shadow VERSION`)
    const { version } = store.read(shadow.hash)
    const comparison = readComparison(store.records, { shop: shop.id, since: shadow.since })
    const turns = comparison.turns.slice(0, limit)
    if (json) return say(JSON.stringify({ shop: shop.id, version, since: shadow.since, ...comparison, turns }))
    say(`${version} in shadow in shop ${shop.id} since ${timeOf(shadow.since)}: ${summaryOf(comparison)}`)
    for (const turn of turns) say(lineOf(turn))
  })
}

function summaryOf({ counts, parts, agreement }: Comparison): string {
  const turns = OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0)
  const silent = (['failed', 'late', 'skipped'] as const).filter(outcome => counts[outcome] > 0)
  const differing = PARTS.filter(part => parts[part] > 0).map(part => `${part} in ${parts[part]}`)
  return [
    `${turns} turns, ${counts.same} decided alike, ${counts.otherwise} otherwise (agreement ${agreement === null ? '-' : percent(agreement)})`,
    ...(differing.length > 0 ? [`another ${differing.join(', ')}`] : []),
    ...silent.map(outcome => `${counts[outcome]} ${outcome}`),
  ].join(', ')
}

function lineOf({ at, conversation, turn, before, now }: DivergentTurn): string {
  const told = ({ action, disposition, template, confidence }: DivergentTurn['now']): string =>
    `${action} ${disposition} ${template} ${percent(confidence)}`
  return `${timeOf(at)}  ${conversation} turn ${turn}\n  - ${told(before)}\n  + ${told(now)}`
}

/** Undefined where no server answers. */
async function ifRunning(url: string, path: string): Promise<unknown> {
  try {
    return await askOperator(url, path)
  } catch (fault) {
    if (isAbsent(fault)) return undefined
    throw fault
  }
}
