// What was found out once at some cost and holds as long as what it was found out from: kept in the project's folder under a hash of that, so that a
// server's start does not find it out again. Where the folder cannot be written, as in a container, it is found out each time.
import { createHash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { PROJECT } from './project.ts'

/** Everything that what is kept depends on. */
export type From = readonly (string | Uint8Array)[]

const fileOf = (from: From): string => {
  const hash = createHash('sha256')
  for (const each of from) hash.update(`${each.length} `).update(each)
  return join(PROJECT.found, hash.digest('hex'))
}

export function foundBefore(from: From): string | undefined {
  try {
    return readFileSync(fileOf(from), 'utf8')
  } catch {
    return undefined // nobody has found it out yet
  }
}

/** Whoever reads it finds it whole: it is written beside and renamed. */
export function keepFound(from: From, found: string): void {
  const file = fileOf(from)
  const beside = `${file}.${process.pid}`
  try {
    mkdirSync(PROJECT.found, { recursive: true })
    writeFileSync(beside, found)
    renameSync(beside, file)
  } catch {
    // as said above
  }
}
