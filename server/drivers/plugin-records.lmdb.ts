import type { PluginRecords, RecordKey } from '../plugin-store/plugin-records.ts'
import { openLmdbRecords } from './records.lmdb.ts'

/** The records of plugins in `folder`, as `openLmdbRecords` opens them. */
export const openLmdbPluginRecords = (folder: string): PluginRecords => openLmdbRecords<RecordKey>(folder, 'the records of plugins')
