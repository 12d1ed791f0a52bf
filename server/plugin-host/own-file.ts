// Reads of a plugin's folder what is truly in it. The engine reads with its own rights, so a link must not lead it to a file of the machine, nor
// a pipe or a device hold it up or fill its memory.
import { readFileSync, realpathSync, statSync } from 'node:fs'
import { sep } from 'node:path'

const MB = 2 ** 20
/** Ample for code and word lists; a parser's memory is a few hundred times of it. */
const LARGEST_MB = 1

/** Why the engine does not read this file for a plugin; undefined when it does. `path` is there and has no link in it. */
export function unreadable(path: string): string | undefined {
  const found = statSync(path)
  if (!found.isFile()) return 'it is no plain file'
  return found.size > LARGEST_MB * MB ? `it has more than ${LARGEST_MB} MB` : undefined
}

export type OwnFile = { readonly isRead: true; readonly text: string } | { readonly isRead: false; readonly reason: string }

/** A file of the folder as text. `path` must be there. */
export function readOwnFile(folder: string, path: string): OwnFile {
  const real = realpathSync(path)
  if (!real.startsWith(realpathSync(folder) + sep)) return { isRead: false, reason: 'it links to a file outside of the folder' }
  const reason = unreadable(real)
  if (reason !== undefined) return { isRead: false, reason }
  return { isRead: true, text: readFileSync(real, 'utf8') }
}
