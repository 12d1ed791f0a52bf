// Where the store lies in the data folder.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../drivers/clock.system.ts'
import { openLmdbPluginRecords } from '../drivers/plugin-records.lmdb.ts'
import { createPluginStore, type PluginStore } from './plugin-store.ts'

export const PLUGINS_FOLDER = 'plugins'
export const BUNDLES_FOLDER = 'bundles'

/** Works beside a running engine. Faults: STORE_DAMAGED, STORAGE_FULL. */
export const openPluginStore = (data: string): PluginStore =>
  createPluginStore(openLmdbPluginRecords(join(data, PLUGINS_FOLDER)), join(data, PLUGINS_FOLDER, BUNDLES_FOLDER), systemClock)

/** As `openPluginStore`, of a data folder that may not be there; makes nothing. */
export const findPluginStore = (data: string): PluginStore | undefined =>
  existsSync(join(data, PLUGINS_FOLDER, 'data.mdb')) ? openPluginStore(data) : undefined
