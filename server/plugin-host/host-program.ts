// What a host process is started with: the program of a host as one plain script, made once and kept in the project's folder. From its sources a start costs
// twice the processor time, most of it for taking the types out of twenty files, and a host is started with every server, command and crash.
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { chmod } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, version } from 'esbuild'
import { PROJECT } from '../project.ts'

const FOLDERS = ['.', '../../plugin-sdk'].map(path => fileURLToPath(new URL(path, import.meta.url)))
const SOURCES = ['host-process.ts', 'watch-lane.ts'].map(name => join(FOLDERS[0]!, name)) // there are two

/** No server is expected to run on for longer after its sources have changed beneath it. */
const KEPT_DAYS = 30

let script: string | undefined

/** The script, if it was made from these very sources and is there; the source else, and then it is being made. */
export function hostProgram(): string {
  if (script === undefined) {
    script = join(PROJECT.hostCache, keyOfSources(), 'host-process.mjs')
    // Where the folder cannot be written hosts do without; an image brings its own (prepare-hosts.ts).
    if (!existsSync(script)) void makeHostProgram(dirname(script)).catch(() => undefined)
  }
  return existsSync(script) ? script : SOURCES[0]!
}

/**
 * Whoever finds the folder finds it whole: it is made beside and renamed. Those of other sources stay for a while: a server of before may still start hosts
 * with them.
 */
export async function makeHostProgram(folder: string): Promise<void> {
  const parent = dirname(folder)
  mkdirSync(parent, { recursive: true })
  const beside = mkdtempSync(join(parent, 'making-'))
  try {
    const { metafile } = await build({
      entryPoints: SOURCES,
      bundle: true,
      platform: 'node',
      format: 'esm',
      target: 'esnext',
      external: ['isolated-vm'],
      outdir: beside,
      outExtension: { '.js': '.mjs' },
      metafile: true,
      logLevel: 'silent',
      absWorkingDir: FOLDERS[0]!,
    })
    const unseen = Object.keys(metafile.inputs).find(input => !FOLDERS.some(each => isDirectlyIn(each, join(FOLDERS[0]!, input))))
    if (unseen !== undefined) throw new Error(`${unseen} is part of the host, and its text is not part of the script's name`)
    for (const each of [parent, beside]) await chmod(each, 0o755) // a host reads it as nobody
    for (const name of readdirSync(beside)) await chmod(join(beside, name), 0o644)
    renameSync(beside, folder)
    removeOld(parent)
  } finally {
    rmSync(beside, { recursive: true, force: true })
  }
}

function removeOld(parent: string): void {
  const before = Date.now() - KEPT_DAYS * 86_400_000
  for (const name of readdirSync(parent)) {
    const folder = join(parent, name)
    if (statSync(folder).mtimeMs < before) rmSync(folder, { recursive: true, force: true })
  }
}

const isDirectlyIn = (folder: string, file: string): boolean => relative(folder, dirname(file)) === ''

/** A hash of every text that the script may be made from. */
export function keyOfSources(): string {
  const hash = createHash('sha256').update(version)
  for (const folder of FOLDERS)
    for (const name of readdirSync(folder).sort())
      if (name.endsWith('.ts') && !name.endsWith('.test.ts')) hash.update(name).update(readFileSync(join(folder, name)))
  return hash.digest('hex').slice(0, 32)
}
