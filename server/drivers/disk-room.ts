// Whether a disk is full, by what it says of itself and by what a write on it came to.
import { existsSync, statfsSync } from 'node:fs'
import { dirname } from 'node:path'

/** Less than this is no room: a commit writes some pages, a new store some more. */
const NO_ROOM_BYTES = 2 ** 20

/** When whoever was refused for want of room may try again. */
export const RETRY_AFTER_MS = 5_000

/** Of the disk that the folder is on, or will be on once it is made. */
export function hasNoRoom(folder: string): boolean {
  if (!existsSync(folder)) return hasNoRoom(dirname(folder))
  const { bavail, bsize } = statfsSync(folder)
  return bavail * bsize < NO_ROOM_BYTES
}

/** Node's own error of a write for which there was no room. */
export const isNoRoom = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ENOSPC' || error.code === 'EDQUOT')
