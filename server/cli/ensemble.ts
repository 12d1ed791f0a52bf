// `parley ensemble evaluate`: works without the server, with the voters that the shop has now.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { readConfig } from '../config.ts'
import { ensembleNamed, IN_FORCE } from '../ensemble-store/resolve-ensemble.ts'
import { evaluateEnsemble, PRECISIONS } from '../evaluation/evaluate-ensemble.ts'
import { readTurnFile, type TurnFile } from '../evaluation/read-turns.ts'
import { withVoters } from '../evaluation/with-voters.ts'
import { readPack } from '../pack-folder.ts'
import { PROJECT } from '../project.ts'
import { aboutOf, fileOf } from '../report-file/about.ts'
import type { WrongUse } from './agent.ts'
import { cellLines, reportLines } from './ensemble-report.ts'
import { checkHtml, type HtmlOptions, writeHtml } from './html-report.ts'
import { knownShop, say } from './plugin-store.ts'
import { untilInterrupted } from './until-interrupted.ts'

export interface EvaluateOptions extends HtmlOptions {
  readonly ensemble?: string
  readonly shop?: string
  readonly precision?: number
  readonly cell?: { readonly right: string; readonly said: string }
  readonly skipBad?: true
  readonly seed: number
  readonly json?: string
}

/** Faults: TURNS_INVALID, UNKNOWN_SHOP, UNKNOWN_ENSEMBLE, ENSEMBLE_INVALID, and those of configuration and packs. */
export async function evaluate(file: string, options: EvaluateOptions, wrongUse: WrongUse): Promise<void> {
  checkHtml(options, wrongUse)
  const config = readConfig(process.env)
  const id = knownShop(options, config, wrongUse)
  const settings = config.shops.find(each => each.id === id)! // it is known
  const ensemble = await ensembleNamed(options.ensemble ?? IN_FORCE, settings, config.data)
  const pack = readPack(join(PROJECT.packs, settings.pack))
  const actions = new Set(Object.keys(pack.actions))
  const { dialogues } = readDialogues(file, actions, options.skipBad === true)
  const evaluated = await untilInterrupted('Broken off; the same command goes on where it was.', (signal, onProgress) =>
    withVoters(config, settings, (shop, stages) =>
      evaluateEnsemble({
        dialogues,
        shop,
        stages,
        ensemble,
        cache: join(config.data, 'votes'),
        seed: options.seed,
        precisions: options.precision === undefined ? PRECISIONS : [options.precision],
        signal,
        onProgress,
      }),
    ),
  )
  if (!evaluated) return
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(evaluated, null, 2)}\n`, { mode: 0o600 })
  writeHtml(options, () => ({
    kind: 'evaluate',
    about: aboutOf({
      shop: id,
      pack: pack.id,
      data: fileOf(file),
      settings: { '--ensemble': options.ensemble, '--precision': options.precision, '--skip-bad': options.skipBad, '--seed': options.seed },
      now: new Date(),
    }),
    evaluation: evaluated,
  }))
  for (const line of options.cell ? cellLines(evaluated, options.cell) : reportLines(evaluated)) say(line)
}

/** Names what is wrong. Faults: TURNS_INVALID, unless what is wrong is to be left out, and where too little is left to tell anything by. */
export function readDialogues(file: string, actions: ReadonlySet<string>, skipBad: boolean, least = 2): TurnFile {
  const read = readTurnFile(file, actions)
  for (const { line, severity, reason } of read.problems)
    process.stderr.write(`${file}:${line}: ${severity === 'error' && skipBad ? 'left out' : severity}: ${reason}\n`)
  const bad = read.problems.filter(({ severity }) => severity === 'error')
  const [first] = bad
  if (first && !skipBad) {
    const more = bad.length > 1 ? ` (and ${bad.length - 1} more)` : ''
    throw new Fault('TURNS_INVALID', { file, line: first.line, reason: `${first.reason}${more}` })
  }
  if (new Set(read.dialogues.map(({ conversation }) => conversation)).size < least)
    throw new Fault('TURNS_INVALID', {
      file,
      line: 0,
      reason: least === 1 ? 'there is no turn in it' : 'there are fewer than two conversations in it: that tells nothing',
    })
  return read
}
