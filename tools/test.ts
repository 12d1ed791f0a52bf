// `npm test`: sets up what the tests need, runs types, lint and every test, and ends with one line, `N passed, N failed`.
//   --quick   without browsers, servers, plugin hosts, crashes and trainings: under a minute
//   --full    with the long counts
//   FILE…     only these test files
import { spawnSync } from 'node:child_process'
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { run } from 'node:test'
import { fileURLToPath } from 'node:url'
import { buildWeb } from '../web/build.ts'
import { bringNats, bringPostgres, bringRedis, isMissing } from './programs.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
process.chdir(root)
const flags = new Set(process.argv.slice(2).filter(arg => arg.startsWith('--')))
const named = process.argv.slice(2).filter(arg => !arg.startsWith('--'))
const unknown = [...flags].find(flag => flag !== '--quick' && flag !== '--full')
if (unknown) {
  console.error(`test: ${unknown} is not known; there are --quick and --full`)
  process.exit(2)
}

/** Folders and files whose tests start servers, browsers and plugin hosts, end processes and threads, train models, or play long. */
const HEAVY = [
  ...[
    'test/e2e/',
    'test/power-cut/',
    'test/damage/',
    'test/plugin-host/',
    'test/hostile/',
    'test/server/',
    'test/resume/',
    'test/cluster/',
  ],
  ...[
    'test/mesh/crash',
    'test/mesh/recovery',
    'test/mesh/postgres',
    'test/mesh/sqlite',
    'test/core/pack-check',
    'test/core/dialogue-fuzz',
    'test/contracts/conversation-log',
    'test/contracts/jobs-bullmq',
  ],
  ...['test/models/training', 'test/models/encoder-training', 'test/models/knowledge-encoder', 'test/models/moods', 'test/transcripts/'],
]
/** Those of them that are about limits of milliseconds or about a busy server: each runs with nothing beside it. */
const ALONE = ['test/e2e/overload', 'test/e2e/reconnect', 'test/e2e/hostile-plugins', 'test/plugin-host/', 'test/hostile/']
/** Of these, what is slow and asks for nothing within milliseconds. */
const NOT_ALONE = ['installed', 'change', 'bundle', 'write-a-plugin', 'rogue-host'].map(name => `test/plugin-host/${name}`)
/** Their servers and nodes wait for one another more than half of the time, so that one of them runs beside two others. */
const WAITING = ['test/cluster/']
/** Of one file; the kills take minutes where something else keeps the processor busy. */
const FILE_MS = 900_000
/** Those that take longest, longest first: begun with, so that none of them is at work when the others are done. */
const LONG = [
  ...['test/e2e/crash', 'test/e2e/desk.', 'test/e2e/command-line', 'test/e2e/embed', 'test/e2e/widget', 'test/e2e/accessibility'],
  ...['test/e2e/ensembles-', 'test/e2e/studio', 'test/resume/resume-fuzz', 'test/e2e/container'],
  ...['test/models/encoder-training', 'test/plugin-host/installed', 'test/plugin-host/write-a-plugin', 'test/e2e/socket-processes'],
  ...['test/e2e/models', 'test/server/erasure-crash', 'test/e2e/train-a-model', 'test/e2e/erasure', 'test/server/backup'],
]
const placeOf = (file: string): number => {
  const place = LONG.findIndex(name => file.startsWith(name))
  return place < 0 ? LONG.length : place
}
const isOf = (folders: readonly string[], file: string): boolean => folders.some(folder => file.startsWith(folder))
const isHeavy = (file: string): boolean => isOf(HEAVY, file)
const isWaiting = (file: string): boolean => isOf(WAITING, file)
const isAlone = (file: string): boolean => isOf(ALONE, file) && !isOf(NOT_ALONE, file)

const counts = { passed: 0, failed: 0, skipped: 0 }
const started = performance.now()
/** What failed, with its cause, told once more before the last line, where whoever sees only the end of the output finds it. */
const failures: string[] = []
/** Milliseconds by file, of its tests at the outermost level. */
const spent = new Map<string, number>()

function check(title: string, tool: string, args: readonly string[]): void {
  const at = performance.now()
  const done = spawnSync(join(root, 'node_modules/.bin', tool), args, { encoding: 'utf8' })
  const isGood = done.status === 0
  counts[isGood ? 'passed' : 'failed']++
  console.log(`${isGood ? '✔' : '✖'} ${title} (${Math.round(performance.now() - at)} ms)`)
  if (!isGood) failures.push(`✖ ${title}\n${done.stdout}${done.stderr}${done.error?.message ?? ''}`)
}

/** What tests need beside npm's packages. Where it is missing and cannot be installed, one line says so and its tests skip with that reason. */
const DEBIAN = [
  { program: '/usr/bin/chromium', packages: 'chromium fonts-noto-cjk', what: 'the browser tests' },
  { program: '/usr/bin/strace', packages: 'strace', what: 'the tests of flushes and losses of power' },
]

