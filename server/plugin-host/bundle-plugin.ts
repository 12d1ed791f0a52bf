// Bundles a TypeScript plugin into one script that imports nothing. Bundling reads files with the engine's rights, so a plugin may draw in
// its own folder, the SDK and installed packages, and no other file: an import must not carry the engine's secrets into the sandbox.
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, sep } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { type BuildFailure, build, type Plugin } from 'esbuild'
import { EXPORTS } from './exports-name.ts'

const SDK = realpathSync(createRequire(import.meta.url).resolve('@parley/plugin-sdk'))

export interface Bundle {
  readonly code: string
  /** The source map, as JSON; its files are relative to the plugin's folder. */
  readonly map: string
  /** What it is made of, and how many bytes of the code each file takes. */
  readonly parts: readonly { readonly file: string; readonly bytes: number }[]
}

const OUTPUT = 'plugin.js'

/** Faults: PLUGIN_INVALID, naming the file, the line and what cannot be imported or read there. */
export async function bundlePlugin(folder: string): Promise<Bundle> {
  const root = realpathSync(folder)
  try {
    const { outputFiles, metafile } = await build({
      entryPoints: [join(root, 'plugin.ts')],
      bundle: true,
      format: 'iife',
      globalName: EXPORTS,
      banner: { js: '"use strict";' }, // modules are strict, a script has to say so
      platform: 'neutral',
      mainFields: ['module', 'main'],
      target: 'es2024',
      tsconfigRaw: '{}', // a tsconfig.json of the plugin could map imports anywhere
      // No comments with paths of this machine: the hash of the bundle names the plugin's version.
      minifyWhitespace: true,
      legalComments: 'none',
      outfile: join(root, OUTPUT), // never written: the map's files are relative to it
      sourcemap: 'external',
      sourcesContent: false,
      metafile: true,
      absWorkingDir: root,
      write: false,
      logLevel: 'silent',
      plugins: [fence(root)],
    })
    const textOf = (name: string): string => outputFiles.find(({ path }) => path.endsWith(`/${name}`))!.text // one entry gives code and map
    const inputs = Object.values(metafile.outputs).flatMap(output => Object.entries(output.inputs))
    const parts = inputs.map(([file, { bytesInOutput }]) => ({ file, bytes: bytesInOutput }))
    return { code: textOf(OUTPUT), map: textOf(`${OUTPUT}.map`), parts }
  } catch (error) {
    const first = (error as Partial<BuildFailure>).errors?.[0] // esbuild rejects with nothing else
    if (!first) throw error
    const path = first.location ? `${first.location.file}:${first.location.line}` : 'plugin.ts'
    throw new Fault('PLUGIN_INVALID', { plugin: basename(folder), path, reason: explain(first.text) })
  }
}

const explain = (text: string): string => {
  const missing = /^Could not resolve "(.*)"$/.exec(text)
  return missing
    ? `it imports "${missing[1]}", which is not there for a plugin: it may import its own files, the SDK and packages without Node`
    : text
}

const fence = (root: string): Plugin => ({
  name: 'fence',
  setup(pending) {
    pending.onResolve({ filter: /^@parley\/plugin-sdk$/ }, () => ({ path: SDK }))
    pending.onLoad({ filter: /.*/ }, ({ path }) => {
      const isInside = [root, dirname(SDK)].some(allowed => path.startsWith(allowed + sep)) || path.split(sep).includes('node_modules')
      return isInside ? undefined : { errors: [{ text: `${path} is outside of the plugin's folder` }] }
    })
  },
})
