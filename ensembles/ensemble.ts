// The port's implementation: a parsed file with its two verbs. Loading again is safe: a bad file is a fault and the old ensemble stays in force.
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { decide } from './decide.ts'
import { entryOf, type ParsedEnsemble, parseEnsemble } from './ensemble-file.ts'
import { fuse } from './fuse.ts'

/** Faults: ENSEMBLE_INVALID. */
export const createEnsemble = (text: string, name: string): Ensemble => ensembleOf(parseEnsemble(text, name))

export const ensembleOf = ({ file, version }: ParsedEnsemble): Ensemble => ({
  version,
  hears: (voter, language) => (entryOf(file, voter)?.weight[language] ?? 0) > 0,
  fuse: (ballots, language, domain, past) => fuse(file, ballots, language, domain, past),
  decide,
})
