// What an installation keeps of plugins and models beside their files, as records: few, small, and read again for every question, since the command
// line writes them while the engine runs.

export interface Records<K extends readonly string[]> {
  /** The JSON that was put. Faults: STORE_DAMAGED. */
  get(key: K): unknown
  /** Those whose keys begin so, in the order of their keys. Faults: STORE_DAMAGED. */
  list(prefix: K): readonly (readonly [names: readonly string[], value: unknown])[]
}

export interface RecordsToChange<K extends readonly string[]> extends Records<K> {
  put(key: K, value: object): void
  remove(key: K): void
}

export interface RecordStore<K extends readonly string[]> extends Records<K> {
  /** All of `work` or nothing, on the disk when it resolves; of all processes one at a time is in it. Faults: STORAGE_FULL. */
  change<T>(work: (records: RecordsToChange<K>) => T): Promise<T>
  close(): Promise<void>
}

/** Records of which another node may change some. */
export interface SharedRecordStore<K extends readonly string[]> extends RecordStore<K> {
  /** True where several nodes have them. */
  readonly isShared: boolean
  /** Calls `listener` with the keys of what another node or command has changed, once it is here. Never, where nobody shares them. */
  moved(listener: (keys: readonly K[]) => unknown): void
}

export const unshared = <K extends readonly string[]>(records: RecordStore<K>): SharedRecordStore<K> => ({
  ...records,
  isShared: false,
  moved: () => {},
})
