// A Python host starts from the memory of an interpreter that was started before: a quarter of the time. The memory is kept in the project's
// folder under a name that says all it was made of; a file that is not what was written is removed and made anew. In a container the image brings it.
// Without a place to keep it, and until it is made, hosts start without.
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { PROJECT } from '../project.ts'
import { createRandomRow } from './grants.ts'
import type { PyodideFiles } from './protocol.ts'
import { buildPyodide } from './pyodide-script.ts'
import { startInterpreter } from './python-prelude.ts'
import { PREPARE } from './python-source.ts'

const MAKER = fileURLToPath(new URL('make-python-snapshot.ts', import.meta.url))

let found: Promise<PyodideFiles> | undefined

/** What Python hosts of this process are given. Rejects as `buildPyodide` does. */
export function pythonFiles(): Promise<PyodideFiles> {
  found ??= buildPyodide().then(files => withSnapshot(files, PROJECT.pythonCache))
  return found
}

/** Adds where the snapshot is, or will be in a few seconds: a process of its own makes it, which goes on when this one ends. */
export async function withSnapshot(files: PyodideFiles, folder: string): Promise<PyodideFiles> {
  const file = await snapshotFileOf(files, folder)
  const canBeKept = openForHosts(folder)
  if (!(await isSound(file))) {
    if (!canBeKept) return files
    spawn(process.execPath, ['--no-node-snapshot', '--disable-warning=ExperimentalWarning', MAKER, folder], {
      env: {},
      stdio: 'ignore',
      detached: true,
    }).unref()
  }
  return { ...files, snapshotFile: file }
}

/** Makes the folder where there is none, for a host to read as nobody. False where it cannot be written to. */
export function openForHosts(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true })
    chmodSync(folder, 0o755)
    return true
  } catch {
    return false
  }
}

/** Named after the Pyodide with our changes, the Python around a plugin and the SDK. */
export async function snapshotFileOf({ script, wasmFile, stdlibFile, sdkFile }: PyodideFiles, folder: string): Promise<string> {
  const hash = createHash('sha256').update(script).update(String(startInterpreter)).update(String(createRandomRow)).update(PREPARE)
  for (const file of [wasmFile, stdlibFile, sdkFile]) hash.update(await readFile(file))
  return join(folder, `${hash.digest('hex').slice(0, 32)}.snapshot`)
}

/** True when the file is as it was written: its hash lies beside it. */
export async function isSound(file: string): Promise<boolean> {
  try {
    const [bytes, expected] = await Promise.all([readFile(file), readFile(`${file}.sha256`, 'utf8')])
    if (hashOf(bytes) === expected) return true
  } catch {
    // one of the two is missing
  }
  try {
    rmSync(file, { force: true })
  } catch {
    // it stands where nothing can be written; nobody is told of it
  }
  return false
}

/** Whoever finds the file finds it whole: it is written beside and renamed, its hash first. Those of other versions are removed. */
export function keepSnapshot(file: string, bytes: Uint8Array): void {
  const write = (to: string, content: Uint8Array | string): void => {
    const beside = `${to}.${process.pid}`
    writeFileSync(beside, content, { mode: 0o644 })
    chmodSync(beside, 0o644) // whatever the umask is
    renameSync(beside, to)
  }
  write(`${file}.sha256`, hashOf(bytes))
  write(file, bytes)
  for (const other of readdirSync(dirname(file)))
    if (!other.startsWith(basename(file)) && /\.snapshot(\.sha256)?$/.test(other)) rmSync(join(dirname(file), other), { force: true })
}

const hashOf = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')
