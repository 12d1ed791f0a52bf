// Where the store lies in the data folder.
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Config } from '../config.ts'
import { systemClock } from '../drivers/clock.system.ts'
import { openLmdbRecords } from '../drivers/records.lmdb.ts'
import type { RecordStore } from '../records.ts'
import { forgetPassages } from '../training/encoders.ts'
import { createKnowledgeStore, type KnowledgeKey, type KnowledgeStore } from './knowledge-store.ts'
import { shippedArticles } from './shipped-articles.ts'

export const KNOWLEDGE_FOLDER = 'knowledge'

/** Works beside a running engine. `records`: those of the data folder, unless others are given. Faults: STORE_DAMAGED, STORAGE_FULL. */
export function openKnowledgeStore(
  config: Pick<Config, 'data' | 'shops'>,
  records: RecordStore<KnowledgeKey> = openLmdbRecords<KnowledgeKey>(join(config.data, KNOWLEDGE_FOLDER), 'the records of articles'),
): KnowledgeStore {
  const store = createKnowledgeStore(records, shippedArticles(config.shops), systemClock)
  return {
    ...store,
    async forget(shop) {
      await store.forget(shop)
      forgetPassages(config.data) // a vector says something of its text
    },
  }
}

/** As `openKnowledgeStore`, of a data folder that may not be there; makes nothing. */
export const findKnowledgeStore = (config: Pick<Config, 'data' | 'shops'>): KnowledgeStore | undefined =>
  existsSync(join(config.data, KNOWLEDGE_FOLDER, 'data.mdb')) ? openKnowledgeStore(config) : undefined
