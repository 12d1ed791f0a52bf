// How much each kind of clause counts, as a file beside the shipped models.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import { sha256 } from './model-file.ts'
import { CLAUSE_KINDS, type ClauseWeights } from './pool-clauses.ts'

const FILE = 'clauses.json'

const WeightsFile = z.strictObject({
  format: z.literal(1),
  /** SHA-256 over every text and label that was learned from. */
  data: z.string(),
  weights: z.record(z.enum(CLAUSE_KINDS), z.number()),
})

export interface KeptClauseWeights {
  readonly weights: ClauseWeights
  readonly data: string
  /** Start of the SHA-256 over the file. */
  readonly version: string
}

/** Faults: MODEL_INVALID, naming the file. */
export function readClauseWeights(folder: string): KeptClauseWeights {
  const file = join(folder, FILE)
  try {
    const json = readFileSync(file, 'utf8')
    const { weights, data } = WeightsFile.parse(JSON.parse(json))
    return { weights, data, version: sha256(json).slice(0, 12) }
  } catch (cause) {
    throw new Fault('MODEL_INVALID', { file, reason: 'it is no list of what clauses weigh' }, { cause })
  }
}

/** The same weights give the same bytes. */
export const writeClauseWeights = (folder: string, weights: ClauseWeights, data: string): void =>
  writeFileSync(join(folder, FILE), `${JSON.stringify({ format: 1, data, weights }, null, 2)}\n`)
