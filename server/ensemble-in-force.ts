// The ensemble in force, and its exchange while turns go on: the next turn takes the new one. A bad file is a fault and changes nothing.
import type { Ensemble } from '@parley/core/ports/ensemble.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import type { ParsedEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { readConfigured } from './ensemble-store/resolve-ensemble.ts'

export interface EnsembleInForce {
  current(): Ensemble
  /** Reads the file again. Faults: ENSEMBLE_INVALID; then the one before stays in force. */
  reload(): void
}

/** `name` is that of a shipped ensemble, or the path of a `.yaml` file. Faults: ENSEMBLE_INVALID. */
export const readEnsemble = (name: string): ParsedEnsemble => readConfigured(name)

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
