// Makes one script of Pyodide's two modules that starts inside a bare isolate, where neither dynamic import nor asynchronous WebAssembly
// compilation exist. Pyodide has no setting for that, so its text is changed in a few places; each must be found exactly once, and a new
// version of Pyodide that reads otherwise is refused here with the name of the change, not met later as a riddle.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { build } from 'esbuild'
import type { PyodideFiles } from './protocol.ts'

interface Change {
  readonly what: string
  readonly from: string
  readonly to: string
}

const CHANGES: readonly Change[] = [
  {
    what: 'takes the second module from a global instead of importing it',
    from: 'O=o(async e=>await import(e),"loadScript")',
    to: 'O=o(async e=>globalThis.parleyPyodideModule,"loadScript")',
  },
  {
    what: 'compiles and instantiates the interpreter synchronously',
    from: 'l=await WebAssembly.instantiate(await t,s)',
    to: 'l=(m=>({module:m,instance:new WebAssembly.Instance(m,s)}))(new WebAssembly.Module(await t))',
  },
  {
    what: 'compiles and instantiates the sentinel module synchronously',
    from: 'let t=await WebAssembly.compile(G);return await WebAssembly.instantiate(t)',
    to: 'let t=new WebAssembly.Module(G);return new WebAssembly.Instance(t)',
  },
]

/** The global functions of the script: see python.ts. */
const ENTRY = `import * as module from './pyodide.asm.mjs'
import { loadPyodide } from './pyodide.mjs'
globalThis.parleyPyodideModule = module
globalThis.parleyLoadPyodide = loadPyodide`

let built: Promise<PyodideFiles> | undefined

/** Reads the installed Pyodide, once. A plain Error where it is not the version that the changes are made for. */
export const buildPyodide = (): Promise<PyodideFiles> => (built ??= makePyodide())

async function makePyodide(): Promise<PyodideFiles> {
  const { resolve } = createRequire(import.meta.url)
  const folder = dirname(resolve('pyodide/package.json'))
  const { outputFiles } = await build({
    stdin: { contents: ENTRY, resolveDir: folder },
    bundle: true,
    format: 'iife',
    platform: 'neutral',
    external: ['node:*', 'ws'], // reached on Node only; the isolate is none
    write: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'pyodide-changes',
        setup: pending =>
          pending.onLoad({ filter: /pyodide\.mjs$/ }, async ({ path }) => ({
            contents: change(path, await readFile(path, 'utf8')),
            loader: 'js',
          })),
      },
    ],
  })
  return {
    script: outputFiles[0]!.text, // one entry, one file
    wasmFile: join(folder, 'pyodide.asm.wasm'),
    stdlibFile: join(folder, 'python_stdlib.zip'),
    sdkFile: resolve('@parley/plugin-sdk/python/parley_sdk.py'),
  }
}

/** Exported for its test. */
export function change(path: string, text: string): string {
  return CHANGES.reduce((changed, { what, from, to }) => {
    const parts = changed.split(from)
    if (parts.length !== 2)
      throw new Error(
        `${path}: found ${parts.length - 1} places, not one, for the change that ${what}; is this another version of Pyodide?`,
      )
    return parts.join(to)
  }, text)
}
