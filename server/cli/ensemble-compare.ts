// `parley ensemble compare`: what another ensemble would change, on a file of turns or on the log of the running server; a gate for what must not break.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { RecordedTurn } from '@parley/core/recorded-turns.ts'
import type { Comparison } from '@parley/ensembles/comparison/comparison.ts'
import { objectionsTo } from '@parley/ensembles/comparison/gate.ts'
import type { Group } from '@parley/ensembles/comparison/group.ts'
import { type Config, readConfig, type ShopConfig } from '../config.ts'
import { ensembleNamed } from '../ensemble-store/resolve-ensemble.ts'
import { againstGate, compareEnsembles } from '../evaluation/compare-ensembles.ts'
import { compareLogged } from '../evaluation/compare-logged.ts'
import type { DialogueToJudge } from '../evaluation/read-turns.ts'
import { withVoters } from '../evaluation/with-voters.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { aboutOf, fileOf } from '../report-file/about.ts'
import type { WrongUse } from './agent.ts'
import { comparisonLines, groupLines } from './comparison-report.ts'
import { readDialogues } from './ensemble.ts'
import { labelsOf } from './ensemble-label.ts'
import { checkHtml, type HtmlOptions, writeHtml } from './html-report.ts'
import { openShop, recorded } from './plugin-replay.ts'
import { knownShop, say } from './plugin-store.ts'
import { type Progress, untilInterrupted } from './until-interrupted.ts'

export interface CompareOptions extends HtmlOptions {
  readonly shop?: string
  readonly url: string
  /** Milliseconds back from now: turns of the log, in the place of a file. */
  readonly log?: number
  readonly pinned?: string
  readonly maxBroken?: number
  readonly group?: Group
  readonly limit: number
  readonly skipBad?: true
  readonly seed: number
  readonly json?: string
}

export const BROKEN_OFF = 'Broken off; the votes that were asked for are kept.'
/** Exit status where something is against B. */
const GATE_SHUT = 3

type Ensembles = readonly [a: Awaited<ReturnType<typeof ensembleNamed>>, b: Awaited<ReturnType<typeof ensembleNamed>>]

/** Faults: TURNS_INVALID, UNKNOWN_SHOP, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, with `log` SERVER_UNREACHABLE, and those of configuration and packs. */
export async function compare(a: string, b: string, data: string | undefined, options: CompareOptions, wrongUse: WrongUse): Promise<void> {
  if ((data === undefined) === (options.log === undefined)) wrongUse('compare takes either a file of turns or --log')
  if (options.log !== undefined && options.pinned !== undefined)
    wrongUse('what is pinned is put to the voters, and with --log nobody is asked: compare it with a file')
  checkHtml(options, wrongUse)
  const config = readConfig(process.env)
  const id = knownShop(options, config, wrongUse)
  const settings = config.shops.find(each => each.id === id)! // it is known
  const ensembles: Ensembles = [await ensembleNamed(a, settings, config.data), await ensembleNamed(b, settings, config.data)]
  const compared = await untilInterrupted(BROKEN_OFF, (signal, onProgress) =>
    data === undefined
      ? onLog(ensembles, id, options, signal, onProgress)
      : onFile(ensembles, data, config, settings, options, signal, onProgress),
  )
  if (!compared) return
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(compared, null, 2)}\n`, { mode: 0o600 })
  writeHtml(options, () => ({
    kind: 'compare',
    about: aboutOf({
      shop: id,
      pack: readPack(join(PROJECT.packs, settings.pack)).id,
      data: data === undefined ? { logMs: options.log! } : fileOf(data), // either of them is there
      settings: {
        '--pinned': options.pinned && `${fileOf(options.pinned).file}, sha256 ${fileOf(options.pinned).sha256}`,
        '--max-broken': options.maxBroken,
        '--skip-bad': options.skipBad,
        '--seed': options.seed,
      },
      now: new Date(),
    }),
    comparison: compared,
    gate: { maxBroken: options.maxBroken ?? null, against: objectionsTo(compared, options) },
  }))
  for (const line of options.group ? groupLines(compared, options.group) : comparisonLines(compared, options.limit)) say(line)
  const against = againstGate(compared, options)
  if (against.length === 0) return
  say(`The gate is shut: ${against.join('; ')}.`)
  process.exitCode = GATE_SHUT
}

async function onFile(
  [a, b]: Ensembles,
  data: string,
  config: Config,
  settings: ShopConfig,
  options: CompareOptions,
  signal: AbortSignal,
  onProgress: Progress,
): Promise<Comparison> {
  const actions = new Set(Object.keys(readPack(join(PROJECT.packs, settings.pack)).actions))
  const read = (file: string, least: number): readonly DialogueToJudge[] =>
    readDialogues(file, actions, options.skipBad === true, least).dialogues
  const dialogues = read(data, 2)
  const pinned = options.pinned === undefined ? [] : read(options.pinned, 1)
  return withVoters(config, settings, (shop, stages) =>
    compareEnsembles({ dialogues, pinned, shop, stages, a, b, cache: join(config.data, 'votes'), seed: options.seed, signal, onProgress }),
  )
}

async function onLog(
  [a, b]: Ensembles,
  id: string,
  { url, log = 0, seed }: CompareOptions,
  signal: AbortSignal,
  onProgress: Progress,
): Promise<Comparison> {
  const { shop, brain } = await openShop(id)
  try {
    const turns = logged({ url, shop: id, since: Date.now() - log }, onProgress)
    const labels = await labelsOf({ url }, id)
    return await compareLogged({ turns, labels, shop, stages: brain.stages, a, b, seed, signal })
  } finally {
    await brain.close()
  }
}

/** What is damaged is told of and left out. */
export async function* logged(
  wanted: Parameters<typeof recorded>[0],
  onProgress: Progress,
  doing = 'comparing',
): AsyncGenerator<RecordedTurn> {
  for await (const { done, total, conversation, turn, damaged } of recorded(wanted)) {
    onProgress(doing, total === 0 ? 1 : done / total)
    if (damaged !== undefined) process.stderr.write(`conversation ${conversation}: ${damaged}\n`)
    if (turn) yield turn
  }
}
