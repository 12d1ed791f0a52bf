// The container without an engine: what the image's build assembles is assembled for real into a folder outside of the project, and what the image
// starts is started there, read off the Dockerfile, as its user, with its environment and nothing else, on a tree that it cannot write to.
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import {
  chownSync,
  constants,
  copyFileSync,
  existsSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parseDocument } from 'yaml'
import { z } from 'zod'
import { readInstructions, readLastStage } from './container-files.ts'
import { fetchVisitor, joinConversation, type RunningServer, runServer, textOf } from './running-server.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const DOCKERFILE = join(root, 'deploy/container/Dockerfile')
const image = readLastStage(DOCKERFILE)
const [uid, gid] = image.user.split(':').map(Number)
const isRoot = process.getuid?.() === 0

/** One folder for all: `app` is the image's WORKDIR, `data` its volume, `tmp` the only other place that may be written to. */
const box = mkdtempSync(join(tmpdir(), 'parley-container-'))
const [app, data, tmp, bin] = ['app', 'data', 'tmp', 'bin'].map(name => join(box, name)) as [string, string, string, string] // four names
/** Beside other tests a vote may be late, which is no matter here. */
const patient = join(box, 'patient.yaml')
let report = ''

before(() => {
  report = assemble(app, [])
  prepare()
  for (const folder of [data, tmp]) {
    mkdirSync(folder, { mode: 0o700 })
    if (isRoot) chownSync(folder, uid!, gid!) // the Dockerfile's USER, checked below
  }
  writeFileSync(patient, 'deadlines: { voters: 5000, plugin: 5000, turn: 10000 }\n')
  // The image's `node` is found by PATH; where the project lies may be closed to other users.
  mkdirSync(bin)
  copyFileSync(process.execPath, join(bin, 'node'), constants.COPYFILE_FICLONE)
  spawnSync('chmod', ['0755', box, patient, bin, join(bin, 'node')])
  if (!isRoot) spawnSync('chmod', ['-R', 'a-w', app])
})
after(() => {
  if (!isRoot) spawnSync('chmod', ['-R', 'u+w', app])
  rmSync(box, { recursive: true, force: true })
})

/** As the build does, in our folder. */
function prepare(): void {
  const lines = readInstructions(DOCKERFILE).flatMap(([name, rest]) => (name === 'RUN' && rest.includes('prepare-hosts') ? [rest] : []))
  assert.equal(lines.length, 1)
  const [, ...args] = lines[0]!.replace('/assembled', app).split(' ')
  const done = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(done.status, 0, done.stderr)
}

function assemble(folder: string, args: readonly string[]): string {
  const done = spawnSync(process.execPath, [join(root, 'deploy/container/assemble.ts'), folder, ...args], { encoding: 'utf8' })
  if (done.status !== 0) throw new Error(`assemble ended with ${done.status}: ${done.stderr}`)
  return done.stdout
}

/** As the image would: its ENV alone, with the paths, the port and the patience of this test. */
const environment = (more: Record<string, string>): Record<string, string> => ({
  ...image.env,
  PATH: bin,
  TMPDIR: tmp,
  PARLEY_DATA: data,
  PARLEY_CONFIG: patient,
  PORT: '0',
  ...more,
})
/** Without root there is no becoming somebody else; then the tree's own permissions keep us out of it. */
const user = isRoot ? { uid: uid!, gid: gid! } : {} // the Dockerfile's USER, checked below

const started: ChildProcess[] = []
after(() => started.forEach(child => child.kill('SIGKILL'))) // those that a failed test left; the others have ended

function start(): Promise<RunningServer> {
  const [command = '', ...args] = [...image.entrypoint, ...image.cmd]
  const child = spawn(command, args, { cwd: app, env: environment({}), stdio: ['ignore', 'pipe', 'pipe'], ...user })
  started.push(child)
  return runServer(child)
}

const filesOf = (folder: string): string[] => globSync('**/*', { cwd: folder, exclude: () => false }).sort()

