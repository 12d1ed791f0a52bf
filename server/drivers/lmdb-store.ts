// What every LMDB store of ours has in common: how it is opened, how it commits, how a new file gets onto the disk.
import { closeSync, fsyncSync, openSync } from 'node:fs'
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb'

/**
 * Without `overlappingSync` a commit ends with its own flush: the pages, fdatasync, then the page that makes them the newest state (O_DSYNC).
 * With it (the default of lmdb-js) readers see a commit before it is on the disk, so that a client could be served an event which a loss of
 * power takes back, and `flushed` may belong to another batch than one's own. There is nothing to overlap here: one batch at a time.
 * Batching by event turn is ours to do, and lmdb-js's own leaves a promise behind that nobody handles when the disk is full.
 */
const optionsFor = (folder: string): RootDatabaseOptionsWithPath => ({
  path: folder,
  maxDbs: 8,
  overlappingSync: false,
  eventTurnBatching: false,
})

/** Opens the store in `folder`, making it where there is none. */
export const openStore = (folder: string): RootDatabase => open(optionsFor(folder))

/** Opens the store in `folder` for reading alone, also while another process writes to it. Throws where there is none. */
export const openStoreToRead = (folder: string): RootDatabase => open({ ...optionsFor(folder), readOnly: true })

/** All of `work` or nothing, on the disk when it resolves. Rejects with an Error that says `what` could not be written, and its cause. */
export async function commit<T>(root: RootDatabase, what: string, work: () => T): Promise<T> {
  // A child transaction, because it alone is taken back as a whole when something throws.
  return outcomeOf(what, root.childTransaction(work))
}

/**
 * All that `puts` puts and removes or nothing, on the disk when it resolves. Nothing is read or decided in it, so that lmdb-js does the work in a
 * thread of its own while this one goes on; the values stay as they are until then. While it is under way the store may have no synchronous
 * transaction (`transactionSync`, `putSync`): lmdb-js would commit the half for it. Rejects as `commit` does.
 */
export async function putTogether(root: RootDatabase, what: string, puts: () => void): Promise<void> {
  await outcomeOf(what, root.batch(puts))
}

async function outcomeOf<T>(what: string, committing: Promise<T>): Promise<T> {
  try {
    return await committing
  } catch (cause) {
    // lmdb-js hangs the reason on the error as a promise of its own, which ends the process if nobody takes it.
    const reason: unknown = cause instanceof Error && 'commitError' in cause ? cause.commitError : undefined
    throw new Error(`${what} could not be written`, {
      cause: reason instanceof Promise ? await reason.catch((why: unknown) => why) : cause,
    })
  }
}

/** A new file is there after a loss of power only if its folder was flushed too. */
export function flushFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
