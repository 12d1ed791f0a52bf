// Builds the pages into web/dist: `node web/build.ts`, or `buildWeb()` from a program. Does nothing when the sources are those of the last build.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { type BuildOptions, build, type Plugin, transform, version } from 'esbuild'

const web = fileURLToPath(new URL('.', import.meta.url))
const dist = join(web, 'dist')
const stamp = join(dist, '.stamp')

export interface Built {
  /** False when everything was there already. */
  readonly isNew: boolean
  /** Bytes of each file that a browser fetches, plain and gzipped. */
  readonly sizes: readonly { readonly file: string; readonly bytes: number; readonly gzipped: number }[]
}

/** What each page costs: the widget's, the script on a shop's own pages, the demo storefront, the agents' console, the data team's Studio, the developers'. */
export const PAGES = {
  widget: ['index.html', 'assets/widget.js', 'assets/widget.css', 'assets/icon.svg'],
  loader: ['parley.js'],
  demo: ['demo.html', 'assets/demo.js', 'assets/demo.css'],
  desk: ['desk/index.html', 'assets/desk.js', 'assets/desk.css'],
  studio: ['studio/index.html', 'assets/studio.js', 'assets/studio.css'],
  graph: ['graph/index.html', 'assets/graph.js', 'assets/graph.css'],
  // In no page of the server: they go into the file that is a report.
  report: ['report/report.js', 'report/report.css'],
} as const
const FILES: readonly string[] = Object.values(PAGES).flat()

/** Rejects with esbuild's own message when a source does not compile. */
export async function buildWeb(): Promise<Built> {
  const sources = hashOfSources()
  const isFresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === sources && FILES.every(file => existsSync(join(dist, file)))
  if (!isFresh) await buildAnew(sources)
  const sizes = FILES.map(file => {
    const bytes = readFileSync(join(dist, file))
    return { file, bytes: bytes.length, gzipped: gzipSync(bytes).length }
  })
  return { isNew: !isFresh, sizes }
}

function hashOfSources(): string {
  const folders = ['client', 'widget', 'embed', 'demo', 'look', 'desk', 'report', 'studio', 'graph'].map(folder => `${folder}/**`)
  const files = globSync(['build.ts', 'package.json', ...folders, '../core/protocol/*.ts'], { cwd: web, withFileTypes: true })
  const paths = files.filter(file => file.isFile()).map(file => join(file.parentPath, file.name))
  const hash = createHash('sha256').update(version)
  for (const path of paths.sort()) hash.update(`\0${path.slice(web.length)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

const BUNDLED = {
  outdir: join(dist, 'assets'),
  bundle: true,
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  write: false,
  logLevel: 'silent',
} as const satisfies BuildOptions

async function buildAnew(sources: string): Promise<void> {
  const pages = build({
    ...BUNDLED,
    entryPoints: {
      widget: join(web, 'widget/main.ts'),
      'widget-style': join(web, 'widget/widget.css'),
      demo: join(web, 'demo/demo.ts'),
      'demo-style': join(web, 'demo/demo.css'),
      desk: join(web, 'desk/main.ts'),
      'desk-style': join(web, 'desk/desk.css'),
      studio: join(web, 'studio/main.ts'),
      'studio-style': join(web, 'studio/studio.css'),
      graph: join(web, 'graph/main.ts'),
      'graph-style': join(web, 'graph/graph.css'),
    },
    define: { 'process.env.NODE_ENV': '"production"' },
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    external: ['/assets/*'],
  })
  // A classic script that leaves no name behind but the one it sets; its stylesheet goes within.
  const loader = build({
    ...BUNDLED,
    outdir: dist,
    entryPoints: { parley: join(web, 'embed/parley.ts') },
    format: 'iife',
    target: ['es2020', 'chrome111', 'firefox113', 'safari16.4'],
    plugins: [smallStyles],
  })
  const report = build({
    ...BUNDLED,
    outdir: join(dist, 'report'),
    external: ['/assets/*'],
    entryPoints: { report: join(web, 'report/main.ts'), 'report-style': join(web, 'report/report.css') },
    format: 'iife',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
  })
  const outputs = (await Promise.all([pages, loader, report])).flatMap(({ outputFiles }) => outputFiles)
  for (const { path, contents } of outputs) put(path.replace(/-style\.css$/, '.css'), contents)
  put(join(dist, 'assets/icon.svg'), readFileSync(join(web, 'widget/icon.svg')))
  for (const [page, source] of [
    ['index.html', 'widget/index.html'],
    ['demo.html', 'demo/index.html'],
    ['desk/index.html', 'desk/index.html'],
    ['studio/index.html', 'studio/index.html'],
    ['graph/index.html', 'graph/index.html'],
  ] as const) {
    // A browser may keep an asset; the version in its address makes it fetch what belongs to this page.
    const text = readFileSync(join(web, source), 'utf8')
    put(join(dist, page), text.replace(/"(\/assets\/[^"]+)"/g, `"$1?v=${sources.slice(0, 12)}"`).replace(/\n\s*/g, '\n'))
  }
  put(stamp, sources)
}

/** A stylesheet that a script imports comes as its text, without what only its readers need. */
const smallStyles: Plugin = {
  name: 'small-styles',
  setup({ onLoad }) {
    onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, 'utf8'), { loader: 'css', minify: true, target: 'safari16.4' })
      return { contents: code.trim(), loader: 'text' }
    })
  },
}

/** Whole or not at all: another process may be serving or building. */
function put(path: string, contents: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true })
  const temporary = `${path}.${process.pid}`
  writeFileSync(temporary, contents)
  renameSync(temporary, path)
}

if (import.meta.main) {
  const { isNew, sizes } = await buildWeb()
  if (isNew) for (const { file, bytes, gzipped } of sizes) console.log(`${file.padEnd(20)} ${bytes} bytes, ${gzipped} gzipped`)
  console.log(
    `The pages are ${isNew ? 'built' : 'up to date'}: ${sizes.reduce((sum, { gzipped }) => sum + gzipped, 0)} bytes gzipped in all`,
  )
}
