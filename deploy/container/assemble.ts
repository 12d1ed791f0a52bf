// Assembles what runs into a folder of its own: the server with its workspaces, packs, plugins and pages, and of the installed packages those that
// it needs, with the native libraries of one platform. The Dockerfile's build stage runs it; nothing in it knows of containers.
//
//   node deploy/container/assemble.ts FOLDER [--platform linux/x64|linux/arm64]
//
// Wants the packages installed (`npm ci --ignore-scripts`) and the pages built (`node web/build.ts`), and FOLDER empty or absent. Everything there
// is readable by all and writable by its owner alone: the server runs as somebody else and changes nothing of it. For another platform than this
// machine's, install that platform's packages first: `npm ci --ignore-scripts --os=linux --cpu=arm64 --libc=glibc`.
// Exit status: 0 done, 1 something is missing (it is named), 2 wrong use.
import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { isLeftOutOfPackage, isLeftOutOfProject } from './left-out.ts'
import { Lock, type RuntimePackages, runtimePackages } from './runtime-packages.ts'
import { binaryIn, readTarget, type Target } from './target.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** Beside the workspaces: data, pages, and what the command line starts from. */
const PROJECT_FOLDERS = ['packs', 'plugins', 'web/dist', 'bin']
const PROJECT_FILES = ['package.json', 'package-lock.json']
/** bin/launch.mjs finds it and installs and builds nothing. */
const MARK = 'assembled.json'

const fail = (message: string, status = 1): never => {
  console.error(`assemble: ${message}`)
  process.exit(status)
}

interface Weight {
  readonly name: string
  readonly before: number
  readonly after: number
}

/** Relative paths of all files in a folder; links are not followed. */
function filesIn(folder: string, skip: (path: string) => boolean): string[] {
  const found: string[] = []
  const walk = (at: string): void => {
    for (const entry of readdirSync(join(folder, at), { withFileTypes: true })) {
      const path = at ? `${at}/${entry.name}` : entry.name
      if (skip(path)) continue
      if (entry.isDirectory()) walk(path)
      else if (entry.isFile()) found.push(path)
    }
  }
  walk('')
  return found
}

function put(from: string, to: string): number {
  mkdirSync(dirname(to), { recursive: true })
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  const { mode, size } = statSync(from)
  chmodSync(to, mode & 0o100 ? 0o755 : 0o644)
  return size
}

function putProject(into: string, folders: readonly string[]): Weight {
  let before = 0
  let after = 0
  for (const folder of folders) {
    if (!existsSync(join(root, folder))) fail(`there is no ${folder}`)
    for (const path of filesIn(join(root, folder), path => path === 'node_modules')) {
      const place = `${folder}/${path}`
      before += statSync(join(root, place)).size
      if (!isLeftOutOfProject(place)) after += put(join(root, place), join(into, place))
    }
  }
  for (const file of PROJECT_FILES) after += put(join(root, file), join(into, file))
  return { name: '(the project)', before, after }
}

/** Throws an Error where a package has native code and none of it is for the target: it would fail at the first request and not now. */
function putPackage(into: string, place: string, target: Target): Weight {
  if (!existsSync(join(root, place, 'package.json')))
    throw new Error(
      `${place} is not installed; for ${target.os}/${target.cpu} say npm ci --ignore-scripts --os=linux --cpu=${target.cpu} --libc=glibc`,
    )
  let [before, after, native, kept] = [0, 0, 0, 0]
  for (const path of filesIn(join(root, place), path => path === 'node_modules' || path.endsWith('/node_modules'))) {
    const file = join(root, place, path)
    const binary = binaryIn(file)
    before += statSync(file).size
    if (binary) native++
    if (isLeftOutOfPackage(path, binary, target)) continue
    if (binary) kept++
    after += put(file, join(into, place, path))
  }
  if (native > 0 && kept === 0)
    throw new Error(`${place} has native code, and none for ${target.os}/${target.cpu} with Node's ABI ${target.abi}`)
  return { name: place.replaceAll('node_modules/', ''), before, after }
}

function putLinks(into: string, links: RuntimePackages['links']): void {
  for (const [place, folder] of links) {
    mkdirSync(dirname(join(into, place)), { recursive: true })
    symlinkSync(relative(dirname(place), folder), join(into, place))
  }
}

function report(target: Target, installed: number, weights: readonly Weight[]): void {
  const mb = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`.padStart(10)
  const sum = (of: 'before' | 'after'): number => weights.reduce((total, weight) => total + weight[of], 0)
  const line = (name: string, before: number, after: number): void => console.log(`${name.padEnd(36)}${mb(before)}${mb(after)}`)
  console.log(`For ${target.os}/${target.cpu}, glibc, Node's ABI ${target.abi}:\n`)
  console.log(`${''.padEnd(36)}${'before'.padStart(10)}${'after'.padStart(10)}`)
  console.log(`${'all that is installed'.padEnd(36)}${mb(installed)}`)
  line('what the server reaches', sum('before'), sum('after'))
  console.log()
  for (const { name, before, after } of weights.toSorted((a, b) => b.after - a.after).slice(0, 10)) line(name, before, after)
}

/** Before everything the C library: on musl the packages that npm has installed are those of musl. */
const isGlibc = (): boolean => {
  const { header } = process.report.getReport() as { header: { glibcVersionRuntime?: string } } // Node documents the report's shape in prose alone
  return header.glibcVersionRuntime !== undefined
}

const { values, positionals } = parseArgs({ allowPositionals: true, options: { platform: { type: 'string' } } })
const [folder] = positionals
if (folder === undefined || positionals.length > 1) fail('say the folder to assemble into, and nothing else', 2)
const into = folder! // fail has ended the process
const platform = values.platform ?? `${process.platform}/${process.arch}`
if (values.platform === undefined && process.platform === 'linux' && !isGlibc())
  fail("this machine's C library is musl, and onnxruntime has no binary for it; take a Debian-based image")
const target = readTarget(platform, process.versions.modules) ?? fail(`${platform} is not known; there are linux/x64 and linux/arm64`, 2)
if (existsSync(into) && readdirSync(into).length > 0) fail(`${into} is not empty`)
if (!existsSync(join(root, 'web/dist/index.html'))) fail('the pages are not built; say: node web/build.ts')
if (!existsSync(join(root, 'node_modules'))) fail('no package is installed; say: npm ci --ignore-scripts')

try {
  const lock = Lock.parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  const roots = Object.keys(lock.packages).filter(place => place === 'server' || place.startsWith('plugins/'))
  const needed = runtimePackages(lock, roots, target)
  const workspaces = needed.workspaces.filter(place => !place.startsWith('plugins/')) // those come as a folder
  const weights = [putProject(into, [...workspaces, ...PROJECT_FOLDERS]), ...needed.packages.map(place => putPackage(into, place, target))]
  putLinks(into, needed.links)
  writeFileSync(join(into, MARK), `${JSON.stringify(target)}\n`, { mode: 0o644 })
  const installed = filesIn(join(root, 'node_modules'), () => false).reduce(
    (sum, path) => sum + statSync(join(root, 'node_modules', path)).size,
    0,
  )
  report(target, installed, weights)
} catch (error) {
  fail(error instanceof Error ? error.message : String(error))
}
