// What a report that is sent says of itself: when, by which release, on which turns, with which settings.
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { type EnsembleFile, entryOf } from '@parley/ensembles/ensemble-file.ts'
import type { About, TuneResult } from '@parley/ensembles/report-file.ts'
import type { TunedEnsemble } from '../evaluation/tune-ensemble.ts'
import { releaseHere } from '../project.ts'

export interface AboutParts {
  readonly shop: string
  readonly pack: string
  readonly data: About['data']
  /** By name; what is undefined was not asked for. */
  readonly settings: Readonly<Record<string, string | number | boolean | undefined>>
  /** False of what never holds what customers wrote: a tune. */
  readonly hasTexts?: boolean
  readonly now: Date
}

export const aboutOf = ({ shop, pack, data, settings, hasTexts = true, now }: AboutParts): About => ({
  made: now.toISOString(),
  release: releaseHere(),
  shop,
  pack,
  data,
  settings: Object.fromEntries(Object.entries(settings).flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]]))),
  hasTexts,
})

/** Its name, and the hash by which one knows whether it is still the same. */
export const fileOf = (path: string): { readonly file: string; readonly sha256: string } => ({
  file: basename(path),
  sha256: createHash('sha256').update(readFileSync(path)).digest('hex'),
})

export interface ToldTune {
  readonly tuned: TunedEnsemble
  /** What was tuned, as it is written. */
  readonly file: EnsembleFile
  readonly inForce: { readonly version: string; readonly file: EnsembleFile }
  readonly version: string
  readonly written: string | undefined
}

/** Without the ensembles themselves: of each voter what it weighs and weighed. */
export function tuneResultOf({ tuned, file, inForce, version, written }: ToldTune): TuneResult {
  const { file: _file, files: _files, methods, ...figures } = tuned
  return {
    ...figures,
    from: inForce.version,
    version,
    written: written ?? null,
    voters: Object.entries(methods).map(([voter, method]) => {
      const { weight, actions } = file.voters[voter]! // what was learned is in it
      return { voter, before: entryOf(inForce.file, voter)?.weight ?? null, weight, method, actions }
    }),
  }
}
