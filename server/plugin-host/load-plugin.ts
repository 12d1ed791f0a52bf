// Makes something that can be run of a plugin's folder: plugin.ts is bundled into one script with nothing left to import; plugin.yaml names
// a Python file. No line of a plugin's code runs in the engine: a manifest written in TypeScript is read in a host that is thrown away.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { checkSettings, type SettingValues } from '@parley/plugin-sdk/setting-values.ts'
import { parseDocument } from 'yaml'
import { bundlePlugin } from './bundle-plugin.ts'
import { createManifestReader, type ManifestReader } from './manifest-reader.ts'
import type { Guest } from './protocol.ts'

export interface LoadedPlugin {
  readonly manifest: Manifest
  /** Version of the manifest and hash of all that runs, with a hash of the settings where there are any: `1.0.0-3f2a9c01d4e5+51b3c8d2`. */
  readonly version: string
  readonly settings: SettingValues
  readonly guest: Guest
}

/** What a shop has set of its plugins, by their ids. */
export type PluginSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>

/** Every plugin that can be used and a fault PLUGIN_INVALID for each that cannot; one bad plugin does not stop the others. */
export async function loadPlugins(
  folders: readonly string[],
  settings: PluginSettings = {},
): Promise<{ readonly plugins: readonly LoadedPlugin[]; readonly faults: readonly Fault<'PLUGIN_INVALID'>[] }> {
  const reader = createManifestReader()
  const plugins = new Map<string, LoadedPlugin>()
  const faults: Fault<'PLUGIN_INVALID'>[] = []
  try {
    const loaded = await Promise.allSettled(folders.map(folder => loadPlugin(folder, settings, reader)))
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
  // Of a plugin that is not loaded the id is not known.
  for (const id of faults.length > 0 ? [] : Object.keys(settings))
    if (!plugins.has(id))
      faults.push(
        new Fault('PLUGIN_INVALID', {
          plugin: id,
          path: 'settings',
          reason: 'there are settings for it, but no plugin of the shop has this id',
        }),
      )
  return { plugins: [...plugins.values()], faults }
}

async function loadPlugin(folder: string, settings: PluginSettings, reader: ManifestReader): Promise<LoadedPlugin> {
  if (existsSync(join(folder, 'plugin.ts'))) return loadTypescript(folder, settings, reader)
  if (existsSync(join(folder, 'plugin.yaml'))) return loadPython(folder, settings)
  throw invalid(folder, '', 'the folder has neither plugin.ts nor plugin.yaml')
}

async function loadTypescript(folder: string, settings: PluginSettings, reader: ManifestReader): Promise<LoadedPlugin> {
  const name = basename(folder)
  const code = await bundlePlugin(folder)
  const read = await reader.read(code)
  if (!read.isRead) throw invalid(folder, 'plugin.ts', read.reason)
  const given: unknown = JSON.parse(read.json)
  const manifest = checkManifest(name, { ...(typeof given === 'object' ? given : {}), runtime: 'typescript' })
  return loaded(manifest, code, settings, { runtime: 'typescript', code })
}

function loadPython(folder: string, settings: PluginSettings): LoadedPlugin {
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
  return loaded(manifest, text + code, settings, { runtime: 'python', code, python })
}

/** `source` is all that decides how it votes, but for the settings. */
function loaded(
  manifest: Manifest,
  source: string,
  given: PluginSettings,
  guest: Pick<Guest, 'runtime' | 'code' | 'python'>,
): LoadedPlugin {
  const { id, version, limits } = manifest
  const checked = checkSettings(manifest.settings, given[id] ?? {})
  if (!checked.isGood) throw new Fault('PLUGIN_INVALID', { plugin: id, path: `settings.${checked.name}`, reason: checked.reason })
  const settings = JSON.stringify(checked.values)
  return {
    manifest,
    version: `${version}-${hash(source, 12)}${settings === '{}' ? '' : `+${hash(settings, 8)}`}`,
    settings: checked.values,
    guest: { plugin: id, ...guest, ...limits, settings },
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

const hash = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits)

const invalid = (folder: string, path: string, reason: string): Fault<'PLUGIN_INVALID'> =>
  new Fault('PLUGIN_INVALID', { plugin: basename(folder), path, reason })
