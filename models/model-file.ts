// A model on disk is two files: `<name>.onnx`, the weights, and `<name>.json`, all else that belongs to them. They are read together, and
// refused unless they belong to each other and to this code's features.
import { createHash } from 'node:crypto'
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import type { View } from './encoder/view.ts'
import { FEATURES_ID } from './features.ts'
import { createRowTable, type RowTable } from './rows.ts'
import { UrgencyWeights } from './urgency.ts'

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
  /** The sentiment model only; absent where the pack has no examples of urgency, and in models of releases before. */
  urgency: UrgencyWeights.optional(),
  /** When a text is turned down, of an intent model that was trained with texts out of scope. */
  rejection: z
    .strictObject({
      confidence: z.number().min(0).max(1),
      /** Models of releases before have none, and compare the probabilities as they are. */
      softness: z.number().min(1).default(1),
      distance: z.number().min(0).max(1),
      outOfScope: z.number().min(0).max(1),
    })
    .optional(),
  /** Of a model whose head stands on a sentence encoder: which one, and how it sees that one's vectors. Little-endian 32-bit, base64. */
  encoder: z.strictObject({ name: z.string(), hash: z.string(), centre: z.base64(), stretch: z.base64(), classes: z.base64() }).optional(),
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
  /** Of a model with an encoder. */
  readonly view?: View
  /** Path of the weights, for onnxruntime to read. */
  readonly onnxFile: string
  /** Start of the SHA-256 over the JSON file, which holds the hash of the weights: names both files exactly. */
  readonly version: string
}

/** Faults: MODEL_INVALID, naming the file. */
export function readModelFile(folder: string, name: string): ModelFile {
  const jsonFile = join(folder, `${name}.json`)
  const onnxFile = join(folder, `${name}.onnx`)
  const json = read(jsonFile)
  const metadata = parse(jsonFile, json)
  if (metadata.features !== FEATURES_ID)
    throw invalid(jsonFile, `it was trained with the features ${metadata.features}; these are ${FEATURES_ID}: train it again`)
  if (metadata.weights !== sha256OfFile(onnxFile)) throw invalid(onnxFile, `it is not the file that ${name}.json was written with`)
  const view = metadata.encoder && readView(jsonFile, metadata.encoder)
  return {
    metadata,
    table: createRowTable(new Uint32Array(wordsOf(metadata.rows))),
    ...(view && { view }),
    onnxFile,
    version: versionOf(json),
  }
}

/** `ModelFile.version`, without a look at what the files hold. Faults: MODEL_INVALID, naming the file. */
export const readModelVersion = (folder: string, name: string): string => versionOf(read(join(folder, `${name}.json`)))

const versionOf = (json: Buffer): string => sha256(json).slice(0, 12)

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
    rows: base64Of(hashes),
  }
  writeFileSync(join(folder, `${rest.name}.onnx`), onnx)
  writeFileSync(join(folder, `${rest.name}.json`), `${JSON.stringify(metadata, null, 2)}\n`)
}

/** A view as a model's file has it. */
export const writtenView = ({ centre, stretch, classes }: View): Omit<NonNullable<Metadata['encoder']>, 'name' | 'hash'> => ({
  centre: base64Of(centre),
  stretch: base64Of(stretch),
  classes: base64Of(classes),
})

function readView(file: string, { centre, stretch, classes }: NonNullable<Metadata['encoder']>): View {
  const view = {
    centre: new Float32Array(wordsOf(centre)),
    stretch: new Float32Array(wordsOf(stretch)),
    classes: new Float32Array(wordsOf(classes)),
  }
  const size = view.centre.length
  if (size === 0 || view.stretch.length !== size || view.classes.length % size !== 0)
    throw invalid(file, 'encoder: its lists of numbers do not fit together')
  return view
}

const base64Of = ({ buffer, byteOffset, byteLength }: Uint32Array | Float32Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')

/** Whole 32-bit words. */
function wordsOf(base64: string): ArrayBuffer {
  const { buffer, byteOffset, length } = Buffer.from(base64, 'base64')
  return buffer.slice(byteOffset, byteOffset + length - (length % 4))
}

export const sha256 = (data: Uint8Array | string): string => createHash('sha256').update(data).digest('hex')

/** Piece by piece: a buffer for all the weights would take longer to get than they to read. */
function sha256OfFile(file: string): string {
  return reading(file, () => {
    const descriptor = openSync(file, 'r')
    try {
      const hash = createHash('sha256')
      const piece = Buffer.allocUnsafe(PIECE)
      for (let got = readSync(descriptor, piece); got > 0; got = readSync(descriptor, piece)) hash.update(piece.subarray(0, got))
      return hash.digest('hex')
    } finally {
      closeSync(descriptor)
    }
  })
}

const PIECE = 65_536

const read = (file: string): Buffer => reading(file, () => readFileSync(file))

function reading<T>(file: string, from: () => T): T {
  try {
    return from()
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
