// An encoder that models stand on is kept once, under the hash of its content: its files, and `encoder.json`, which has their hashes and how it is run.
// A model's file has that hash alone. So an encoder can be neither exchanged nor changed under a model, and many models share one.
import { createHash } from 'node:crypto'
import {
  cpSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { basename, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { Fault } from '@parley/core/faults.ts'
import { z } from 'zod'
import { sha256 } from '../model-file.ts'
import { type EncoderSettings, type EncoderWishes, POOLINGS, readExport } from './export-folder.ts'

const Manifest = z.strictObject({
  format: z.literal(1),
  onnx: z.string(),
  settings: z.strictObject({
    pooling: z.enum(POOLINGS),
    isNormalised: z.boolean(),
    longest: z.int().min(3),
    prefix: z.string(),
  }),
  /** By name. */
  files: z.record(z.string(), z.strictObject({ sha256: z.string(), bytes: z.int() })),
})

type Manifest = z.infer<typeof Manifest>

export interface KeptEncoder {
  /** SHA-256 of its encoder.json. */
  readonly hash: string
  readonly folder: string
  readonly onnx: string
  readonly settings: EncoderSettings
}

/** Where it came from, for people and for finding it by name; no part of its content. */
export interface EncoderSource {
  readonly name: string
  /** The hub's, where it came from there. */
  readonly revision?: string
}

export const ENCODERS = 'encoders'
export const HASH = /^[0-9a-f]{64}$/
const MANIFEST = 'encoder.json'
const SOURCE = 'source.json'

/** Keeps an export in the folder of encoders, whole; one that is there already stays as it is. Faults: ENCODER_INVALID. */
export async function keepEncoder(encoders: string, from: string, source: EncoderSource, wishes: EncoderWishes = {}): Promise<KeptEncoder> {
  const { settings, onnx, files } = readExport(from, wishes)
  const hashed: Manifest['files'] = {}
  for (const [name, file] of [...files].sort(([a], [b]) => (a < b ? -1 : 1)))
    hashed[name] = { sha256: await hashOfFile(file), bytes: statSync(file).size }
  return placeAll(encoders, { format: 1, onnx, settings, files: hashed }, files, source)
}

/** The same files, run in another way: an encoder of its own. Faults: ENCODER_INVALID. */
export function adjustEncoder(encoders: string, { hash, folder }: KeptEncoder, { onnx, ...wishes }: EncoderWishes): KeptEncoder {
  const manifest = manifestIn(folder, hash)
  if (onnx !== undefined && basename(onnx) !== manifest.onnx)
    throw new Fault('ENCODER_INVALID', { encoder: folder, reason: `it was kept with ${manifest.onnx}, without ${onnx}` })
  const files = new Map(Object.keys(manifest.files).map(name => [name, join(folder, name)]))
  return placeAll(encoders, { ...manifest, settings: { ...manifest.settings, ...wishes } }, files, sourceIn(folder))
}

function placeAll(encoders: string, manifest: Manifest, files: ReadonlyMap<string, string>, source: EncoderSource): KeptEncoder {
  const text = `${JSON.stringify(manifest, null, 2)}\n`
  return place(encoders, sha256(text), draft => {
    for (const [name, file] of files) cpSync(file, join(draft, name))
    writeFileSync(join(draft, MANIFEST), text)
    writeFileSync(join(draft, SOURCE), `${JSON.stringify(source, null, 2)}\n`)
  })
}

/** Keeps a copy of one that was kept elsewhere. Faults: ENCODER_INVALID. */
export function copyEncoder(encoders: string, { hash, folder }: KeptEncoder): KeptEncoder {
  return place(encoders, hash, draft => cpSync(folder, draft, { recursive: true }))
}

function place(encoders: string, hash: string, fill: (draft: string) => void): KeptEncoder {
  const folder = join(encoders, hash)
  if (!existsSync(folder)) {
    const draft = `${folder}.${process.pid}`
    try {
      rmSync(draft, { recursive: true, force: true })
      mkdirSync(draft, { recursive: true, mode: 0o700 })
      fill(draft)
      renameSync(draft, folder)
    } catch (error) {
      if (!existsSync(folder)) throw error // else somebody else has placed it
    } finally {
      rmSync(draft, { recursive: true, force: true })
    }
  }
  return readEncoder(folder, hash)
}

/** One of those that are kept. Faults: ENCODER_INVALID. */
export const encoderIn = (encoders: string, hash: string): KeptEncoder => readEncoder(join(encoders, hash), hash)

/** Looks at what is cheap to look at: that it is the one of that hash, and that its files are there in their size. Faults: ENCODER_INVALID. */
export function readEncoder(folder: string, hash: string): KeptEncoder {
  const { onnx, settings, files } = manifestIn(folder, hash)
  for (const [name, { bytes }] of Object.entries(files))
    if (statSync(join(folder, name), { throwIfNoEntry: false })?.size !== bytes) throw changed(folder, name)
  return { hash, folder, onnx, settings }
}

/** Looks at every byte, without holding the thread up. Faults: ENCODER_INVALID. */
export async function verifyEncoder({ folder, hash }: KeptEncoder): Promise<void> {
  for (const [name, { sha256: expected }] of Object.entries(manifestIn(folder, hash).files))
    if ((await hashOfFile(join(folder, name))) !== expected) throw changed(folder, name)
}

/** The encoder that a model needs: in its own folder, as `parley train --out` writes it, or beside the models that are kept. Faults: ENCODER_INVALID. */
export function encoderOf(modelFolder: string, hash: string): KeptEncoder {
  const places = [join(modelFolder, 'encoder'), join(modelFolder, '..', '..', ENCODERS, hash)]
  const found = places.find(place => existsSync(join(place, MANIFEST)))
  if (found === undefined)
    throw new Fault('ENCODER_INVALID', { encoder: hash.slice(0, 12), reason: 'a model stands on it, and it is not here' })
  return readEncoder(found, hash)
}

export interface NamedEncoder extends EncoderSource {
  readonly hash: string
}

/** Those that are kept, with their sources. */
export function listEncoders(encoders: string): readonly NamedEncoder[] {
  if (!existsSync(encoders)) return []
  return readdirSync(encoders)
    .filter(name => HASH.test(name))
    .sort()
    .map(hash => ({ hash, ...sourceIn(join(encoders, hash)) }))
}

const Source = z.object({ name: z.string(), revision: z.string().optional() })

/** One without a readable source is known by its hash alone. */
function sourceIn(folder: string): EncoderSource {
  try {
    const { name, revision } = Source.parse(JSON.parse(readFileSync(join(folder, SOURCE), 'utf8')))
    return { name, ...(revision !== undefined && { revision }) }
  } catch {
    return { name: '' }
  }
}

function manifestIn(folder: string, hash: string): Manifest {
  const file = join(folder, MANIFEST)
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Fault('ENCODER_INVALID', { encoder: folder, reason: `${MANIFEST} cannot be read` }, { cause })
  }
  if (sha256(text) !== hash) throw changed(folder, MANIFEST)
  return Manifest.parse(JSON.parse(text)) // as it was written: its hash is right
}

const changed = (folder: string, file: string): Fault =>
  new Fault('ENCODER_INVALID', { encoder: folder, reason: `${file} is not the one that it was kept with` })

async function hashOfFile(file: string): Promise<string> {
  const hash = createHash('sha256')
  await pipeline(createReadStream(file), hash)
  return hash.digest('hex')
}
