// What an installation keeps of its plugins beside their bundles.
import type * as records from '../records.ts'

/**
 * `plugin`, shop and id; `version`, id and version; `publisher` and fingerprint; `log`, id and hour; `shadow` and `shadow-counts`, shop and id;
 * `shadow-turn`, shop, id and place; `shadow-of`, shop, conversation, id and place.
 */
export type RecordKey = readonly [
  kind: 'plugin' | 'version' | 'publisher' | 'log' | 'shadow' | 'shadow-counts' | 'shadow-turn' | 'shadow-of',
  ...names: string[],
]

export type Records = records.Records<RecordKey>
export type RecordsToChange = records.RecordsToChange<RecordKey>
export type PluginRecords = records.RecordStore<RecordKey>
