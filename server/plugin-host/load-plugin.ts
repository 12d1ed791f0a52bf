// Makes something that can be run of a plugin's folder, or of its signed bundle: plugin.ts is bundled into one script with nothing left to import;
// plugin.yaml names a Python file. No line of a plugin's code runs in the engine: a manifest written in TypeScript is read in a host that is thrown
// away, and that of a bundle was compared with its code when it was installed.
import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { Fault, isFault } from '@parley/core/faults.ts'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { checkSettings, type SettingValues } from '@parley/plugin-sdk/setting-values.ts'
import { LineCounter, parseDocument } from 'yaml'
import { BUNDLE_ENDING, readBundle } from '../plugin-store/bundle-file.ts'
import type { InstalledChoice } from '../plugin-store/installed.ts'
import { type Bundle, bundlePlugin } from './bundle-plugin.ts'
import { badDocumentOf, documentsIn, type ShopDocuments } from './manifest-documents.ts'
import { createManifestReader, type ManifestReader } from './manifest-reader.ts'
import { readOwnFile } from './own-file.ts'
import { createLocator, type Locate, placeInSource, placeInYaml, pythonLocator } from './plugin-lines.ts'
import { CODE_LIMIT, type Guest } from './protocol.ts'

/** A plugin as its author made it, before a shop sets it. */
export interface PluginSource {
  readonly manifest: Manifest
  /** Names what votes, together with the manifest's version: 12 digits. */
  readonly hash: string
  /** One script, or the Python module's text. */
  readonly code: string
  /** Of a TypeScript plugin: the source map of its code, and what that is made of. */
  readonly map?: string | undefined
  readonly parts?: Bundle['parts']
  /** Of a folder: file and line of a part of the manifest. */
  readonly place?: PlaceOf
}

export type PlaceOf = (path: readonly PropertyKey[]) => string

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

/**
 * Every plugin that can be used and a fault PLUGIN_INVALID for each that cannot; one bad plugin does not stop the others. An installed one takes the
 * place of a folder's with the same id, also when it is off. `settingsFor` may have settings though they are not here. `mesh` is the file of the shop's
 * mesh, for what they look up and have done.
 */
export async function loadPlugins(
  folders: readonly string[],
  settings: PluginSettings | SettingsOf = {},
  installed: readonly InstalledChoice[] = [],
  settingsFor: readonly string[] = [],
  mesh?: string,
): Promise<{ readonly plugins: readonly LoadedPlugin[]; readonly faults: readonly Fault<'PLUGIN_INVALID'>[] }> {
  const reader = createManifestReader()
  const settingsOf = typeof settings === 'function' ? settings : (id: string) => settings[id] ?? {}
  const documents = documentsIn(mesh)
  const plugins = new Map<string, LoadedPlugin>()
  const faults: Fault<'PLUGIN_INVALID'>[] = []
  const places = new Set(installed.map(({ id }) => id))
  for (const choice of installed) {
    try {
      if (choice.file === undefined) continue
      const plugin = withSettings(await inShop(readInstalled(choice.file, choice), documents), settingsOf)
      const taken = effectTaken(plugin, [...plugins.values()])
      if (taken) throw new Fault('PLUGIN_INVALID', { plugin: choice.id, path: 'effects', reason: taken })
      plugins.set(choice.id, plugin)
    } catch (fault) {
      if (!isFault(fault, 'PLUGIN_INVALID')) throw fault
      faults.push(fault)
    }
  }
  try {
    const loaded = await Promise.allSettled(folders.map(folder => loadPlugin(folder, settingsOf, reader, documents)))
    loaded.forEach((result, at) => {
      if (result.status === 'rejected') {
        if (!(result.reason instanceof Fault)) throw result.reason
        faults.push(result.reason)
      } else if (places.has(result.value.manifest.id)) return
      else if (plugins.has(result.value.manifest.id))
        faults.push(invalid(folders[at]!, 'id', `another plugin is called "${result.value.manifest.id}" already`))
      else {
        const taken = effectTaken(result.value, [...plugins.values()])
        if (taken) faults.push(invalid(folders[at]!, 'effects', taken))
        else plugins.set(result.value.manifest.id, result.value)
      }
    })
  } finally {
    await reader.close()
  }
  // Of a plugin that is not loaded the id is not known.
  for (const id of faults.length > 0 || typeof settings === 'function' ? [] : Object.keys(settings))
    if (!plugins.has(id) && !places.has(id) && !settingsFor.includes(id))
      faults.push(
        new Fault('PLUGIN_INVALID', {
          plugin: id,
          path: 'settings',
          reason: 'there are settings for it, but no plugin of the shop has this id',
        }),
      )
  return { plugins: [...plugins.values()], faults }
}

