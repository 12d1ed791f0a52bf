// Makes the signed bundle of a plugin's folder. What is published stays as it is: a file of this version with other content is not written over.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { type Manifest, SDK_VERSION } from '@parley/plugin-sdk/manifest.ts'
import { readPlugin } from '../plugin-host/load-plugin.ts'
import { createManifestReader } from '../plugin-host/manifest-reader.ts'
import { BUNDLE_ENDING, readBundle, writeBundle } from './bundle-file.ts'
import { readPrivateKey } from './publisher.ts'

export interface Packed {
  readonly file: string
  readonly manifest: Manifest
  readonly hash: string
  readonly publisher: string
  readonly bytes: number
}

/** Writes `ID-VERSION.parley` into the folder `out`. Faults: PLUGIN_INVALID, KEY_INVALID, BUNDLE_INVALID where it is too large, VERSION_PUBLISHED. */
export async function packPlugin(folder: string, keyFile: string, out: string): Promise<Packed> {
  const key = readPrivateKey(keyFile)
  const reader = createManifestReader()
  try {
    const { manifest, code, map } = await readPlugin(folder, reader)
    const { bytes, hash } = writeBundle(
      { manifest, sdk: SDK_VERSION, code, ...(map === undefined ? {} : { map: withoutPlaces(map) }) },
      key,
    )
    const file = join(out, `${manifest.id}-${manifest.version}${BUNDLE_ENDING}`)
    mkdirSync(out, { recursive: true })
    if (existsSync(file) && !readFileSync(file).equals(bytes))
      throw new Fault('VERSION_PUBLISHED', { plugin: manifest.id, version: manifest.version, where: file })
    if (!existsSync(file)) writeFileSync(file, bytes, { flag: 'wx', flush: true })
    const { publisher } = readBundle(file) // as whoever gets it will
    return { file, manifest, hash, publisher, bytes: bytes.length }
  } finally {
    await reader.close()
  }
}

/** Where the SDK lies on this machine is no part of the plugin. */
function withoutPlaces(map: string): string {
  const { version, sources, names, mappings } = JSON.parse(map) as Record<string, unknown> & { readonly sources: readonly string[] } // esbuild's own
  return JSON.stringify({ version, sources: sources.map(source => (source.startsWith('..') ? '..' : source)), names, mappings })
}
