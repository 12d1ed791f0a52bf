// Makes something that can be run of a plugin's folder: plugin.ts is bundled into one script with nothing left to import; plugin.yaml names
// a Python file. No line of a plugin's code runs in the engine: a manifest written in TypeScript is read in a host that is thrown away.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { parseDocument } from 'yaml'
import { bundlePlugin } from './bundle-plugin.ts'
import { createManifestReader, type ManifestReader } from './manifest-reader.ts'
import type { Guest } from './protocol.ts'

export interface LoadedPlugin {
  readonly manifest: Manifest
  /** Version of the manifest and hash of all that runs: `1.0.0-3f2a9c01d4e5`. */
  readonly version: string
  readonly guest: Guest
}

/** Every plugin that can be used and a fault PLUGIN_INVALID for each that cannot; one bad plugin does not stop the others. */
export async function loadPlugins(
  folders: readonly string[],
): Promise<{ readonly plugins: readonly LoadedPlugin[]; readonly faults: readonly Fault<'PLUGIN_INVALID'>[] }> {
  const reader = createManifestReader()
  const plugins = new Map<string, LoadedPlugin>()
  const faults: Fault<'PLUGIN_INVALID'>[] = []
  try {
    const loaded = await Promise.allSettled(folders.map(folder => loadPlugin(folder, reader)))
    loaded.forEach((result, at) => {
      if (result.status === 'rejected') {
        if (!(result.reason instanceof Fault)) throw result.reason
        faults.push(result.reason)
      } else if (plugins.has(result.value.manifest.id))
        faults.push(invalid(folders[at]!, 'id', `another plugin is called "${result.value.manifest.id}" already`))
      else plugins.set(result.value.manifest.id, result.value)
    })
  } finally {
    await reader.close()
  }
  return { plugins: [...plugins.values()], faults }
}

async function loadPlugin(folder: string, reader: ManifestReader): Promise<LoadedPlugin> {
  if (existsSync(join(folder, 'plugin.ts'))) return loadTypescript(folder, reader)
  if (existsSync(join(folder, 'plugin.yaml'))) return loadPython(folder)
  throw invalid(folder, '', 'the folder has neither plugin.ts nor plugin.yaml')
}

async function loadTypescript(folder: string, reader: ManifestReader): Promise<LoadedPlugin> {
  const name = basename(folder)
  const code = await bundlePlugin(folder)
  const read = await reader.read(code)
  if (!read.isRead) throw invalid(folder, 'plugin.ts', read.reason)
  const given: unknown = JSON.parse(read.json)
  const manifest = checkManifest(name, { ...(typeof given === 'object' ? given : {}), runtime: 'typescript' })
  return { manifest, version: versionOf(manifest, code), guest: { plugin: manifest.id, runtime: 'typescript', code, ...manifest.limits } }
}

function loadPython(folder: string): LoadedPlugin {
  const text = readFileSync(join(folder, 'plugin.yaml'), 'utf8')
  const document = parseDocument(text)
  if (document.errors[0]) throw invalid(folder, 'plugin.yaml', document.errors[0].message)
  const manifest = checkManifest(basename(folder), document.toJS({ maxAliasCount: 0 }))
  if (manifest.runtime !== 'python')
    throw invalid(folder, 'runtime', 'a plugin.yaml describes a Python plugin; a TypeScript plugin has a plugin.ts')
  const file = join(folder, `${manifest.module}.py`)
  if (!existsSync(file)) throw invalid(folder, 'module', `there is no ${manifest.module}.py beside plugin.yaml`)
  if (!realpathSync(file).startsWith(realpathSync(folder))) throw invalid(folder, 'module', 'it links to a file outside of the folder')
  const code = readFileSync(file, 'utf8')
  const python = { module: manifest.module, className: manifest.class }
  return {
    manifest,
    version: versionOf(manifest, text + code),
    guest: { plugin: manifest.id, runtime: 'python', code, ...manifest.limits, python },
  }
}

function checkManifest(name: string, given: unknown): Manifest {
  const checked = Manifest.safeParse(given)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  throw new Fault('PLUGIN_INVALID', {
    plugin: name,
    path: ['manifest', ...(issue?.path ?? [])].join('.'),
    reason: issue?.message ?? 'it is not a manifest',
  })
}

const versionOf = (manifest: Manifest, code: string): string =>
  `${manifest.version}-${createHash('sha256').update(code).digest('hex').slice(0, 12)}`

const invalid = (folder: string, path: string, reason: string): Fault<'PLUGIN_INVALID'> =>
  new Fault('PLUGIN_INVALID', { plugin: basename(folder), path, reason })
