// Bundles a TypeScript plugin into one script that imports nothing. Bundling reads files with the engine's rights, so a plugin may draw in
// its own folder, the SDK and installed packages, and no other file: an import must not carry the engine's secrets into the sandbox.
import { realpathSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, sep } from 'node:path'
import { Fault } from '@parley/core/faults.ts'
import { type BuildFailure, build, type Plugin, stop } from 'esbuild'
import { EXPORTS } from './exports-name.ts'
import { unreadable } from './own-file.ts'

const SDK = realpathSync(createRequire(import.meta.url).resolve('@parley/plugin-sdk'))

export interface Bundle {
  readonly code: string
  /** The source map, as JSON; its files are relative to the plugin's folder. */
  readonly map: string
  /** What it is made of, and how many bytes of the code each file takes. */
  readonly parts: readonly { readonly file: string; readonly bytes: number }[]
}

const OUTPUT = 'plugin.js'

let last: Promise<unknown> = Promise.resolve()

/** One after another: a source that takes the bundler down takes no other along. Faults: PLUGIN_INVALID, naming the file, the line and what cannot be imported or read there. */
export function bundlePlugin(folder: string): Promise<Bundle> {
  const bundle = last.then(() => bundleNow(folder))
  last = bundle.catch(() => {}) // the caller of this bundle is told
  return bundle
}

async function bundleNow(folder: string): Promise<Bundle> {
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
    if (!first) {
      await stop() // the bundler is a process, and it has ended: the next bundle starts another
      throw new Fault(
        'PLUGIN_INVALID',
        { plugin: basename(folder), path: 'plugin.ts', reason: 'the bundler cannot take it in' },
        { cause: error },
      )
    }
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
      if (!isAllowed(root, path)) return { errors: [{ text: `${path} is outside of the plugin's folder` }] }
      const reason = unreadable(path)
      return reason === undefined ? undefined : { errors: [{ text: `${basename(path)} cannot be read: ${reason}` }] }
    })
  },
})

/** Its own files, the SDK's, and installed packages: those of the folders above it, as Node finds them. */
function isAllowed(root: string, path: string): boolean {
  if ([root, dirname(SDK)].some(allowed => path.startsWith(allowed + sep))) return true
  const packages = path.indexOf(`${sep}node_modules${sep}`)
  return packages >= 0 && `${root}${sep}`.startsWith(path.slice(0, packages) + sep)
}
