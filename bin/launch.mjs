// Brings the project to life on a fresh machine, with any Node from 20 on: installs what is missing into the project's own folder, brings Node 24
// where the machine's is neither 24 nor 26, builds the pages, and hands over. Plain JavaScript, since it must run before anything is there.
//
//   launch.mjs ARGS…              the command line (server/main.ts) with ARGS
//   launch.mjs --run FILE ARGS…   another of the project's programs
//
// In an assembled folder (deploy/container/assemble.ts) everything is there already and nothing may be written: it only hands over.
import { spawn, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const NODE_VERSION = '24.21.0'
const SUPPORTED = new Set(['24', '26'])

const fail = message => {
  console.error(`parley: ${message}`)
  process.exit(1)
}

/** npm of the machine, told to run no install script: every native package here carries its binary. */
function npm(args, what) {
  process.stderr.write(`parley: ${what} …\n`)
  const npmScript = process.env.npm_execpath
  const [command, first] = npmScript?.endsWith('.js')
    ? [process.execPath, [npmScript]]
    : [process.platform === 'win32' ? 'npm.cmd' : 'npm', []]
  const done = spawnSync(command, [...first, ...args, '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: root,
    stdio: ['ignore', 2, 2],
    env: { ...process.env, ONNXRUNTIME_NODE_INSTALL: 'skip', ONNXRUNTIME_NODE_INSTALL_CUDA: 'skip' },
  })
  if (done.error) fail(`npm cannot be started (${done.error.message}); it comes with Node.js`)
  if (done.status !== 0) fail(`npm ended with status ${done.status} while ${what}; see its message above`)
}

const LOCK = join(root, '.cache', 'installing')
const LOOK_MS = 200
let isMine = false

/** One command installs at a time: two in one folder break each other's. A second waits for the first; one that died is no obstacle. */
function waitToInstall() {
  mkdirSync(dirname(LOCK), { recursive: true })
  for (let isTold = false; !isMine; ) {
    try {
      writeFileSync(LOCK, String(process.pid), { flag: 'wx' })
      isMine = true
      process.on('exit', letOthersInstall)
      return
    } catch (error) {
      if (error.code !== 'EEXIST') return // where nothing can be written npm says so
    }
    if (hasDied()) rmSync(LOCK, { force: true })
    else if (!isTold) console.error('parley: waiting for another command that is installing …')
    isTold = true
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, LOOK_MS)
  }
}

function letOthersInstall() {
  if (isMine) rmSync(LOCK, { force: true })
  isMine = false
}

/** Whether the process that the lock names is no more. A lock that is gone, or not written yet, is looked at again. */
function hasDied() {
  try {
    process.kill(Number(readFileSync(LOCK, 'utf8')) || process.pid, 0)
    return false
  } catch (error) {
    return error.code === 'ESRCH'
  }
}

/** A Node that isolated-vm has a binary for: this one, the project's own, or one that is brought now. */
function findNode() {
  if (SUPPORTED.has(process.versions.node.split('.')[0])) return process.execPath
  const name = `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`
  const binary = join(root, '.node', 'node_modules', name, 'bin', process.platform === 'win32' ? 'node.exe' : 'node')
  if (!existsSync(binary)) {
    waitToInstall()
    if (existsSync(binary)) return binary
    mkdirSync(join(root, '.node'), { recursive: true })
    npm(['install', '--prefix', join(root, '.node'), '--no-save', `${name}@${NODE_VERSION}`], `bringing Node ${NODE_VERSION} into .node/`)
    if (!existsSync(binary)) fail(`the package ${name} brought no Node for this platform; install Node 24 by hand`)
  }
  return binary
}

/** node_modules as package-lock.json has it; the stamp is the lock's hash, so a later pull installs what it changed. */
function installPackages() {
  const lock = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex')
  const stamp = join(root, 'node_modules', '.parley-lock')
  const isThere = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === lock
  if (isThere()) return
  waitToInstall()
  if (isThere()) return
  npm(['ci'], 'installing packages into node_modules/')
  writeFileSync(stamp, lock)
}

const [major, minor] = process.versions.node.split('.').map(Number)
if (major < 20) fail(`Node ${major}.${minor} is too old to start from; any Node from 20 on will do`)
const isAssembled = existsSync(join(root, 'assembled.json'))
if (!isAssembled) installPackages()
const node = isAssembled ? process.execPath : findNode()
letOthersInstall()
const [first, ...rest] = process.argv.slice(2)
const [program, args] = first === '--run' ? [rest[0], rest.slice(1)] : ['server/main.ts', process.argv.slice(2)]
const isServing = args[0] === 'serve'
// A report as a page holds the script that draws it.
const needsPages = isServing || args.some(arg => arg === '--html' || arg.startsWith('--html='))
if (!isAssembled && needsPages && program === 'server/main.ts') {
  const built = spawnSync(node, ['--disable-warning=ExperimentalWarning', join(root, 'web/build.ts')], {
    cwd: root,
    stdio: ['ignore', isServing ? 2 : 'ignore', 2],
  })
  if (built.status !== 0) fail('the pages could not be built; see the message above')
}
// What was compiled once is not compiled again: every command starts in half the time.
if (!isAssembled) process.env.NODE_COMPILE_CACHE ??= join(root, '.cache', 'compile')
// isolated-vm runs in a Node without its own snapshot only. The command line leaves that to the plugin hosts that it starts, and starts sooner with it.
const flags = ['--disable-warning=ExperimentalWarning', ...(first === '--run' ? ['--no-node-snapshot'] : [])]
// The folder of the caller stays: a file named on the command line is the caller's.
const child = spawn(node, [...flags, join(root, program), ...args], {
  stdio: 'inherit',
})
// Ctrl-C reaches the whole group by itself; a signal sent to this process alone is passed on.
process.on('SIGINT', () => {})
process.on('SIGTERM', () => child.kill('SIGTERM'))
child.on('exit', (code, signal) => {
  // LMDB ends its process so at a page that cannot be. Whoever only sees it end, again at each start, must be told what to do.
  if (['SIGBUS', 'SIGSEGV', 'SIGABRT', 'SIGILL', 'SIGTRAP', 'SIGFPE'].includes(signal) && program === 'server/main.ts')
    console.error(
      `parley: the process was ended by ${signal}, as when a page of a store under the data folder is damaged or its file was cut short. ` +
        'See what is damaged with: bin/parley doctor. If it names a store, put a backup in place of the data folder: bin/parley restore FOLDER ' +
        '(docs/operations.md).',
    )
  process.exit(code ?? (signal === 'SIGINT' ? 130 : 1))
})
child.on('error', error => fail(`Node cannot be started: ${error.message}`))
