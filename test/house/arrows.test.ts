// The arrows between folders: who may import whom. A folder that imports against its arrow fails here with file and import.
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

interface Arrow {
  /** Workspaces it may import, by their folder; `core/protocol` allows that part alone. */
  readonly workspaces: readonly string[]
  /** Workspaces of which it may import types alone: nothing of them is there when it runs. */
  readonly types?: readonly string[]
  /** Packages and Node modules it may import; undefined: any. */
  readonly packages?: readonly string[]
}

const ARROWS: Readonly<Record<string, Arrow>> = {
  'plugin-sdk': { workspaces: [], packages: ['zod'] },
  // createHash is a pure function; nothing else of Node may be reached from the engine.
  core: { workspaces: ['plugin-sdk'], packages: ['zod', 'opencc-js', 'node:crypto'] },
  models: { workspaces: ['plugin-sdk', 'core'] },
  ensembles: { workspaces: ['plugin-sdk', 'core'] },
  mesh: { workspaces: ['plugin-sdk', 'core'] },
  plugins: { workspaces: ['plugin-sdk'], packages: [] },
  examples: { workspaces: ['plugin-sdk'] },
  web: { workspaces: ['core/protocol'], types: ['ensembles'] },
  server: { workspaces: ['plugin-sdk', 'core', 'models', 'ensembles', 'mesh', 'demo-shop'] },
}

interface Import {
  readonly file: string
  readonly line: number
  readonly specifier: string
  readonly isType: boolean
}

function importsOf(folder: string): Import[] {
  const files = globSync(`${folder}/**/*.ts`, { cwd: root, exclude: ['**/node_modules/**', '**/dist/**', '**/*.test.ts'] })
  return files.flatMap(file => {
    const lines = readFileSync(`${root}/${file}`, 'utf8').split('\n')
    return lines.flatMap((text, i) => {
      const specifier = /^(?:import|export)\b.*?\bfrom '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)|^} from '([^']+)'/
        .exec(text)
        ?.slice(1)
        .find(Boolean)
      const first = lines.slice(0, i + 1).findLast(line => /^(?:import|export)\b/.test(line)) ?? '' // of an import that takes several lines
      return specifier ? [{ file, line: i + 1, specifier, isType: /^(?:import|export) type\b/.test(first) }] : []
    })
  })
}

for (const [folder, arrow] of Object.entries(ARROWS)) {
  test(`[ARROW] ${folder} imports ${[...arrow.workspaces, ...(arrow.packages ?? [])].join(', ') || 'nothing'} alone`, () => {
    const imports = importsOf(folder)
    const wrong = imports.filter(({ specifier, file, isType }) => {
      if (specifier.startsWith('.')) return !new URL(specifier, `file:///${file}`).pathname.startsWith(`/${folder}/`)
      const workspace = /^@parley\/(.+)$/.exec(specifier)?.[1]
      const allowed = [...arrow.workspaces, ...(isType ? (arrow.types ?? []) : [])]
      if (workspace) return !allowed.some(each => `${workspace}/`.startsWith(`${each}/`))
      return arrow.packages !== undefined && !arrow.packages.some(allowed => `${specifier}/`.startsWith(`${allowed}/`))
    })
    assert.deepEqual(
      wrong.map(w => `${w.file}:${w.line} imports ${w.specifier}`),
      [],
    )
    assert.ok(imports.length > 0, 'no import was found: the search is broken')
  })
}

test('[ARROW] core has no clock and no randomness of its own', () => {
  const found = globSync('core/**/*.ts', { cwd: root, exclude: ['**/node_modules/**'] }).flatMap(file =>
    readFileSync(`${root}/${file}`, 'utf8')
      .split('\n')
      .flatMap((text, i) =>
        /\bDate\.now\b|\bnew Date\(\)|\bMath\.random\b|\brandom(UUID|Bytes)\b|\bset(Timeout|Interval|Immediate)\b|\bprocess\.|\bperformance\./.test(
          text,
        )
          ? [`${file}:${i + 1}`]
          : [],
      ),
  )
  assert.deepEqual(found, [])
})

test('[ARROW] only models knows onnxruntime and transformers', () => {
  const found = ['plugin-sdk', 'core', 'ensembles', 'mesh', 'server', 'web', 'plugins']
    .flatMap(importsOf)
    .filter(i => /onnxruntime|transformers/.test(i.specifier))
  assert.deepEqual(found, [])
})
