// Makes something that can be run of a plugin's folder: plugin.ts is bundled into one script with nothing left to import; plugin.yaml names
// a Python file. No line of a plugin's code runs in the engine: a manifest written in TypeScript is read in a host that is thrown away.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, realpathSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { checkSettings, type SettingValues } from '@parley/plugin-sdk/setting-values.ts'
import { LineCounter, parseDocument } from 'yaml'
import { type Bundle, bundlePlugin } from './bundle-plugin.ts'
import { createManifestReader, type ManifestReader } from './manifest-reader.ts'
import { createLocator, type Locate, placeInSource, placeInYaml } from './plugin-lines.ts'
import type { Guest } from './protocol.ts'

export interface LoadedPlugin {
  readonly manifest: Manifest
  /** Version of the manifest and hash of all that runs, with a hash of the settings where there are any: `1.0.0-3f2a9c01d4e5+51b3c8d2`. */
  readonly version: string
  readonly settings: SettingValues
  /** Puts the lines of its own files into what the sandbox says went wrong. */
  readonly locate: Locate
  /** Of a TypeScript plugin: what its code is made of. */
  readonly parts?: Bundle['parts']
  readonly guest: Guest
}

/** What a shop has set of its plugins, by their ids. */
export type PluginSettings = Readonly<Record<string, Readonly<Record<string, unknown>>>>
type SettingsOf = (id: string) => PluginSettings[string]

/** Every plugin that can be used and a fault PLUGIN_INVALID for each that cannot; one bad plugin does not stop the others. */
export async function loadPlugins(
  folders: readonly string[],
  settings: PluginSettings | SettingsOf = {},
): Promise<{ readonly plugins: readonly LoadedPlugin[]; readonly faults: readonly Fault<'PLUGIN_INVALID'>[] }> {
  const reader = createManifestReader()
  const settingsOf = typeof settings === 'function' ? settings : (id: string) => settings[id] ?? {}
  const plugins = new Map<string, LoadedPlugin>()
  const faults: Fault<'PLUGIN_INVALID'>[] = []
  try {
    const loaded = await Promise.allSettled(folders.map(folder => loadPlugin(folder, settingsOf, reader)))
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
  for (const id of faults.length > 0 || typeof settings === 'function' ? [] : Object.keys(settings))
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

async function loadPlugin(folder: string, settings: SettingsOf, reader: ManifestReader): Promise<LoadedPlugin> {
  if (existsSync(join(folder, 'plugin.ts'))) return loadTypescript(folder, settings, reader)
  if (existsSync(join(folder, 'plugin.yaml'))) return loadPython(folder, settings)
  throw invalid(folder, '', 'the folder has neither plugin.ts nor plugin.yaml')
}

async function loadTypescript(folder: string, settings: SettingsOf, reader: ManifestReader): Promise<LoadedPlugin> {
  const { code, map, parts } = await bundlePlugin(folder)
  const locate = createLocator(map)
  const read = await reader.read(code)
  if (!read.isRead) throw invalid(folder, 'plugin.ts', locate(read.reason))
  const given: unknown = JSON.parse(read.json)
  const source = readFileSync(join(folder, 'plugin.ts'), 'utf8')
  const manifest = checkManifest(folder, { ...(typeof given === 'object' ? given : {}), runtime: 'typescript' }, path =>
    placeInSource(source, path),
  )
  return { ...loaded(manifest, code, settings, { runtime: 'typescript', code }), locate, parts }
}

function loadPython(folder: string, settings: SettingsOf): LoadedPlugin {
  const text = readFileSync(join(folder, 'plugin.yaml'), 'utf8')
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines })
  const place = (path: readonly PropertyKey[]): string => placeInYaml(document, lines, path)
  const [broken] = document.errors
  if (broken) throw invalid(folder, `plugin.yaml:${Math.max(1, lines.linePos(broken.pos[0]).line)}`, broken.message.split(' at line')[0]!) // the first part is always there
  const manifest = checkManifest(folder, document.toJS({ maxAliasCount: 0 }), place)
  if (manifest.runtime !== 'python')
    throw invalid(folder, place(['runtime']), 'runtime: a plugin.yaml describes a Python plugin; a TypeScript plugin has a plugin.ts')
  const file = join(folder, `${manifest.module}.py`)
  if (!existsSync(file)) throw invalid(folder, place(['module']), `module: there is no ${manifest.module}.py beside plugin.yaml`)
  if (!realpathSync(file).startsWith(realpathSync(folder)))
    throw invalid(folder, place(['module']), 'module: it links to a file outside of the folder')
  const code = readFileSync(file, 'utf8')
  const python = { module: manifest.module, className: manifest.class }
  return { ...loaded(manifest, text + code, settings, { runtime: 'python', code, python }), locate: failure => failure }
}

/** `source` is all that decides how it votes, but for the settings. */
function loaded(
  manifest: Manifest,
  source: string,
  settingsOf: SettingsOf,
  guest: Pick<Guest, 'runtime' | 'code' | 'python'>,
): Omit<LoadedPlugin, 'locate'> {
  const { id, version, limits } = manifest
  const checked = checkSettings(manifest.settings, settingsOf(id))
  if (!checked.isGood) throw new Fault('PLUGIN_INVALID', { plugin: id, path: `settings.${checked.name}`, reason: checked.reason })
  const settings = JSON.stringify(checked.values)
  return {
    manifest,
    version: `${version}-${hash(source, 12)}${settings === '{}' ? '' : `+${hash(settings, 8)}`}`,
    settings: checked.values,
    guest: { plugin: id, ...guest, ...limits, settings },
  }
}

/** `placeOf` gives file and line of a part of the manifest. */
function checkManifest(folder: string, given: unknown, placeOf: (path: readonly PropertyKey[]) => string): Manifest {
  const checked = Manifest.safeParse(given)
  if (checked.success) return checked.data
  const issue = checked.error.issues[0]! // it has failed
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path // it is about a key
  throw invalid(folder, placeOf(path), `${['manifest', ...path].map(String).join('.')}: ${issue.message}`)
}

const hash = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits)

const invalid = (folder: string, path: string, reason: string): Fault<'PLUGIN_INVALID'> =>
  new Fault('PLUGIN_INVALID', { plugin: basename(folder), path, reason })
