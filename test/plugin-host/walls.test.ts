// [PLG7] The walls of the operating system: what a program finds that stands where a host does, and what can be seen of a real host.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { text } from 'node:stream/consumers'
import { after, before, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { reportOfWalls } from '@parley/server/cli/doctor.ts'
import { behindWalls, surveyWalls, type WallName } from '@parley/server/plugin-host/walls.ts'
import { startTrial, type Trial, typescriptPlugin } from './harness.ts'

const DESCRIPTORS = 3
const OWN_FILE = fileURLToPath(import.meta.url)

/** Where a wall cannot be had, its tests say so and skip. */
const needs = (name: WallName): { readonly skip: string | false } => {
  const missing = surveyWalls().find(wall => wall.name === name)?.missing
  return { skip: missing === undefined ? false : missing }
}

interface Found {
  readonly environment: readonly string[]
  readonly niceness: number
  readonly user: number
  readonly connect: string
  readonly secrets: readonly string[]
  readonly write: string
  readonly files: readonly number[]
  readonly child: string
  readonly kill: string
}

/** Runs behind the walls; tells what it found as JSON. */
const LOOK = async (port: number, ownFile: string, engine: number, descriptors: number): Promise<void> => {
  const { fstatSync, readFileSync, writeFileSync } = await import('node:fs')
  const { getPriority } = await import('node:os')
  const { connect } = await import('node:net')
  const { spawnSync } = await import('node:child_process')
  const attempt = (act: () => unknown): string => {
    try {
      act()
      return 'done'
    } catch (error) {
      return String((error as NodeJS.ErrnoException).code)
    }
  }
  const isFile = (descriptor: number): boolean => {
    try {
      return fstatSync(descriptor).isFile()
    } catch {
      return false
    }
  }
  const reached = await new Promise<string>(resolve => {
    const socket = connect(port, '127.0.0.1', () => resolve('done'))
    socket.on('error', error => resolve(String((error as NodeJS.ErrnoException).code)))
  })
  const found: Found = {
    environment: Object.keys(process.env),
    niceness: getPriority(),
    user: process.getuid!(), // Linux has one
    connect: reached,
    secrets: ['/etc/passwd', '/proc/self/environ', '/root', '/tmp', ownFile].filter(file => attempt(() => readFileSync(file)) !== 'ENOENT'),
    write: attempt(() => writeFileSync('/found', 'x')),
    files: Array.from({ length: 64 }, (_, at) => at + descriptors).filter(isFile),
    child: String((spawnSync(process.execPath, ['--version']).error as NodeJS.ErrnoException | undefined)?.code ?? 'done'),
    kill: attempt(() => process.kill(engine, 0)),
  }
  process.stdout.write(JSON.stringify(found))
  process.exit() // a refused socket need not be waited for
}

describe('[PLG7] behind the walls', () => {
  let found: Found
  before(async () => {
    const server = createServer(socket => socket.end()).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { readonly port: number } // it listens on a port
    const inherited = openSync(OWN_FILE, 'r')
    const look = `(${String(LOOK)})(${port}, ${JSON.stringify(OWN_FILE)}, ${process.pid}, ${DESCRIPTORS})`
    const { file, args } = behindWalls(['--input-type=module', '--eval', look], DESCRIPTORS)
    const child = spawn(file, args, { env: {}, stdio: ['ignore', 'pipe', 'pipe', inherited, inherited] })
    const [said, complaint] = await Promise.all([text(child.stdout!), text(child.stderr!)]) // both are pipes
    closeSync(inherited)
    server.close()
    assert.equal(complaint, '')
    found = JSON.parse(said)
  })

  test('[PLG7] no environment', () => assert.deepEqual(found.environment, []))
  test('[PLG7] no descriptor of the server', needs('descriptors'), () => assert.deepEqual(found.files, []))
  test('[PLG7] a priority below ours', needs('priority'), () => assert.equal(found.niceness, 10))
  test('[PLG7] no network', needs('network'), () => assert.match(found.connect, /^(ENETUNREACH|EPERM)$/))
  test('[PLG7] no file but what it runs, and none can be written', needs('files'), () => {
    // Of a folder that this project lies in it sees the name, since that is on the way to what it runs.
    const isAbove = (file: string): boolean => OWN_FILE.startsWith(`${file}/`)
    assert.deepEqual(
      found.secrets.filter(file => !isAbove(file)),
      [],
    )
    assert.equal(found.write, 'EROFS')
  })
  test('[PLG7] not root', needs('user'), () => assert.equal(found.user, 65_534))
  test('[PLG7] no further process, and no way to the server', needs('calls'), () => {
    assert.equal(found.child, 'EPERM')
    assert.equal(found.kill, 'EPERM')
  })
})

describe('[PLG7] a plugin host as the system sees it', { skip: process.platform !== 'linux' && 'it is read in /proc' }, () => {
  let trial: Trial
  let pid: number
  before(async () => {
    trial = await startTrial({ quiet: typescriptPlugin('quiet', 'return abstain') })
    await trial.ready
    pid = trial.pids[0]!
  })
  after(() => trial.end())

  const read = (file: string): string => readFileSync(`/proc/${pid}/${file}`, 'latin1')
  const status = (key: string): string | undefined => new RegExp(`^${key}:\\s*(.*)$`, 'm').exec(read('status'))?.[1]

  test('[PLG7] its environment is the time zone', () => assert.equal(read('environ').replace(/NODE_CHANNEL_\w+=\w+\0/g, ''), 'TZ=UTC\0'))
  test('[PLG7] it goes first when memory runs short', () => assert.equal(read('oom_score_adj').trim(), '1000'))
  test('[PLG7] its descriptors are pipes, sockets to the engine, and its own event loop', needs('descriptors'), () => {
    const targets = readdirSync(`/proc/${pid}/fd`).map(name => readlinkSync(`/proc/${pid}/fd/${name}`))
    const itsRoot = readlinkSync(`/proc/${pid}/root`) // Node holds it
    assert.deepEqual(
      targets.filter(target => target !== itsRoot && !/^(pipe:|socket:|anon_inode:|\/dev\/null$)/.test(target)),
      [],
    )
  })
  test('[PLG7] every thread has a priority below ours', needs('priority'), () => {
    const niceness = readdirSync(`/proc/${pid}/task`).map(thread => read(`task/${thread}/stat`).split(') ')[1]!.split(' ')[16])
    assert.deepEqual(new Set(niceness), new Set(['10']))
  })
  test('[PLG7] its network is not ours', needs('network'), () =>
    assert.notEqual(readlinkSync(`/proc/${pid}/ns/net`), readlinkSync('/proc/self/ns/net')),
  )
  test('[PLG7] it has no privilege, can gain none, and its system calls are filtered', needs('calls'), () => {
    assert.equal(status('CapEff'), '0000000000000000')
    assert.equal(status('NoNewPrivs'), '1')
    assert.equal(status('Seccomp'), '2')
  })
  test('[PLG7] it dumps no core', needs('dumps'), () => assert.match(read('limits'), /^Max core file size +0 +0 /m))
})

test('[PLG7] doctor states each wall, and why one is missing', () => {
  const walls = surveyWalls().map(({ name }) => ({ name, missing: name === 'network' ? 'unshare: Operation not permitted' : undefined }))
  const [first, ...lines] = reportOfWalls(walls).split('\n')
  assert.equal(first, 'Walls around plugin hosts: 1 of 8 missing.')
  assert.equal(lines.length, 8)
  assert.equal(
    lines.find(line => line.includes('network ')),
    '  missing  network      unshare: Operation not permitted',
  )
  assert.equal(
    lines.find(line => line.includes('user ')),
    '  up       user         the user nobody',
  )
})