function setUp(): void {
  for (const { program, packages, what } of DEBIAN) {
    if (existsSync(program)) continue
    console.log(`Setting up ${packages} for ${what} …`)
    const install = `apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends ${packages}`
    const done = process.getuid?.() === 0 ? spawnSync('sh', ['-c', install], { encoding: 'utf8' }) : undefined
    if (existsSync(program)) continue
    const reason = done?.stderr?.trim().split('\n').at(-1)
    console.log(`missing: ${packages} (install as root with apt-get${reason ? `; apt says: ${reason}` : ''}); ${what} skip`)
  }
  const nats = bringNats()
  if (isMissing(nats)) console.log(`missing: ${nats.skipped}; the tests of a cluster skip`)
  const redis = bringRedis()
  if (isMissing(redis)) console.log(`missing: ${redis.skipped}; the tests of jobs on several nodes skip`)
  const postgres = bringPostgres()
  if (isMissing(postgres)) console.log(`missing: ${postgres.skipped}; the tests of SQL sources skip`)
}

/** With `isNodeBare` without Node's own snapshot, which isolated-vm needs so in the file's own process; the others start sooner. */
async function runFiles(
  files: readonly string[],
  concurrency: number,
  { isNodeBare = false }: { readonly isNodeBare?: boolean } = {},
): Promise<void> {
  if (files.length === 0) return
  const stream = run({
    files: files.map(file => join(root, file)),
    concurrency,
    execArgv: [isNodeBare ? '--no-node-snapshot' : '--node-snapshot', '--disable-warning=ExperimentalWarning'],
    timeout: process.env.PARLEY_TEST_FULL ? 3_600_000 : FILE_MS,
  })
  for await (const event of stream) {
    if (event.type === 'test:stdout' || event.type === 'test:stderr') process.stdout.write(event.data.message)
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue
    const { name, skip, todo, nesting, details, file } = event.data
    const isSuite = details.type === 'suite'
    // A test file counts through its tests; the file itself only where it failed as a whole.
    const isFile = nesting === 0 && file !== undefined && name === file
    const where = file?.replace(root, '') ?? ''
    if (nesting === 0 && !isFile) spent.set(where, (spent.get(where) ?? 0) + details.duration_ms)
    if (event.type === 'test:fail') {
      const isSubtestOnly = 'error' in details && details.error.failureType === 'subtestsFailed'
      if (isSubtestOnly) continue
      counts.failed++
      const cause = 'error' in details ? (details.error.cause ?? details.error) : undefined
      failures.push(`✖ ${where}: ${name}\n${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}\n`)
      console.log(`✖ ${where}: ${name}`)
    } else if (skip !== undefined || todo !== undefined) {
      counts.skipped++
      console.log(`- ${where}: ${name} (skipped${typeof skip === 'string' ? `: ${skip}` : ''})`)
    } else if (!isSuite && !isFile) {
      counts.passed++
      console.log(`✔ ${where}: ${name} (${Math.round(details.duration_ms)} ms)`)
    }
  }
}

if (flags.has('--full')) process.env.PARLEY_TEST_FULL = '1'
const all = (
  named.length > 0
    ? named
    : globSync(
        ['test', 'plugin-sdk', 'plugins', 'server'].map(folder => `${folder}/**/*.test.ts`),
        { exclude: ['**/node_modules/**'] },
      )
).sort((a, b) => placeOf(a) - placeOf(b) || (a < b ? -1 : 1))
await buildWeb()
if (named.length === 0) {
  check('types', 'tsc', [])
  check('lint and format', 'biome', ['check', '--error-on-warnings'])
}
await runFiles(
  all.filter(file => !isHeavy(file)),
  2,
)
if (!flags.has('--quick')) {
  if (all.some(isHeavy)) setUp()
  const heavy = all.filter(file => isHeavy(file) && !isAlone(file))
  // Three of the others at a time on two cores took longer, though with two a quarter of them is idle: each file half as long again and more.
  await Promise.all([
    runFiles(
      heavy.filter(file => !isWaiting(file)),
      2,
    ),
    runFiles(heavy.filter(isWaiting), 1),
  ])
  await runFiles(all.filter(isAlone), 1, { isNodeBare: true })
}
const slowest = [...spent]
  .sort((a, b) => b[1] - a[1])
  .slice(0, 10)
  .map(([file, ms]) => `${file} ${(ms / 1000).toFixed(0)}`)
console.log(`\nSeconds of the slowest files: ${slowest.join(', ')}`)
if (failures.length > 0) console.log(`\n${failures.join('\n')}`)
console.log(
  `\n${((performance.now() - started) / 1000).toFixed(1)} s${counts.skipped > 0 ? `, ${counts.skipped} skipped (reasons above)` : ''}`,
)
console.log(`${counts.passed} passed, ${counts.failed} failed`)
process.exit(counts.failed > 0 || counts.passed === 0 ? 1 : 0)
