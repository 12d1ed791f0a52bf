// Puts a file into its place, in the stead of the one that is there: whoever reads finds the one or the other, whole.
import { randomBytes } from 'node:crypto'
import { open, rename, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { isNoRoom, RETRY_AFTER_MS } from './disk-room.ts'
import { flushFolder } from './flush-folder.ts'

/** On the disk when it resolves. For its owner's eyes only. Faults: STORAGE_FULL. */
export async function replaceFile(file: string, content: string): Promise<void> {
  const draft = `${file}.${randomBytes(4).toString('hex')}.new`
  try {
    const handle = await open(draft, 'wx', 0o600)
    try {
      await handle.writeFile(content)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(draft, file)
    flushFolder(dirname(file))
  } catch (cause) {
    await rm(draft, { force: true })
    throw isNoRoom(cause) ? new Fault('STORAGE_FULL', { what: dirname(file), retryAfterMs: RETRY_AFTER_MS }, { cause }) : cause
  }
}
