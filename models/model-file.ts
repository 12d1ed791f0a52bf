// A model on disk is two files: `<name>.onnx`, the weights, and `<name>.json`, all else that belongs to them. They are read together, and
// refused unless they belong to each other and to this code's features.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import { FEATURES_ID } from './features.ts'
import { createRowTable, type RowTable } from './rows.ts'

const PerLanguage = z.strictObject({ zh: z.number(), en: z.number() })

const Metadata = z.strictObject({
  format: z.literal(1),
  name: z.string(),
  /** `FEATURES_ID` of the code that trained it. */
  features: z.string(),
  classes: z.array(z.string()).min(2),
  /** Logits are divided by it. */
  temperature: z.strictObject({ zh: z.number().positive(), en: z.number().positive() }),
  /** The sentiment model only: P(action | mood), by mood. */
  actionsByMood: z.record(z.string(), z.record(z.string(), z.number())).optional(),
  /** When a text is turned down, of an intent model that was trained with texts out of scope. */
  rejection: z
    .strictObject({ confidence: z.number().min(0).max(1), distance: z.number().min(0).max(1), outOfScope: z.number().min(0).max(1) })
    .optional(),
  /** SHA-256 of the .onnx file. */
  weights: z.string(),
  training: z.strictObject({
    seed: z.int(),
    /** SHA-256 over every text and label that was learned from. */
    data: z.string(),
    examples: z.int(),
    folds: z.int(),
    /** Out of fold: what the model says of examples that it was not trained on. */
    accuracy: PerLanguage,
    macroF1: PerLanguage,
    logLoss: PerLanguage,
    f1: z.record(z.string(), PerLanguage),
  }),
  /** Hashes of the learned features by row, ascending: little-endian 32-bit, base64. */
  rows: z.base64(),
})
export type Metadata = z.infer<typeof Metadata>

export interface ModelFile {
  readonly metadata: Metadata
  readonly table: RowTable
  readonly onnx: Uint8Array
  /** Start of the SHA-256 over the JSON file, which holds the hash of the weights: names both files exactly. */
  readonly version: string
}

/** Faults: MODEL_INVALID, naming the file. */
export function readModelFile(folder: string, name: string): ModelFile {
  const jsonFile = join(folder, `${name}.json`)
  const onnxFile = join(folder, `${name}.onnx`)
  const json = read(jsonFile)
  const onnx = read(onnxFile)
  const metadata = parse(jsonFile, json)
  if (metadata.features !== FEATURES_ID)
    throw invalid(jsonFile, `it was trained with the features ${metadata.features}; these are ${FEATURES_ID}: train it again`)
  if (metadata.weights !== sha256(onnx)) throw invalid(onnxFile, `it is not the file that ${name}.json was written with`)
  const rows = Buffer.from(metadata.rows, 'base64')
  const hashes = new Uint32Array(rows.buffer.slice(rows.byteOffset, rows.byteOffset + rows.byteLength - (rows.byteLength % 4)))
  return { metadata, table: createRowTable(hashes), onnx: new Uint8Array(onnx), version: sha256(json).slice(0, 12) }
}

export interface WrittenModel extends Omit<Metadata, 'format' | 'features' | 'weights' | 'rows'> {
  readonly hashes: Uint32Array
  readonly onnx: Uint8Array
}

/** Writes both files; the same model gives the same bytes. */
export function writeModelFile(folder: string, { hashes, onnx, ...rest }: WrittenModel): void {
  const metadata: Metadata = {
    format: 1,
    ...rest,
    features: FEATURES_ID,
    weights: sha256(onnx),
    rows: Buffer.from(hashes.buffer, hashes.byteOffset, hashes.byteLength).toString('base64'),
  }
  writeFileSync(join(folder, `${rest.name}.onnx`), onnx)
  writeFileSync(join(folder, `${rest.name}.json`), `${JSON.stringify(metadata, null, 2)}\n`)
}

export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

function read(file: string): Buffer {
  try {
    return readFileSync(file)
  } catch (cause) {
    throw new Fault('MODEL_INVALID', { file, reason: 'the file cannot be read' }, { cause })
  }
}

function parse(file: string, json: Buffer): Metadata {
  let value: unknown
  try {
    value = JSON.parse(json.toString('utf8'))
  } catch (cause) {
    throw new Fault('MODEL_INVALID', { file, reason: 'it is not JSON' }, { cause })
  }
  const parsed = Metadata.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw invalid(file, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'not of the schema'}`)
}

const invalid = (file: string, reason: string): Fault => new Fault('MODEL_INVALID', { file, reason })
