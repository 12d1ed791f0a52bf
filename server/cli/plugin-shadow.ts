// `parley plugin shadow` and `promote`: how the votes of a version that does not count compare with those that do, and its way into force. What was
// compared is read from the data folder, whether or not the engine runs; one that does is asked to write first what it has.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Fault, isFault } from '@parley/core/faults.ts'
import type { TurnLine } from '../http/operator-turns.ts'
import { type Comparison, type Counts, type DivergentTurn, OUTCOMES } from '../plugin-store/comparison.ts'
import type { PluginStore, ShadowPlugin } from '../plugin-store/plugin-store.ts'
import type { WrongUse } from './agent.ts'
import { answerOf } from './operator-request.ts'
import {
  type AskFirst,
  agreed,
  changing,
  isAbsent,
  knownShop,
  proposalOf,
  running,
  type StoreOptions,
  say,
  sayTable,
  withStore,
} from './plugin-store.ts'

/** As `parley plugin shadow --json` prints it. */
export interface ShadowRow extends Omit<Comparison, 'turns'> {
  readonly shop: string
  readonly plugin: string
  /** Null where none is installed. */
  readonly inForce: string | null
  readonly version: string
  readonly hash: string
  readonly publisher: string
  /** Milliseconds since 1970. */
  readonly since: number
  /** What runs in the running server; null where it is off, undefined where no server answers. */
  readonly running: string | null | undefined
  readonly off?: string
  /** Share of the turns both answered on which both answered the same; null where there is none. */
  readonly agreement: number | null
  /** The latest, newest first, where the plugin was named; `text` where the conversation still stands and a server answers. */
  readonly turns?: readonly (DivergentTurn & { readonly text?: string })[]
}

export interface ShadowOptions extends StoreOptions {
  readonly limit: number
  readonly json?: true
  readonly stop?: true
}

/** Faults: NO_SHADOW of a plugin that is named; with `stop` what the running server refuses. */
export async function showShadows(id: string | undefined, options: ShadowOptions, wrongUse: WrongUse): Promise<void> {
  if (options.stop) return id === undefined ? wrongUse('say which: parley plugin shadow ID --stop') : stopShadow(id, options, wrongUse)
  await withStore(async (store, config) => {
    const view = await running(options.url, '/plugins/shadows')
    const found = store
      .shadows()
      .filter(each => (options.shop === undefined || each.shop === options.shop) && (id === undefined || each.id === id))
    if (id !== undefined && found.length === 0)
      throw new Fault('NO_SHADOW', { shop: options.shop ?? config.shops.map(shop => shop.id).join(', '), plugin: id })
    const rows: ShadowRow[] = []
    for (const shadow of found) {
      const { turns, ...compared } = store.comparison(shadow)
      const off = view?.[shadow.shop]?.find(({ plugin }) => plugin === shadow.id)?.off
      const votes = view && (view[shadow.shop]?.find(({ plugin }) => plugin === shadow.id)?.version ?? null)
      rows.push({
        shop: shadow.shop,
        plugin: shadow.id,
        inForce: store.find(shadow.shop, shadow.id)?.inForce.version ?? null,
        ...shadow.release,
        since: shadow.since,
        running: off === undefined ? votes : null,
        ...(off !== undefined && { off }),
        agreement: agreementOf(compared.counts),
        ...compared,
        ...(id !== undefined && { turns: await withTexts(options.url, shadow.shop, turns.slice(0, options.limit)) }),
      })
    }
    if (options.json) return say(JSON.stringify(rows))
    if (rows.length === 0) return say('No plugin runs in shadow: parley plugin install FILE --shadow')
    sayTable([HEAD, ...rows.map(cellsOf)])
    for (const { plugin, off } of rows) if (off !== undefined) say(`${plugin} is off in shadow: ${off}`)
    for (const turn of rows.flatMap(({ turns = [] }) => turns)) for (const line of linesOf(turn)) say(line)
  })
}

const stopShadow = (id: string, options: StoreOptions, wrongUse: WrongUse): Promise<void> =>
  withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const shadow = await knownShadow(store, shop, id, options.url)
    say(summaryOf(store.comparison(shadow)))
    await changing(store, shop, id, options.url, async () => {
      const { version } = await store.endShadow(shop, id)
      return `${id} ${version} runs in shadow no more in shop ${shop}.`
    })
  })

