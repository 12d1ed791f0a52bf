// The sentence encoders of this installation: one that is named is looked for, kept by its content, and run once before anything is trained on it.
import { existsSync, readdirSync, rmSync, statSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { openEncoder } from '@parley/models/encoder/encode.ts'
import type { EncoderWishes } from '@parley/models/encoder/export-folder.ts'
import {
  adjustEncoder,
  ENCODERS,
  encoderIn,
  type KeptEncoder,
  keepEncoder,
  listEncoders,
  type NamedEncoder,
} from '@parley/models/encoder/kept-encoder.ts'
import type { TaskEncoder } from '@parley/models/train/task.ts'
import { flushFolder } from '../drivers/flush-folder.ts'
import { MODELS_FOLDER } from '../model-store/open-model-store.ts'
import { flushTree } from '../upkeep/folders.ts'
import { type FetchOptions, fetchEncoder, type HubName, hubName } from './hub.ts'

export const encodersFolder = (data: string): string => join(data, MODELS_FOLDER, ENCODERS)

/** Vectors that one has given; a cache, which may be removed at any time. */
export const vectorsFolder = (data: string, hash: string): string => join(data, ENCODINGS, hash)

/** Those of articles' passages, apart from the many more that a training leaves. */
export const passagesFolder = (data: string, hash: string): string => join(vectorsFolder(data, hash), PASSAGES)

/** Forgets what all encoders have given of passages: those that are still there are encoded anew. */
export function forgetPassages(data: string): void {
  const encodings = join(data, ENCODINGS)
  if (!existsSync(encodings)) return
  for (const hash of readdirSync(encodings)) rmSync(join(encodings, hash, PASSAGES), { recursive: true, force: true })
}

const ENCODINGS = 'encodings'
const PASSAGES = 'passages'

/** Faults: ENCODER_INVALID. */
export const keptEncoder = (data: string, hash: string): KeptEncoder => encoderIn(encodersFolder(data), hash)

export interface AskedEncoder {
  /** A folder, the name of one that is kept, the beginning of its hash, or a name of the hub. */
  readonly encoder: string
  readonly wishes: EncoderWishes
  readonly isBlended: boolean
}

export interface HubAccess {
  readonly url: string
  /** Nothing is asked of the hub. */
  readonly isOffline: boolean
  readonly onProgress?: FetchOptions['onProgress']
}

/** Undefined where none is asked for. Faults: ENCODER_ABSENT, ENCODER_INVALID, HUB_UNREACHABLE. */
export async function taskEncoder(
  data: string,
  { encoder, wishes, isBlended }: AskedEncoder,
  hub: HubAccess,
): Promise<TaskEncoder | undefined> {
  if (encoder === 'none') return undefined
  const kept = await findEncoder(data, encoder, wishes, hub)
  const opened = await openEncoder(kept)
  const { size } = opened
  await opened.close()
  const name = listEncoders(encodersFolder(data)).find(({ hash }) => hash === kept.hash)?.name || encoder
  return { name, hash: kept.hash, size, isBlended }
}

/** One that is named, kept by its content and on the disk. Faults: ENCODER_ABSENT, ENCODER_INVALID, HUB_UNREACHABLE. */
export async function findEncoder(data: string, asked: string, wishes: EncoderWishes, hub: HubAccess): Promise<KeptEncoder> {
  const kept = await find(data, asked, wishes, hub)
  flushTree(kept.folder)
  flushFolder(encodersFolder(data))
  return kept
}

async function find(data: string, asked: string, wishes: EncoderWishes, hub: HubAccess): Promise<KeptEncoder> {
  const encoders = encodersFolder(data)
  if (isFolder(asked)) return keepEncoder(encoders, asked, { name: basename(resolve(asked)) }, wishes)
  const here = listEncoders(encoders)
  const published = hubName(asked)
  // What was fetched once stays at its commit: the same name gives the same encoder, until a revision is named.
  const isOf = ({ name, revision }: NamedEncoder): boolean =>
    name === asked || (published !== undefined && name === published.name && revision === published.revision)
  const fitting = here.filter(each => isOf(each) || (/^[0-9a-f]{6,64}$/.test(asked) && each.hash.startsWith(asked)))
  const [one] = fitting
  if (one && fitting.length === 1) return adjustEncoder(encoders, encoderIn(encoders, one.hash), wishes)
  if (!one && published && !hub.isOffline) return keepPublished(data, published, wishes, hub)
  const reason = fitting.length > 1 ? 'several bear that name, take one by its hash: ' : ''
  throw new Fault('ENCODER_ABSENT', {
    encoder: asked,
    there: reason + namesOf(fitting.length > 1 ? fitting : here, published && hub.isOffline),
  })
}

async function keepPublished(data: string, published: HubName, wishes: EncoderWishes, hub: HubAccess): Promise<KeptEncoder> {
  const { folder, revision } = await fetchEncoder(join(data, 'hub'), published, { ...hub, onnx: wishes.onnx })
  const kept = await keepEncoder(encodersFolder(data), folder, { name: published.name, revision }, wishes)
  rmSync(folder, { recursive: true })
  return kept
}

const isFolder = (path: string): boolean => existsSync(path) && statSync(path).isDirectory()

const namesOf = (encoders: readonly NamedEncoder[], isCutOff = false): string =>
  [
    ...encoders.map(({ name, hash }) => `${name} (${hash.slice(0, 12)})`),
    'none (sub-word features, which need no download)',
    'any folder with an ONNX export',
    ...(isCutOff ? ['nothing of the hub, since offline is set'] : []),
  ].join(', ')
