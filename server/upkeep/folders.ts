// What backup and restore do with folders, so that what they have written is there after a loss of power, and for its owner's eyes only.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { flushFolder } from '../drivers/flush-folder.ts'

/** Makes the folder where there is none. Faults: FOLDER_NOT_EMPTY. */
export function claimEmpty(folder: string): void {
  if (existsSync(folder) && readdirSync(folder).length > 0) throw new Fault('FOLDER_NOT_EMPTY', { folder })
  makeOwn(folder)
}

export const makeOwn = (folder: string): void => void mkdirSync(folder, { recursive: true, mode: 0o700 })

/** Brings everything in the folder onto the disk. */
export function flushTree(folder: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) flushTree(path)
    else if (entry.isFile()) flushFile(path)
  }
  flushFolder(folder)
}

function flushFile(file: string): void {
  const descriptor = openSync(file, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
