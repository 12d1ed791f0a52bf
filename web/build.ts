// Builds the pages into web/dist: `node web/build.ts`, or `buildWeb()` from a program. Does nothing when the sources are those of the last build.
import { createHash } from 'node:crypto'
import { existsSync, globSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build, version } from 'esbuild'

const web = fileURLToPath(new URL('.', import.meta.url))
const dist = join(web, 'dist')
const stamp = join(dist, '.stamp')

export interface Built {
  /** False when everything was there already. */
  readonly isNew: boolean
  /** Bytes of each file that a browser fetches, plain and gzipped. */
  readonly sizes: readonly { readonly file: string; readonly bytes: number; readonly gzipped: number }[]
}

const PAGES = [
  'index.html',
  'assets/widget.js',
  'assets/widget.css',
  'assets/icon.svg',
  'desk/index.html',
  'assets/desk.js',
  'assets/desk.css',
]

/** Each page's folder under `web`, and where its index.html goes. Its style has the folder's name. */
const HTML = [
  { folder: 'widget', html: 'index.html' },
  { folder: 'desk', html: 'desk/index.html' },
] as const

/** Rejects with esbuild's own message when a source does not compile. */
export async function buildWeb(): Promise<Built> {
  const sources = hashOfSources()
  const isFresh = existsSync(stamp) && readFileSync(stamp, 'utf8') === sources && PAGES.every(file => existsSync(join(dist, file)))
  if (!isFresh) await buildAnew(sources)
  const sizes = PAGES.map(file => {
    const bytes = readFileSync(join(dist, file))
    return { file, bytes: bytes.length, gzipped: gzipSync(bytes).length }
  })
  return { isNew: !isFresh, sizes }
}

function hashOfSources(): string {
  const files = globSync(['build.ts', 'client/**', 'widget/**', 'desk/**', '../core/protocol/*.ts'], { cwd: web, withFileTypes: true })
  const paths = files.filter(file => file.isFile()).map(file => join(file.parentPath, file.name))
  const hash = createHash('sha256').update(version)
  for (const path of paths.sort()) hash.update(`\0${path.slice(web.length)}\0`).update(readFileSync(path))
  return hash.digest('hex')
}

async function buildAnew(sources: string): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: Object.fromEntries(
      HTML.flatMap(({ folder }) => [
        [folder, join(web, folder, 'main.ts')],
        [`${folder}-style`, join(web, folder, `${folder}.css`)],
      ]),
    ),
    outdir: join(dist, 'assets'),
    bundle: true,
    minify: true,
    format: 'esm',
    target: ['es2022', 'chrome111', 'firefox113', 'safari16.4'],
    sourcemap: 'external',
    external: ['/assets/*'],
    legalComments: 'none',
    write: false,
    logLevel: 'silent',
  })
  for (const { path, contents } of outputFiles) put(path.replace(/-style\.css/, '.css'), contents)
  put(join(dist, 'assets/icon.svg'), readFileSync(join(web, 'widget/icon.svg')))
  // A browser may keep an asset; the version in its address makes it fetch what belongs to this page.
  for (const { folder, html } of HTML) {
    const page = readFileSync(join(web, folder, 'index.html'), 'utf8')
    put(join(dist, html), page.replace(/"(\/assets\/[^"]+)"/g, `"$1?v=${sources.slice(0, 12)}"`).replace(/\n\s*/g, '\n'))
  }
  put(stamp, sources)
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
