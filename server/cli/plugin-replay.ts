// `parley plugin replay`: turns that the running server has recorded, put to the plugin of a folder.
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { Fault } from '@parley/core/faults.ts'
import type { Shop } from '@parley/core/pipeline/shop.ts'
import { type Brain, createBrain } from '../brain.ts'
import { readConfig } from '../config.ts'
import { findEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import type { TurnLine } from '../http/operator-turns.ts'
import { createLogger } from '../logger.ts'
import { openBench } from '../plugin-bench/bench.ts'
import { isDecidedOtherwise, isVotedOtherwise, type ReplayedTurn, replayTurn } from '../plugin-bench/replay-plugin.ts'
import { choiceOf } from '../plugin-choice.ts'
import type { PluginSettings } from '../plugin-host/load-plugin.ts'
import { noSources } from '../sources.ts'
import { answerOf, type OperatorOptions } from './operator-request.ts'
import { progressBar } from './progress-bar.ts'

export interface RecordedTurnsWanted extends OperatorOptions {
  /** Turns decided since; milliseconds. */
  readonly since: number
  readonly conversation?: string
}

export interface ReplayOptions extends RecordedTurnsWanted {
  readonly json?: true
}

/** Milliseconds for the votes on a turn: the plugin's own limit stops it long before. */
const PATIENCE_MS = 60_000

/** Exit status 1 when the plugin fails on a turn. Faults: PLUGIN_INVALID, SERVER_UNREACHABLE, UNKNOWN_SHOP, CONFIG_INVALID. */
export async function replayRecordedTurns(folder: string, settings: PluginSettings[string], options: ReplayOptions): Promise<void> {
  const { json } = options
  const counts = { turns: 0, alike: 0, otherwise: 0, notAsked: 0, decidedOtherwise: 0, failed: 0, damaged: 0 }
  const chosen = readConfig(process.env).shops.find(({ id }) => id === options.shop)
  if (!chosen) throw new Fault('UNKNOWN_SHOP', { shop: options.shop })
  const bench = await openBench(folder, settings, choiceOf(chosen, []).mesh)
  const bar = progressBar('Replaying')
  try {
    const { shop, brain } = await openShop(options.shop)
    try {
      for await (const { done, total, conversation, turn, damaged } of recorded(options)) {
        bar.show(done, total)
        if (damaged !== undefined) {
          counts.damaged++
          bar.end()
          process.stderr.write(`conversation ${conversation}: ${damaged}\n`)
        }
        if (!turn) continue
        const replayed = await replayTurn(bench, turn, shop, brain.stages)
        counts.turns++
        if (replayed.version === null) counts.notAsked++
        else counts[isVotedOtherwise(replayed) ? 'otherwise' : 'alike']++
        if (isDecidedOtherwise(replayed)) counts.decidedOtherwise++
        if (replayed.isFailure) counts.failed++
        if (!isVotedOtherwise(replayed) && !isDecidedOtherwise(replayed) && !replayed.isFailure) continue
        bar.end()
        const place = { conversation: conversation ?? '', turn: turn.received.turn }
        say(json ? JSON.stringify({ ...place, ...replayed }) : linesOf(place, replayed, bench.plugin.version).join('\n'))
      }
    } finally {
      await brain.close()
    }
  } finally {
    bar.end()
    await bench.close()
  }
  say(json ? JSON.stringify(counts) : summaryOf(counts, bench.plugin.version))
  if (counts.failed > 0) process.exitCode = 1
}

/** The shop without its plugins and remote voters: what they said then is in the log. Faults: UNKNOWN_SHOP, CONFIG_INVALID. */
export async function openShop(id: string): Promise<{ readonly shop: Shop; readonly brain: Brain }> {
  const config = readConfig(process.env)
  const chosen = config.shops.filter(shop => shop.id === id).map(shop => ({ ...shop, plugins: [], pluginSettings: {}, remoteVoters: [] }))
  if (chosen.length === 0) throw new Fault('UNKNOWN_SHOP', { shop: id })
  const deadlines = { ...config.deadlines, voters: PATIENCE_MS, turn: PATIENCE_MS }
  const ensembles = findEnsembleStore(config.data)
  try {
    const installed = { choices: () => [], ...(ensembles && { ensembles }) }
    const brain = await createBrain(
      { ...config, shops: chosen, deadlines },
      createLogger('error'),
      noSources,
      undefined,
      undefined,
      installed,
    )
    return { shop: brain.shops.get(id)!, brain } // it is the one that was chosen
  } finally {
    await ensembles?.close() // it is read at the start alone
  }
}

export async function* recorded({ url, shop, since, conversation }: RecordedTurnsWanted): AsyncGenerator<TurnLine> {
  const query = new URLSearchParams({ since: String(since), ...(conversation !== undefined && { conversation }) })
  const answer = await answerOf(url, `/shops/${encodeURIComponent(shop)}/turns?${query}`, 'GET')
  if (!answer.body) throw new Error('the server has answered without a body')
  const input = Readable.fromWeb(answer.body as never) // the same stream by its web type and by Node's
  let isWhole = false
  for await (const text of createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })) {
    const line = JSON.parse(text) as TurnLine // our own server's
    isWhole = line.done === line.total
    yield line
  }
  if (!isWhole) throw new Fault('SERVER_UNREACHABLE', { url, reason: 'it broke off in the midst of the turns' })
}

function linesOf(place: { readonly conversation: string; readonly turn: number }, replayed: ReplayedTurn, version: string): string[] {
  const { text, before, now, decided } = replayed
  return [
    `${place.conversation} turn ${place.turn}: ${text.replace(/\s+/g, ' ')}`,
    ...(isVotedOtherwise(replayed) ? before.map(line => `  - ${line}  (${replayed.version})`) : []),
    ...now.map(line => `  + ${line}  (${version})`),
    ...(isDecidedOtherwise(replayed) ? [`    decided: ${decided.before} -> ${decided.now}`] : []),
  ]
}

function summaryOf(
  counts: Readonly<Record<'turns' | 'alike' | 'otherwise' | 'notAsked' | 'decidedOtherwise' | 'failed' | 'damaged', number>>,
  version: string,
): string {
  const { turns, alike, otherwise, notAsked, decidedOtherwise, failed, damaged } = counts
  return [
    `${turns} turns put to ${version}: ${alike} voted alike, ${otherwise} otherwise`,
    ...(notAsked > 0 ? [`${notAsked} where it did not vote then`] : []),
    `${decidedOtherwise} would be decided otherwise`,
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(damaged > 0 ? [`${damaged} conversations could not be read`] : []),
  ].join(', ')
}

const say = (line: string): void => void process.stdout.write(`${line}\n`)