const effectNames = ({ manifest: { effects } }: LoadedPlugin): readonly string[] =>
  Object.entries(effects).flatMap(([name, { undo }]) => [name, undo])

function effectTaken(plugin: LoadedPlugin, others: readonly LoadedPlugin[]): string | undefined {
  const own = effectNames(plugin)
  for (const other of others) {
    const name = effectNames(other).find(each => own.includes(each))
    if (name !== undefined) return `${name} is done by plugin "${other.manifest.id}" already`
  }
  return undefined
}

const loadPlugin = async (path: string, settings: SettingsOf, reader: ManifestReader, documents: ShopDocuments): Promise<LoadedPlugin> =>
  withSettings(await inShop(await readPlugin(path, reader), documents), settings)

/** The same plugin, where it asks for what there is in the shop. Faults: PLUGIN_INVALID. */
async function inShop(source: PluginSource, documents: ShopDocuments): Promise<PluginSource> {
  const bad = await documents.badDocumentOf(source.manifest)
  if (!bad) return source
  const { place = () => '' } = source
  throw new Fault('PLUGIN_INVALID', {
    plugin: source.manifest.id,
    path: place(bad.path),
    reason: `manifest.${bad.path.join('.')}: ${bad.reason}`,
  })
}

/** `path`: a folder, or a signed bundle. Faults: PLUGIN_INVALID. */
export async function readPlugin(path: string, reader: ManifestReader): Promise<PluginSource> {
  if (path.endsWith(BUNDLE_ENDING)) return readSigned(path)
  if (existsSync(join(path, 'plugin.ts'))) return readTypescript(path, reader)
  if (existsSync(join(path, 'plugin.yaml'))) return readPython(path)
  throw invalid(path, '', 'the folder has neither plugin.ts nor plugin.yaml')
}

function readSigned(file: string): PluginSource {
  try {
    const { manifest, code, map, hash } = readBundle(file)
    return { manifest, code, map, hash: hash.slice(0, VERSION_DIGITS) }
  } catch (fault) {
    throw isFault(fault) ? invalid(file, '', fault.message) : fault
  }
}

function readInstalled(file: string, { id, hash: wanted }: InstalledChoice): PluginSource {
  const bundle = readSigned(file)
  if (bundle.manifest.id === id && wanted.startsWith(bundle.hash)) return bundle
  throw new Fault('PLUGIN_INVALID', { plugin: id, path: '', reason: `${basename(file)} is not the one that was installed` })
}

async function readTypescript(folder: string, reader: ManifestReader): Promise<PluginSource> {
  const { code, map, parts } = await bundlePlugin(folder) // which reads no other file than one of its own
  if (code.length > CODE_LIMIT) throw tooLarge(basename(folder))
  const locate = createLocator(map)
  const read = await reader.read(code)
  if (!read.isRead) throw invalid(folder, 'plugin.ts', locate(read.reason))
  const given: unknown = JSON.parse(read.json)
  const source = readFileSync(join(folder, 'plugin.ts'), 'utf8')
  const place: PlaceOf = path => placeInSource(source, path)
  const manifest = checkManifest(folder, { ...(typeof given === 'object' ? given : {}), runtime: 'typescript' }, place)
  return { manifest, code, map, parts, place, hash: hash(code, VERSION_DIGITS) }
}