/** Shows what was compared and what it asks for, and asks. Faults: NO_SHADOW, PLUGIN_PINNED, BUNDLE_UNTRUSTED, and what the running server refuses. */
export const promoteShadow = (id: string, options: StoreOptions & AskFirst, wrongUse: WrongUse): Promise<void> =>
  withStore(async (store, config) => {
    const shop = knownShop(options, config, wrongUse)
    const shadow = await knownShadow(store, shop, id, options.url)
    const before = store.find(shop, id)
    if (before?.isPinned) throw new Fault('PLUGIN_PINNED', { plugin: id, version: before.inForce.version })
    say(proposalOf(store, shop, store.bundleOf(shadow.release), before))
    say(summaryOf(store.comparison(shadow)))
    if (!(await agreed('Put it in force?', options, wrongUse))) return say('Nothing was promoted.')
    await changing(store, shop, id, options.url, async () => {
      const { version } = await store.promote(shop, id)
      return `${id} ${version} is in force in shop ${shop}${before?.isDisabled ? ', and disabled as the version before was' : ''}.`
    })
  })

/** When the running server has written what it has compared. Faults: NO_SHADOW. */
async function knownShadow(store: PluginStore, shop: string, id: string, url: string): Promise<ShadowPlugin> {
  await running(url, '/plugins/shadows')
  const found = store.shadows().find(each => each.shop === shop && each.id === id)
  if (!found) throw new Fault('NO_SHADOW', { shop, plugin: id })
  return found
}

const agreementOf = ({ same, otherwise }: Counts): number | null => (same + otherwise === 0 ? null : same / (same + otherwise))

const percent = (share: number | null): string => (share === null ? '-' : `${(share * 100).toFixed(1)}%`)

/** Those that were put to it or should have been. */
const turnsOf = (counts: Counts): number => OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0)

const HEAD = [
  'shop',
  'plugin',
  'in force',
  'shadow',
  'since',
  'turns',
  'agreement',
  'decided otherwise',
  'failed',
  'late',
  'off',
  'skipped',
]

const cellsOf = ({ shop, plugin, inForce, version, since, counts, agreement, decidedOtherwise }: ShadowRow): readonly string[] => [
  shop,
  plugin,
  inForce ?? '-',
  version,
  timeOf(since),
  ...[turnsOf(counts), percent(agreement), decidedOtherwise, counts.failed, counts.late, counts.off, counts.skipped].map(String),
]

function summaryOf({ counts, decidedOtherwise }: Comparison): string {
  const { same, otherwise, alone } = counts
  const silent = (['failed', 'late', 'off', 'skipped'] as const).filter(outcome => counts[outcome] > 0)
  return [
    `in shadow: ${turnsOf(counts)} turns, ${same} voted alike, ${otherwise} otherwise (agreement ${percent(agreementOf(counts))})`,
    ...(alone > 0 ? [`${alone} where it alone had an answer`] : []),
    `${decidedOtherwise} would be decided otherwise`,
    ...silent.map(outcome => `${counts[outcome]} ${outcome}`),
  ].join(', ')
}

/** The words of a turn are in the log alone, and only as long as its conversation stands. */
async function withTexts(url: string, shop: string, turns: readonly DivergentTurn[]): Promise<NonNullable<ShadowRow['turns']>> {
  const texts = new Map<string, string>()
  for (const conversation of new Set(turns.map(turn => turn.conversation))) {
    try {
      const answer = await answerOf(url, `/shops/${encodeURIComponent(shop)}/turns?conversation=${conversation}`, 'GET')
      if (!answer.body) break
      const input = Readable.fromWeb(answer.body as never) // the same stream by its web type and by Node's
      for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
        const { turn } = JSON.parse(text) as TurnLine // our own server's
        if (turn) texts.set(`${conversation} ${turn.received.turn}`, turn.received.texts.join(' '))
      }
    } catch (fault) {
      if (isAbsent(fault)) break
      if (!isFault(fault)) throw fault
    }
  }
  return turns.map(turn => {
    const text = texts.get(`${turn.conversation} ${turn.turn}`)
    return text === undefined ? turn : { ...turn, text }
  })
}

function linesOf({ at, conversation, turn, text, differs, before, now, decided }: NonNullable<ShadowRow['turns']>[number]): string[] {
  const votes = (sign: string, voted: DivergentTurn['now']): string[] =>
    voted.length === 0 ? [`  ${sign} abstain`] : voted.map(({ action, confidence }) => `  ${sign} ${action} ${confidence}`)
  const words = ({ action, disposition, template }: DivergentTurn['decided']['now']): string => `${action} ${disposition} ${template}`
  const [was, is] = [words(decided.before), words(decided.now)]
  return [
    `${timeOf(at)}  ${conversation} turn ${turn}${text === undefined ? '' : `: ${text.replace(/\s+/g, ' ')}`}`,
    ...(before === null ? ['  - no answer'] : votes('-', before)),
    ...votes('+', now),
    ...(differs.length > 0 && !differs.includes('votes') ? [`    otherwise: ${differs.join(', ')}`] : []),
    ...(was === is ? [] : [`    decided: ${was} -> ${is}`]),
  ]
}

const timeOf = (at: number): string => new Date(at).toISOString().replace('T', ' ').slice(0, 19)