/** Every file with what a write would change. */
const listing = (folder: string): string[] =>
  filesOf(folder).map(path => {
    const { mode, size, mtimeMs, ctimeMs } = statSync(join(folder, path))
    return `${path} ${mode} ${size} ${mtimeMs} ${ctimeMs}`
  })

test('the assembled folder holds native code of this machine alone, and of every package that has some', () => {
  const machine = { x64: 0x3e, arm64: 0xb7 }[process.arch as 'x64' | 'arm64'] // the platforms that there are images for
  const native = filesOf(app).filter(path => {
    if (!statSync(join(app, path)).isFile()) return false
    const head = readFileSync(join(app, path)).subarray(0, 20)
    const magic = head.toString('hex', 0, 4)
    assert.ok(!['cffaedfe', 'cafebabe', 'feedfacf'].includes(magic), `${path} is of macOS`)
    assert.ok(!/\.(dylib|dll|exe|lib|a)$/.test(path), `${path} is of another system`)
    assert.ok(!(magic.startsWith('4d5a') && head[2] !== 0x20 && head.includes(0)), `${path} is of Windows`)
    if (magic !== '7f454c46') return false
    assert.equal(head.readUInt16LE(18), machine, `${path} is of another processor`)
    assert.doesNotMatch(path, /musl|darwin|win32/)
    return true
  })
  for (const owner of ['onnxruntime-node/', 'isolated-vm/', '@lmdb/', '@esbuild/', '@msgpackr-extract/'])
    assert.ok(
      native.some(path => path.startsWith(`node_modules/${owner}`)),
      `${owner} has lost its native code`,
    )
})

