// What every LMDB store of ours has in common: how it is opened, how it commits, how a new file gets onto the disk.
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, readSync, rmSync, statSync } from 'node:fs'
import { constants, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { open, type RootDatabase, type RootDatabaseOptionsWithPath } from 'lmdb'
import { hasNoRoom, RETRY_AFTER_MS } from './disk-room.ts'
import { placeFile } from './place-file.ts'

/** Of LMDB's file, as of the machine's memory. */
const PAGE = 4_096

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

/**
 * Opens the store in `folder`, making it where there is none. Faults: STORE_DAMAGED, where its file is none of LMDB's any more; STORAGE_FULL, where a
 * file of it has to be made and there is no room: LMDB would map a file that has no blocks, and the first write into it ends the process.
 */
export function openStore(folder: string): RootDatabase {
  const file = join(folder, 'data.mdb')
  const isThere = [file, join(folder, 'lock.mdb')].every(path => existsSync(path))
  if (!isThere && hasNoRoom(folder)) throw new Fault('STORAGE_FULL', { what: folder, retryAfterMs: RETRY_AFTER_MS })
  if (!existsSync(file)) {
    mkdirSync(folder, { recursive: true })
    placeFile(file, emptyStore())
  }
  refuseTornEnd(file)
  const root = naming(file, () => open(optionsFor(folder)))
  folders.set(root, folder)
  return root
}

const folders = new WeakMap<RootDatabase, string>()

/** Opens the store in `folder` for reading alone, also while another process writes to it. Throws where there is none. Faults: STORE_DAMAGED. */
export function openStoreToRead(folder: string): RootDatabase {
  const file = join(folder, 'data.mdb')
  if (existsSync(file)) refuseTornEnd(file)
  return naming(file, () => open({ ...optionsFor(folder), readOnly: true }))
}

/**
 * A file that ends within a page that is in use: the system shows the rest of the page as zeros, and rows in it would be read as gone. LMDB does not
 * look. Where whole pages are missing, it ends the process that reads one.
 */
function refuseTornEnd(file: string): void {
  const { size } = statSync(file)
  const bytes = Buffer.alloc(2 * PAGE)
  const descriptor = openSync(file, 'r')
  try {
    readSync(descriptor, bytes, 0, bytes.length, 0)
  } finally {
    closeSync(descriptor)
  }
  // The first two pages say by turns which page is the last, and in which transaction.
  const [first, second] = [0, PAGE].map(at => ({ last: bytes.readBigUInt64LE(at + 144), transaction: bytes.readBigUInt64LE(at + 152) }))
  const newest = first && second && (first.transaction > second.transaction ? first : second)
  if (newest && size % PAGE !== 0 && BigInt(Math.floor(size / PAGE)) <= newest.last)
    throw new Fault('STORE_DAMAGED', { file, reason: 'it was cut short: it ends within a page' })
}

/**
 * The file of a store with nothing in it. LMDB writes the first pages of a new file without a flush between them: after a loss of power they may be
 * torn, and LMDB ends the process that opens such a file. So they are made elsewhere, and put into place whole.
 */
function emptyStore(): Buffer {
  const folder = mkdtempSync(join(tmpdir(), 'parley-store-'))
  const root = open(optionsFor(folder))
  const bytes = readFileSync(join(folder, 'data.mdb'))
  void root.close().finally(() => rmSync(folder, { recursive: true, force: true }))
  return bytes
}

/** LMDB's own errors carry its number. */
export const isOfTheStore = (error: unknown): error is Error => error instanceof Error && 'code' in error && typeof error.code === 'number'

/** What LMDB says of the file becomes a fault that names it. */
export function naming<T>(file: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    throw named(file, cause)
  }
}
export const named = (file: string, cause: unknown): unknown =>
  isOfTheStore(cause) ? new Fault('STORE_DAMAGED', { file, reason: cause.message }, { cause }) : cause

/** What a full disk, a quota, a limit of file size and a full map come to in LMDB. */
const FULL: ReadonlySet<unknown> = new Set([constants.errno.ENOSPC, constants.errno.EDQUOT, constants.errno.EFBIG, -30_792])

/**
 * All of `work` or nothing, on the disk when it resolves. Faults: STORAGE_FULL; whatever was there before can still be read, and what comes when
 * there is room again is taken. Otherwise rejects with an Error that says `what` could not be written, and its cause.
 */
export async function commit<T>(root: RootDatabase, what: string, work: () => T): Promise<T> {
  // A child transaction, because it alone is taken back as a whole when something throws.
  return outcomeOf(root, what, root.childTransaction(work))
}

/**
 * All that `puts` puts and removes or nothing, on the disk when it resolves. Nothing is read or decided in it, so that lmdb-js does the work in a
 * thread of its own while this one goes on; the values stay as they are until then. While it is under way the store may have no synchronous
 * transaction (`transactionSync`, `putSync`): lmdb-js would commit the half for it. Rejects as `commit` does.
 */
export async function putTogether(root: RootDatabase, what: string, puts: () => void): Promise<void> {
  await outcomeOf(root, what, root.batch(puts))
}

async function outcomeOf<T>(root: RootDatabase, what: string, committing: Promise<T>): Promise<T> {
  try {
    return await committing
  } catch (error) {
    // lmdb-js hangs the reason on the error as a promise of its own, which ends the process if nobody takes it.
    const reason: unknown = error instanceof Error && 'commitError' in error ? error.commitError : undefined
    const cause: unknown = reason instanceof Promise ? await reason.catch((why: unknown) => why) : error
    if (isFull(cause, root)) throw new Fault('STORAGE_FULL', { what, retryAfterMs: RETRY_AFTER_MS }, { cause })
    throw new Error(`${what} could not be written`, { cause })
  }
}

/** A write that a full disk cut short is EIO in LMDB, as one to a broken disk is; it was the room where there is none. */
function isFull(cause: unknown, root: RootDatabase): boolean {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined
  const folder = folders.get(root)
  return code === constants.errno.EIO && folder !== undefined ? hasNoRoom(folder) : FULL.has(code)
}
