import { closeSync, fsyncSync, openSync } from 'node:fs'

/** A new file is there after a loss of power only if its folder was flushed too. */
export function flushFolder(folder: string): void {
  const descriptor = openSync(folder, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
