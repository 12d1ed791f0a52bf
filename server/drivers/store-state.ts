// How an LMDB store stands: what an operator watches. LMDB writes no page that any reader may still see, so one reader that does not go on makes the
// file grow with every commit. A reader whose process was killed leaves its slot behind; LMDB clears those when a store is opened, and here.
import type { Database, RootDatabase } from 'lmdb'

export interface StoreState {
  /** What is mapped of the file: it grows by itself, and the file with it. */
  readonly mapBytes: number
  /** Pages that hold something. */
  readonly usedBytes: number
  /** Pages that were freed and are used again before the file grows. */
  readonly freeBytes: number
  readonly readers: number
  /** Commits since the one that the oldest reader sees; 0 where nobody reads. */
  readonly oldestReaderCommits: number
}

interface PageCounts {
  readonly pageSize: number
  readonly treeBranchPageCount: number
  readonly treeLeafPageCount: number
  readonly overflowPages: number
}

/** What lmdb-js gives, though it declares an empty object. */
interface Stats extends PageCounts {
  readonly root: PageCounts
  readonly free: PageCounts
  readonly mapSize: number
  /** Of the last page that was ever used. */
  readonly lastPageNumber: number
  readonly lastTxnId: number
}

/** The first two pages say which state is the newest. */
const META_PAGES = 2

/** `tables`: all of the store's. */
export function storeStateOf(root: RootDatabase, tables: readonly Pick<Database, 'getStats'>[]): StoreState {
  root.readerCheck()
  const { pageSize, root: names, free, mapSize, lastPageNumber, lastTxnId } = root.getStats() as Stats // see there
  const used = [names, free, ...tables.map(table => table.getStats() as Stats)] // as above
    .map(counts => counts.treeBranchPageCount + counts.treeLeafPageCount + counts.overflowPages)
    .reduce((sum, pages) => sum + pages, META_PAGES)
  const seen = readersOf(root.readerList())
  return {
    mapBytes: mapSize,
    usedBytes: used * pageSize,
    freeBytes: (lastPageNumber + 1 - used) * pageSize,
    readers: seen.length,
    oldestReaderCommits: Math.max(0, ...seen.map(commit => lastTxnId - commit)),
  }
}

/** The commit that each reader sees at this moment, out of LMDB's list: a line of process, thread and commit for each; a dash for one that rests. */
const readersOf = (list: string): readonly number[] =>
  list.split('\n').flatMap(line => {
    const [, commit] = /^\s*\d+ \S+ (\d+)$/.exec(line) ?? []
    return commit === undefined ? [] : [Number(commit)]
  })
