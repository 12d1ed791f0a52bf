// Where the engine listens for its socket processes: in a folder that nobody but its owner can enter.
import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { EnginePaths } from '../compose.ts'

/** Bytes that a socket's name may have: 108 on Linux and fewer elsewhere, its end included. */
const LONGEST_NAME = 100

/** Under the data folder, or under the system's temporary one where that name is too long. `remove` takes away what was made for this time alone. */
export function makeEnginePaths(data: string): { readonly paths: EnginePaths; remove(): void } {
  const wanted = join(data, 'run')
  const isShort = Buffer.byteLength(join(wanted, 'link.sock')) <= LONGEST_NAME
  if (isShort) mkdirSync(wanted, { recursive: true, mode: 0o700 })
  const folder = isShort ? wanted : mkdtempSync(join(tmpdir(), 'parley-'))
  chmodSync(folder, 0o700)
  return {
    paths: { link: join(folder, 'link.sock'), http: join(folder, 'http.sock') },
    // The folder under the data may be another engine's by now.
    remove() {
      if (!isShort) rmSync(folder, { recursive: true, force: true })
    },
  }
}
