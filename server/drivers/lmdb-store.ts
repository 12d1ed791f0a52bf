// How every LMDB store of ours is opened.
import type { RootDatabaseOptionsWithPath } from 'lmdb'

/** `safeRestore` is an option of lmdb-js that its types do not list: after a loss of power it takes the last state that was flushed for certain. */
type StoreOptions = RootDatabaseOptionsWithPath & { readonly safeRestore: true }

export const storeOptions = (folder: string): StoreOptions => ({ path: folder, maxDbs: 8, safeRestore: true })
