// What an installation keeps of its plugins beside their bundles, as records: few, small, and read again for every question, since the command line
// writes them while the engine runs.

/**
 * `plugin`, shop and id; `version`, id and version; `publisher` and fingerprint; `log`, id and hour; `shadow` and `shadow-counts`, shop and id;
 * `shadow-turn`, shop, id and place; `shadow-of`, shop, conversation, id and place.
 */
export type RecordKey = readonly [
  kind: 'plugin' | 'version' | 'publisher' | 'log' | 'shadow' | 'shadow-counts' | 'shadow-turn' | 'shadow-of',
  ...names: string[],
]

export interface Records {
  /** The JSON that was put. Faults: STORE_DAMAGED. */
  get(key: RecordKey): unknown
  /** Those whose keys begin so, in the order of their keys. Faults: STORE_DAMAGED. */
  list(prefix: RecordKey): readonly (readonly [names: readonly string[], value: unknown])[]
}

export interface RecordsToChange extends Records {
  put(key: RecordKey, value: object): void
  remove(key: RecordKey): void
}

export interface PluginRecords extends Records {
  /** All of `work` or nothing, on the disk when it resolves; of all processes one at a time is in it. Faults: STORAGE_FULL. */
  change<T>(work: (records: RecordsToChange) => T): Promise<T>
  close(): Promise<void>
}
