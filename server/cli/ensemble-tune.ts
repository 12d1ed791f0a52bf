// `parley ensemble tune`: fits a new version on turns of which it is known what they are about, and keeps it if it is shown to be better.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { tunedText } from '@parley/ensembles/tune/tuned-text.ts'
import { type Config, readConfig, type ShopConfig } from '../config.ts'
import type { EnsembleKey } from '../ensemble-store/ensemble-store.ts'
import { openEnsembleStore } from '../ensemble-store/open-ensemble-store.ts'
import { ensembleNamed, IN_FORCE } from '../ensemble-store/resolve-ensemble.ts'
import type { DialogueToJudge } from '../evaluation/read-turns.ts'
import { priorOfTraffic, type Traffic, type TunedEnsemble, tuneEnsemble } from '../evaluation/tune-ensemble.ts'
import { withVoters } from '../evaluation/with-voters.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT, releaseHere } from '../project.ts'
import { aboutOf, fileOf, tuneResultOf } from '../report-file/about.ts'
import { openRecords } from '../shared-records.ts'
import type { WrongUse } from './agent.ts'
import { readDialogues } from './ensemble.ts'
import { BROKEN_OFF, logged } from './ensemble-compare.ts'
import { checkHtml, type HtmlOptions, writeHtml } from './html-report.ts'
import { knownShop, say } from './plugin-store.ts'
import { figuresTold, tuneLines } from './tune-report.ts'
import { type Progress, untilInterrupted } from './until-interrupted.ts'

export interface TuneOptions extends HtmlOptions {
  readonly ensemble?: string
  readonly shop?: string
  readonly languages: 'apart' | 'together'
  readonly folds: number
  /** Milliseconds back from now: of the log that the prior of live traffic is taken from. */
  readonly traffic?: number
  readonly url: string
  readonly out?: string
  readonly skipBad?: true
  readonly seed: number
  readonly json?: string
}

/** Exit status where nothing is written: it is not shown to be better. */
const NOT_SHOWN = 3
/** Fewer turns of a log tell too little of how often customers want what. */
const LEAST_TRAFFIC = 200

type Ensemble = Awaited<ReturnType<typeof ensembleNamed>>

/** Faults: TURNS_INVALID, UNKNOWN_SHOP, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, with `traffic` SERVER_UNREACHABLE, and those of configuration and packs. */
export async function tune(data: string, options: TuneOptions, wrongUse: WrongUse): Promise<void> {
  const { out } = options
  if (out !== undefined && existsSync(out)) wrongUse(`${out} is there already, and an ensemble never changes: take another name`)
  if (out !== undefined && !out.endsWith('.yaml')) wrongUse('an ensemble is a .yaml file')
  checkHtml(options, wrongUse)
  const config = readConfig(process.env)
  const id = knownShop(options, config, wrongUse)
  const settings = config.shops.find(each => each.id === id)! // it is known
  const inForce = await ensembleNamed(options.ensemble ?? IN_FORCE, settings, config.data)
  const pack = readPack(join(PROJECT.packs, settings.pack))
  const actions = new Set(Object.keys(pack.actions))
  const { dialogues } = readDialogues(data, actions, options.skipBad === true)
  const learned = await untilInterrupted(BROKEN_OFF, (signal, onProgress) =>
    learn(config, settings, dialogues, inForce, options, signal, onProgress),
  )
  if (!learned) return
  const { tuned, traffic } = learned
  if (!tuned) throw new Fault('TURNS_INVALID', { file: data, line: 0, reason: 'no voter says anything to two conversations of it' })
  const file = traffic ? { ...tuned.file, priorOfTraffic: { ...traffic.prior } } : tuned.file
  const text = tunedText(inForce.text, file, toldOf(data, tuned, traffic, inForce, options))
  const { version } = parseEnsemble(text, 'the tuned ensemble')
  const written = tuned.verdict.isBetter ? await keep(text, config, out) : undefined
  if (options.json !== undefined) {
    const { file: _file, files: _files, ...figures } = tuned
    const told = { ensemble: inForce.version, version, written: written ?? null, ...figures, ...(traffic && { traffic }), file }
    writeFileSync(options.json, `${JSON.stringify(told, null, 2)}\n`)
  }
  writeHtml(options, () => ({
    kind: 'tune',
    about: aboutOf({
      shop: id,
      pack: pack.id,
      data: fileOf(data),
      settings: {
        '--ensemble': options.ensemble,
        '--languages': options.languages,
        '--folds': options.folds,
        '--skip-bad': options.skipBad,
        '--seed': options.seed,
        ...(traffic && { 'turns of traffic': traffic.turns }),
      },
      hasTexts: false,
      now: new Date(),
    }),
    tune: tuneResultOf({ tuned, file, inForce, version, written }),
  }))
  for (const line of tuneLines({ tuned, file, inForce, traffic, version, written })) say(line)
  if (!written) process.exitCode = NOT_SHOWN
}

async function learn(
  config: Config,
  settings: ShopConfig,
  dialogues: readonly DialogueToJudge[],
  inForce: Ensemble,
  { seed, languages, folds, traffic, url }: TuneOptions,
  signal: AbortSignal,
  onProgress: Progress,
): Promise<{ readonly tuned: TunedEnsemble | undefined; readonly traffic: Traffic | undefined }> {
  return withVoters(config, settings, async (shop, stages) => {
    const cache = join(config.data, 'votes')
    const tuned = await tuneEnsemble({ dialogues, shop, stages, inForce, cache, seed, languages, folds, signal, onProgress })
    if (traffic === undefined || !tuned) return { tuned, traffic: undefined }
    const turns = logged({ url, shop: settings.id, since: Date.now() - traffic }, onProgress, 'reading the log')
    const found = await priorOfTraffic(turns, tuned.file, shop, signal)
    if (found.turns >= LEAST_TRAFFIC) return { tuned, traffic: found }
    process.stderr.write(`The log has ${found.turns} turns of that time, too few to tell how traffic differs; it takes ${LEAST_TRAFFIC}.\n`)
    return { tuned, traffic: undefined }
  })
}

/** Where it is. */
async function keep(text: string, config: Config, out: string | undefined): Promise<string> {
  if (out !== undefined) {
    writeFileSync(out, text, { flag: 'wx' })
    return out
  }
  const store = openEnsembleStore(config.data, await openRecords<EnsembleKey>(config, 'ensembles'))
  try {
    return store.add(text, 'the tuned ensemble').version
  } finally {
    await store.close()
  }
}

/** What the file says of itself. No date: the same turns give the same file. */
function toldOf(
  data: string,
  tuned: TunedEnsemble,
  traffic: Traffic | undefined,
  inForce: Ensemble,
  { seed }: TuneOptions,
): readonly string[] {
  const hash = createHash('sha256').update(readFileSync(data)).digest('hex')
  const { turns, conversations, turnsIn, folds, chosen } = tuned
  return [
    `from ${inForce.version} by parley ensemble tune, release ${releaseHere()}; ${chosen}`,
    `on ${basename(data)}, sha256 ${hash}: ${turns} turns of ${conversations} conversations, ${turnsIn.zh} zh and ${turnsIn.en} en; ${folds} folds, seed ${seed}`,
    ...figuresTold(tuned),
    ...(traffic ? [`priorOfTraffic from the votes on ${traffic.turns} turns of the log`] : []),
  ]
}
