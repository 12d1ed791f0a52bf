// Where the store lies in the data folder.
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../drivers/clock.system.ts'
import { openLmdbRecords } from '../drivers/records.lmdb.ts'
import { unshared } from '../records.ts'
import { createEnsembleStore, type EnsembleKey, type EnsembleRecords, type EnsembleStore } from './ensemble-store.ts'

export const ENSEMBLES_FOLDER = 'ensembles'

/** Works beside a running engine. `records`: those of the data folder, unless others are given. Faults: STORE_DAMAGED, STORAGE_FULL. */
export const openEnsembleStore = (data: string, records = ownRecords(data)): EnsembleStore =>
  createEnsembleStore(records, join(data, ENSEMBLES_FOLDER), systemClock)

const ownRecords = (data: string): EnsembleRecords =>
  unshared(openLmdbRecords<EnsembleKey>(join(data, ENSEMBLES_FOLDER), 'the records of ensembles'))

/** As `openEnsembleStore`, of a data folder that may not be there; makes nothing. */
export const findEnsembleStore = (data: string): EnsembleStore | undefined =>
  existsSync(join(data, ENSEMBLES_FOLDER, 'data.mdb')) ? openEnsembleStore(data) : undefined

/** The names of the versions' files in the store's folder. */
export const ensembleFiles = (folder: string): readonly string[] =>
  existsSync(folder) ? readdirSync(folder).filter(name => /^[0-9a-f]{64}\.yaml$/.test(name)) : []
