// The port's implementation: a parsed file with its two verbs. Loading again is safe: a bad file is a fault and the old ensemble stays in force.
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { decide } from './decide.ts'
import { parseEnsemble } from './ensemble-file.ts'
import { fuse } from './fuse.ts'

/** Faults: ENSEMBLE_INVALID. */
export function createEnsemble(text: string, name: string): Ensemble {
  const { file, version } = parseEnsemble(text, name)
  return { version, fuse: (ballots, language, domain) => fuse(file, ballots, language, domain), decide }
}
