// Where the store lies in the data folder.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { ENCODERS } from '@parley/models/encoder/kept-encoder.ts'
import { KINDS } from '@parley/models/train/data-file.ts'
import { systemClock } from '../drivers/clock.system.ts'
import { openLmdbRecords } from '../drivers/records.lmdb.ts'
import { createModelStore, type ModelKey, type ModelStore, VERSION } from './model-store.ts'

export const MODELS_FOLDER = 'models'

/** Works beside a running engine. Faults: STORE_DAMAGED, STORAGE_FULL. */
export const openModelStore = (data: string): ModelStore =>
  createModelStore(openLmdbRecords<ModelKey>(join(data, MODELS_FOLDER), 'the records of models'), join(data, MODELS_FOLDER), systemClock)

/** As `openModelStore`, of a data folder that may not be there; makes nothing. */
export const findModelStore = (data: string): ModelStore | undefined =>
  existsSync(join(data, MODELS_FOLDER, 'data.mdb')) ? openModelStore(data) : undefined

/** The versions that lie in the store's folder, whole, and the encoders that they stand on, with their place in it. */
export const versionFolders = (folder: string): readonly { readonly folder: string; readonly path: string }[] =>
  [...KINDS, ENCODERS]
    .filter(kind => existsSync(join(folder, kind)))
    .flatMap(kind =>
      readdirSync(join(folder, kind))
        .filter(name => VERSION.test(name))
        .map(name => ({ folder: join(folder, kind, name), path: join(kind, name) })),
    )