test('the assembled folder holds no package of the developers, no test, no data, no secret', () => {
  const lock = z
    .object({ packages: z.record(z.string(), z.object({ dev: z.boolean().default(false) })) })
    .parse(JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')))
  const places = Object.entries(lock.packages).filter(([place]) => place.includes('node_modules/'))
  const dev = places.filter(([, entry]) => entry.dev).map(([place]) => place)
  assert.ok(dev.includes('node_modules/typescript'), 'the lock marks what is for development')
  assert.deepEqual(
    dev.filter(place => existsSync(join(app, place))),
    [],
  )
  const files = filesOf(app)
  assert.deepEqual(
    files.filter(path => /\.test\.|^(test|bench|docs|data|tools|deploy)\/|^models\/train-|\.d\.ts$|\.map$|\.mdb$|(^|\/)\.env/.test(path)),
    [],
  )
  for (const path of [
    'server/main.ts',
    'web/dist/index.html',
    'packs/retail/catalogue.yaml',
    'models/shipped/intent.onnx',
    'node_modules/ws/LICENSE',
  ])
    assert.ok(files.includes(path), path)
  const [script, snapshot] = ['.cache/host/*/host-process.mjs', '.cache/python/*.snapshot'].map(made => globSync(made, { cwd: app }))
  assert.ok(script?.length === 1 && snapshot?.length === 1, `${script}, ${snapshot}`)
  for (const path of files) assert.equal(statSync(join(app, path)).mode & 0o022, 0, `others may write ${path}`)
  assert.match(report, /what the server reaches +\d+\.\d MB +\d+\.\d MB/)
  const size = files.reduce((sum, path) => sum + (statSync(join(app, path)).isFile() ? statSync(join(app, path)).size : 0), 0)
  assert.ok(size < 190e6, `${size} bytes: something large has come in`)
})

test('assemble refuses a platform without packages, one that it does not know, and a folder in use', () => {
  const other = process.arch === 'x64' ? 'arm64' : 'x64'
  const refusals = [
    [[join(box, 'other'), '--platform', `linux/${other}`], 1, /is not installed; .* --cpu=/],
    [[join(box, 'other2'), '--platform', 'windows/amd64'], 2, /there are linux\/x64 and linux\/arm64/],
    [[app], 1, /is not empty/],
    [[], 2, /say the folder/],
  ] as const
  for (const [args, status, message] of refusals) {
    const done = spawnSync(process.execPath, [join(root, 'deploy/container/assemble.ts'), ...args], { encoding: 'utf8' })
    assert.equal(done.status, status, done.stderr)
    assert.match(done.stderr, message)
  }
})

test('the entry point answers as a user without rights, stops at once when told to, keeps the conversation, and writes into its data alone', async () => {
  assert.ok(uid! > 0 && gid! > 0, 'the user is a number and not root')
  const untouched = listing(app)
  const strewn = writtenElsewhere()
  const first = await start()
  const visitor = await fetchVisitor(first.url)
  const line = await joinConversation(first.url, visitor)
  await line.next('welcome')
  line.send({ type: 'say', ref: 'm1', text: '螃蟹死了怎么赔' })
  const answer = await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  const reply = answer.events.find(event => event.type === 'reply')!
  assert.match(textOf(reply), /不新鲜/)
  assert.equal((await fetch(`${first.url}/`)).status, 200, 'the page is served')
  await becomesReady(first)
  assert.equal(checkHealth(first.port), 0, 'the health check says yes')
  const asked = performance.now()
  assert.deepEqual(await first.stop(image.stopSignal as NodeJS.Signals), [0, null]) // the Dockerfile's STOPSIGNAL, a signal's name
  assert.ok(performance.now() - asked < 5_000, 'the promise of five seconds')
  assert.equal(checkHealth(first.port), 1, 'the health check says no')

  const second = await start()
  const again = await joinConversation(second.url, await fetchVisitor(second.url, visitor.refresh))
  await again.next('welcome')
  const history = await again.next('events')
  assert.deepEqual(
    history.events.filter(event => event.type === 'reply').map(textOf),
    [textOf(reply)],
    'the restart keeps the conversation',
  )
  // kill -9 and a start on what it left: what `restart: unless-stopped` does when memory runs out.
  await second.stop('SIGKILL')
  const third = await start()
  await third.stop('SIGTERM')

  assert.deepEqual(listing(app), untouched, 'nothing in the image was changed')
  assert.deepEqual(filesOf(tmp), [], 'nothing was left in the temporary folder')
  assert.ok(filesOf(data).length >= 4)
  assert.deepEqual(writtenElsewhere(), strewn, 'nothing is in the folders that everybody may write to')
})

/** Files of the image's user in the folders that everybody may write to. Without root the user is ours, and so are other programs' files. */
function writtenElsewhere(): string {
  const search = ['/tmp', '/var/tmp', '/dev/shm', '-uid', String(uid), '-not', '-path', `${box}/*`]
  return isRoot ? spawnSync('find', search, { encoding: 'utf8' }).stdout : ''
}

async function becomesReady({ url }: RunningServer): Promise<void> {
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
}

/** The Dockerfile's own command; its exit status. */
function checkHealth(port: number): number | null {
  const [command = '', ...args] = image.healthcheck.command
  return spawnSync(command, args, { cwd: app, env: environment({ PORT: String(port) }), ...user }).status
}

test('in the assembled folder the launcher hands over and neither installs nor builds', () => {
  const done = spawnSync('/bin/sh', [join(app, 'bin/parley'), 'ask', '螃蟹死了怎么赔', '--json'], {
    cwd: tmp,
    env: { ...environment({}), PATH: `${bin}:/usr/bin:/bin` },
    encoding: 'utf8',
    ...user,
  })
  assert.equal(done.status, 0, done.stderr)
  assert.equal(done.stderr, '')
  assert.match(done.stdout, /"template": ?"compensate\.fresh"/)
})

const Compose = z.strictObject({
  name: z.literal('parley'),
  services: z.strictObject({
    parley: z.strictObject({
      build: z.strictObject({ context: z.literal('.'), dockerfile: z.string() }),
      image: z.string(),
      restart: z.literal('unless-stopped'),
      init: z.literal(true),
      user: z.string(),
      read_only: z.literal(true),
      tmpfs: z.tuple([z.string().startsWith('/tmp:')]),
      cap_drop: z.tuple([z.literal('ALL')]),
      security_opt: z.tuple([z.literal('no-new-privileges:true')]),
      mem_limit: z.string().regex(/^\$\{PARLEY_MEMORY:-\d+[mg]\}$/),
      pids_limit: z.int(),
      stop_grace_period: z.string().regex(/^\d+s$/),
      ports: z.tuple([z.string()]),
      environment: z.record(z.string(), z.string()),
      volumes: z.tuple([z.string()]),
      healthcheck: z.strictObject({
        test: z.array(z.string()),
        interval: z.string(),
        timeout: z.string(),
        start_period: z.string(),
        retries: z.int(),
      }),
      logging: z.strictObject({ driver: z.string(), options: z.record(z.string(), z.string()) }),
    }),
  }),
  volumes: z.record(z.string(), z.null()),
})

test('Dockerfile, docker-compose.yml, package.json and the launcher agree', () => {
  const document = parseDocument(readFileSync(join(root, 'docker-compose.yml'), 'utf8'))
  assert.deepEqual(document.errors, [])
  const compose = Compose.parse(document.toJS())
  const service = compose.services.parley
  assert.equal(join(root, service.build.dockerfile), DOCKERFILE)
  assert.equal(service.user, image.user)
  const [, published, inside] = /^\$\{PARLEY_PUBLISH:-(.+)\}:(\d+)$/.exec(service.ports[0]) ?? []
  assert.equal(inside, image.port)
  assert.equal(image.env.PORT, image.port)
  assert.match(published ?? '', /^127\.0\.0\.1:\d+$/, 'published on this machine alone')
  const [volume = '', place] = service.volumes[0].split(':')
  assert.deepEqual(Object.keys(compose.volumes), [volume])
  assert.deepEqual(image.volumes, [place])
  assert.equal(image.env.PARLEY_DATA, place)
  assert.equal(image.env.HOST, '0.0.0.0')
  assert.ok(Number.parseInt(service.stop_grace_period, 10) > 5, 'the engine waits longer than the server takes')
  // Compose doubles a dollar that is not its own.
  assert.deepEqual(
    service.healthcheck.test.map(word => word.replaceAll('$$', '$')),
    ['CMD', ...image.healthcheck.command],
  )
  const { interval, timeout, start_period, retries } = service.healthcheck
  assert.equal(image.healthcheck.options, `--interval=${interval} --timeout=${timeout} --start-period=${start_period} --retries=${retries}`)
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')))
  assert.equal(service.image, `parley:${version}`)
  assert.match(image.labels, new RegExp(`image\\.version="${version.replaceAll('.', '\\.')}"`))
  const node = /NODE_VERSION = '(.+)'/.exec(readFileSync(join(root, 'bin/launch.mjs'), 'utf8'))?.[1]
  for (const [name, rest] of readInstructions(DOCKERFILE))
    if (name === 'FROM') assert.match(rest, new RegExp(`^node:${node}-bookworm-slim( AS \\w+)?$`), 'the Node that the launcher brings')
})

test('what is private and what is large does not reach the build', () => {
  const ignored = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n')
  for (const path of ['.git', '.env', 'data', 'parley.yaml', '**/node_modules', '.node', 'web/dist', 'test'])
    assert.ok(ignored.includes(path), path)
})

const can = (args: readonly string[]): boolean => spawnSync('docker', args).status === 0

test("docker's own check of the files", { skip: dockerIsMissing() }, () => {
  for (const args of [
    ['compose', '-f', join(root, 'docker-compose.yml'), 'config', '-q'],
    ['compose', '-f', join(root, 'docker-compose.cluster.yml'), 'config', '-q'],
    ['build', '--check', '-f', DOCKERFILE, root],
  ]) {
    const done = spawnSync('docker', args, {
      encoding: 'utf8',
      env: { ...process.env, PARLEY_NATS_PASSWORD: 'a', PARLEY_REDIS_PASSWORD: 'b' },
    })
    assert.equal(done.status, 0, done.stderr)
  }
})

function dockerIsMissing(): string | false {
  if (!can(['--version'])) return 'there is no docker client'
  if (!can(['compose', 'version'])) return 'the docker client has no compose'
  return can(['info']) ? false : 'no docker engine answers'
}