function readPython(folder: string): PluginSource {
  const description = readOwnFile(folder, join(folder, 'plugin.yaml'))
  if (!description.isRead) throw invalid(folder, 'plugin.yaml', description.reason)
  const { text } = description
  const lines = new LineCounter()
  const document = parseYaml(folder, text, lines)
  const place: PlaceOf = path => placeInYaml(document, lines, path)
  const [broken] = document.errors
  if (broken) throw invalid(folder, `plugin.yaml:${Math.max(1, lines.linePos(broken.pos[0]).line)}`, broken.message.split(' at line')[0]!) // the first part is always there
  const manifest = checkManifest(folder, plainOf(folder, document), place)
  if (manifest.runtime !== 'python')
    throw invalid(folder, place(['runtime']), 'runtime: a plugin.yaml describes a Python plugin; a TypeScript plugin has a plugin.ts')
  const file = join(folder, `${manifest.module}.py`)
  if (!existsSync(file)) throw invalid(folder, place(['module']), `module: there is no ${manifest.module}.py beside plugin.yaml`)
  const module = readOwnFile(folder, file)
  if (!module.isRead) throw invalid(folder, place(['module']), `module: ${module.reason}`)
  const code = module.text
  return { manifest, code, place, hash: hash(text + code, VERSION_DIGITS) }
}

function parseYaml(folder: string, text: string, lineCounter: LineCounter): ReturnType<typeof parseDocument> {
  try {
    return parseDocument(text, { lineCounter })
  } catch {
    throw invalid(folder, 'plugin.yaml', 'it is nested too deeply') // the parser recurses
  }
}

function plainOf(folder: string, document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 })
  } catch (error) {
    throw invalid(folder, 'plugin.yaml', error instanceof RangeError ? 'it is nested too deeply' : 'it has aliases, which are not read')
  }
}

function withSettings({ manifest, hash: content, code, map, parts }: PluginSource, settingsOf: SettingsOf): LoadedPlugin {
  const { id, runtime, version, limits, grants } = manifest
  const checked = checkSettings(manifest.settings, settingsOf(id))
  if (!checked.isGood) throw new Fault('PLUGIN_INVALID', { plugin: id, path: `settings.${checked.name}`, reason: checked.reason })
  const settings = JSON.stringify(checked.values)
  const python = manifest.runtime === 'python' ? { python: { module: manifest.module, className: manifest.class } } : {}
  if (code.length + settings.length > CODE_LIMIT) throw tooLarge(id)
  return {
    manifest,
    version: `${version}-${content}${settings === '{}' ? '' : `+${hash(settings, 8)}`}`,
    settings: checked.values,
    locate: locatorOf(manifest, map),
    ...(parts && { parts }),
    guest: { plugin: id, runtime, code, ...python, ...limits, grants, settings },
  }
}

const locatorOf = (manifest: Manifest, map: string | undefined): Locate => {
  if (manifest.runtime === 'python') return pythonLocator(manifest.module)
  return map === undefined ? failure => failure.replace(/ \(at [^()]*\)$/, '') : createLocator(map)
}

/** `placeOf` gives file and line of a part of the manifest. */
function checkManifest(folder: string, given: unknown, placeOf: PlaceOf): Manifest {
  const checked = Manifest.safeParse(given)
  if (checked.success) {
    const bad = badDocumentOf(checked.data)
    if (bad) throw invalid(folder, placeOf(bad.path), `manifest.${bad.path.join('.')}: ${bad.reason}`)
    return checked.data
  }
  const issue = checked.error.issues[0]! // it has failed
  const path = issue.code === 'unrecognized_keys' ? [...issue.path, issue.keys[0]!] : issue.path // it is about a key
  throw invalid(folder, placeOf(path), `${['manifest', ...path].map(String).join('.')}: ${issue.message}`)
}

const VERSION_DIGITS = 12
const hash = (text: string, digits: number): string => createHash('sha256').update(text).digest('hex').slice(0, digits)

const tooLarge = (plugin: string): Fault<'PLUGIN_INVALID'> =>
  new Fault('PLUGIN_INVALID', { plugin, path: '', reason: `its code and its settings have more than ${CODE_LIMIT} characters` })

const invalid = (folder: string, path: string, reason: string): Fault<'PLUGIN_INVALID'> =>
  new Fault('PLUGIN_INVALID', { plugin: basename(folder), path, reason })
