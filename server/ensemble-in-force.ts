// The ensemble in force, and its exchange while turns go on: the next turn takes the new one. A bad file is a fault and changes nothing.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import { type ParsedEnsemble, parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { PROJECT } from './project.ts'

export interface EnsembleInForce {
  current(): Ensemble
  /** Reads the file again. Faults: ENSEMBLE_INVALID; then the one before stays in force. */
  reload(): void
}

/** `name` is that of a shipped ensemble, or the path of a `.yaml` file. Faults: ENSEMBLE_INVALID. */
export function readEnsemble(name: string): ParsedEnsemble {
  const file = name.endsWith('.yaml') ? name : join(PROJECT.ensembles, `${name}.yaml`)
  const shown = name.endsWith('.yaml') ? name : `${name}.yaml`
  if (!existsSync(file)) throw new Fault('ENSEMBLE_INVALID', { file: shown, path: '', reason: 'the file is not there' })
  return parseEnsemble(readFileSync(file, 'utf8'), shown)
}

/** As `readEnsemble`. */
export function loadEnsemble(name: string): EnsembleInForce {
  let ensemble = ensembleOf(readEnsemble(name))
  return {
    current: () => ensemble,
    reload() {
      ensemble = ensembleOf(readEnsemble(name))
    },
  }
}
