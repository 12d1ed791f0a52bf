// Puts a new file into its place, whole and on the disk, unless there is one already. Written in its place it could be found half after a loss of
// power, by a start that takes it for what it was; and two who make it at once must not take each other's away.
import { existsSync, linkSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { flushFolder } from './flush-folder.ts'

export function placeFile(file: string, content: string | Uint8Array): void {
  const draft = `${file}.${process.pid}`
  writeFileSync(draft, content, { mode: 0o600, flush: true })
  try {
    linkSync(draft, file) // unlike a rename it replaces nothing
  } catch (error) {
    if (!existsSync(file)) throw error
  } finally {
    rmSync(draft)
  }
  flushFolder(dirname(resolve(file)))
}
