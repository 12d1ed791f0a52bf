// `parley agent` and `parley shop`: what they write, what they refuse, and their exit status.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { chmodSync, existsSync, lstatSync, readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { NODE_FLAGS, temporaryFolder } from './running-server.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const PASSWORD = 'crab soup at nine\n'
const SCRIPT = '/usr/bin/script'

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

let folder = temporaryFolder()
folder.remove()
beforeEach(() => {
  folder = temporaryFolder()
})
afterEach(() => folder.remove())

const { PARLEY_CONFIG: _config, ...environment } = process.env

function start(program: string, args: readonly string[]) {
  return spawn(program, args, { cwd: folder.path, env: { ...environment, PARLEY_DATA: join(folder.path, 'data') } })
}

/** Waits for the end; `answers` are typed one after another, each when its question has been shown. */
function finish(child: ReturnType<typeof start>, answers: readonly (readonly [question: RegExp, answer: string])[] = []): Promise<Outcome> {
  const left = [...answers]
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', chunk => {
    stdout += chunk
    const [question, answer] = left[0] ?? []
    if (question?.test(stdout)) {
      left.shift()
      child.stdin.write(answer ?? '')
    }
  })
  child.stderr.on('data', chunk => {
    stderr += chunk
  })
  return new Promise(resolve => child.once('close', status => resolve({ status, stdout, stderr })))
}

function parley(args: readonly string[], input = ''): Promise<Outcome> {
  const child = start(process.execPath, [...NODE_FLAGS, MAIN, ...args])
  child.stdin.on('error', () => {}) // it may have ended without reading
  child.stdin.end(input)
  return finish(child)
}

const config = (): string => readFileSync(join(folder.path, 'parley.yaml'), 'utf8')
const write = (text: string): void => writeFileSync(join(folder.path, 'parley.yaml'), text)

test('agent and shop: --help everywhere', async () => {
  for (const args of [
    ['agent'],
    ...['add', 'list', 'password', 'role', 'remove'].map(verb => ['agent', verb]),
    ['shop'],
    ['shop', 'add'],
    ['shop', 'list'],
  ]) {
    const { status, stdout } = await parley([...args, '--help'])
    assert.equal(status, 0, args.join(' '))
    assert.match(stdout, /Usage: parley/)
  }
})

test('agent: add, list, password, role, remove, by a script', async () => {
  const added = await parley(['agent', 'add', 'Anna Lee', '--password-stdin'], PASSWORD)
  assert.deepEqual([added.status, added.stderr], [0, ''])
  assert.match(added.stdout, /^Agent Anna Lee of shop demo may sign in/)
  assert.equal(
    (await parley(['agent', 'add', '陈丽', '--shop', 'demo', '--supervisor', '--password-stdin'], 'crab soup at nine\r\n')).status,
    0,
  )
  const listed = JSON.parse((await parley(['agent', 'list', '--json'])).stdout) as { id: string; createdAt: string }[] // checked below
  assert.deepEqual(
    listed.map(({ id: _i, createdAt: _c, ...row }) => row),
    [
      { shop: 'demo', name: 'Anna Lee', role: 'agent' },
      { shop: 'demo', name: '陈丽', role: 'supervisor' },
    ],
  )
  assert.match(
    (await parley(['agent', 'list'])).stdout,
    /^demo {2}agent {7}since \d{4}-\d\d-\d\d {2}Anna Lee\ndemo {2}supervisor .*陈丽\n$/,
  )
  assert.match(
    (await parley(['agent', 'role', 'Anna Lee', 'supervisor'])).stdout,
    /^Anna Lee of shop demo is a supervisor now and is signed out/,
  )
  assert.equal((await parley(['agent', 'role', 'Anna Lee', 'king'])).status, 2)
  assert.match((await parley(['agent', 'role', '陈丽', 'data'])).stdout, /is a data person now.*\/studio/)
  assert.match((await parley(['agent', 'role', '陈丽', 'agent'])).stdout, /is an agent now/)
  assert.match((await parley(['agent', 'list'])).stdout, /^demo {2}supervisor .*Anna Lee\ndemo {2}agent .*陈丽\n$/)
  assert.equal((await parley(['agent', 'password', 'anna lee', '--password-stdin'], 'another soup at ten')).status, 0)
  const removed = await parley(['agent', 'remove', 'ANNA LEE', '--yes'])
  assert.match(removed.stdout, /^Agent Anna Lee of shop demo is removed/)
  assert.doesNotMatch((await parley(['agent', 'list'])).stdout, /Anna/)
  assert.match((await parley(['agent', 'list', '--all'])).stdout, /Anna Lee {2}\(removed \d{4}/)
})

test('agent: what will not do is a fault of one line, and wrong use has exit status 2', async () => {
  assert.equal((await parley(['agent', 'add', 'Anna', '--password-stdin'], PASSWORD)).status, 0)
  for (const [args, input, status, pattern] of [
    [['add', 'ANNA', '--password-stdin'], PASSWORD, 1, /AGENT_EXISTS/],
    [['add', 'Bo', '--password-stdin'], 'short\n', 1, /10 to 200 characters \(AGENT_INVALID\)/],
    [['add', 'Bo', '--password-stdin'], '', 1, /AGENT_INVALID/],
    [['add', 'x'.repeat(41), '--password-stdin'], PASSWORD, 1, /1 to 40 characters.*AGENT_INVALID/],
    [['add', 'Bo', '--shop', 'nowhere', '--password-stdin'], PASSWORD, 1, /UNKNOWN_SHOP/],
    [['password', 'Bo', '--password-stdin'], PASSWORD, 1, /there is no agent "Bo" in shop "demo" \(UNKNOWN_AGENT\)/],
    [['remove', 'Bo', '--yes'], '', 1, /UNKNOWN_AGENT/],
    [['add', 'Bo'], PASSWORD, 2, /--password-stdin/],
    [['password', 'Anna'], PASSWORD, 2, /--password-stdin/],
    [['remove', 'Anna'], 'y\n', 2, /--yes/],
    [['add'], '', 2, /missing required argument 'name'/],
    [['rename', 'Anna'], '', 2, /unknown command 'rename'/],
  ] as const) {
    const told = await parley(['agent', ...args], input)
    assert.equal(told.status, status, `${args.join(' ')}: ${told.stderr}`)
    assert.match(told.stderr, pattern)
    assert.match(told.stderr, /^parley: /)
    assert.equal(told.stdout, '')
  }
  assert.match((await parley(['agent', 'list'])).stdout, /Anna\n$/, 'and nothing has changed')
  write('shops: [{ id: a }, { id: b }]\n')
  const which = await parley(['agent', 'add', 'Bo', '--password-stdin'], PASSWORD)
  assert.deepEqual([which.status, /--shop \(a, b\)/.test(which.stderr)], [2, true], which.stderr)
  assert.equal((await parley(['agent', 'add', 'Bo', '--shop', 'b', '--password-stdin'], PASSWORD)).status, 0)
  assert.match((await parley(['agent', 'list'])).stdout, /^b .*Bo\ndemo .*Anna\n$/, 'of every shop, also of one that is no more')
  assert.match((await parley(['agent', 'list', '--shop', 'b'])).stdout, /^b .*Bo\n$/)
})

test('agent: on a terminal the password is asked for twice and not shown', {
  skip: !existsSync(SCRIPT) && `${SCRIPT} is not here`,
}, async () => {
  const onTerminal = (args: readonly string[], answers: readonly (readonly [RegExp, string])[]): Promise<Outcome> => {
    const quoted = [process.execPath, ...NODE_FLAGS, MAIN, ...args].map(word => `'${word}'`).join(' ')
    return finish(start(SCRIPT, ['--quiet', '--return', '--command', quoted, join(folder.path, 'typescript')]), answers)
  }
  const good = await onTerminal(
    ['agent', 'add', 'Anna'],
    [
      [/Password for Anna: /, 'crab soup at nine\r'],
      [/Once more: /, 'crab soup at nine\r'],
    ],
  )
  assert.equal(good.status, 0, good.stdout)
  assert.match(good.stdout, /Agent Anna of shop demo may sign in/)
  assert.doesNotMatch(good.stdout, /crab|soup/)
  const unlike = await onTerminal(
    ['agent', 'add', 'Bo'],
    [
      [/Password for Bo: /, 'crab soup at nine\r'],
      [/Once more: /, 'crab soup at ten\r'],
    ],
  )
  assert.equal(unlike.status, 2)
  assert.match(unlike.stdout, /not alike/)
  const left = await onTerminal(['agent', 'add', 'Bo'], [[/Password for Bo: /, '\u0003']])
  assert.equal(left.status, 2)
  const kept = await onTerminal(['agent', 'remove', 'Anna'], [[/\[y\/N\] /, '\r']])
  assert.match(kept.stdout, /Nobody was removed/)
  assert.match((await parley(['agent', 'list'])).stdout, /^demo .*Anna\n$/)
  const gone = await onTerminal(['agent', 'remove', 'Anna'], [[/\[y\/N\] /, 'y\r']])
  assert.match(gone.stdout, /is removed/)
})

test('shop add: comments, order and rights of the file stay', async () => {
  write(`# Our settings
port: 8081 # behind the proxy

shops:
  # the first one
  - id: main
    name: 'A name that is much longer than any line that a program which makes YAML even would ever leave standing as it is'
    costs: { clarify: 2 } # we like to ask
  # the second
  - id: south
# what a turn may take
deadlines:
  turn: 2000
`)
  chmodSync(join(folder.path, 'parley.yaml'), 0o600)
  const before = config().split('\n')
  const args = [
    '--name',
    'North "1"',
    '--locale',
    'en',
    '--phone',
    '400',
    '--emergency-phone',
    '401',
    '--hours',
    '8-20',
    '--pack',
    'retail',
  ]
  const { status, stdout, stderr } = await parley(['shop', 'add', 'north', ...args])
  assert.deepEqual([status, stderr], [0, ''])
  assert.match(stdout, /restart/)
  const after = config().split('\n')
  assert.deepEqual(
    after.filter(line => !before.includes(line)),
    [
      '  - id: north',
      `    name: North "1"`,
      '    locale: en',
      '    phone: "400"',
      '    emergencyPhone: "401"',
      '    hours: 8-20',
      '    pack: retail',
    ],
  )
  assert.deepEqual(
    after.filter(line => before.includes(line)),
    before,
  )
  assert.equal(statSync(join(folder.path, 'parley.yaml')).mode & 0o777, 0o600)
  assert.deepEqual(readdirSync(folder.path), ['parley.yaml'], 'nothing is left beside it')
  assert.match((await parley(['shop', 'list'])).stdout, /^main .*\nsouth.*\nnorth {2}en .*North "1"\n$/)
})

test('shop add: without a file, or where it names no shop, the demo shop stays', async () => {
  for (const [text, head] of [
    [undefined, /^# Settings of Parley/],
    ['# mine\nport: 8081\n', /^# mine\nport: 8081\n/],
    ['# nothing yet\n', /^# nothing yet\n/],
  ] as const) {
    if (text !== undefined) write(text)
    const { status, stderr } = await parley(['shop', 'add', 'north', '--name', 'North'])
    assert.equal(status, 0, stderr)
    assert.match(config(), head)
    const shops = JSON.parse((await parley(['shop', 'list', '--json'])).stdout) as unknown // checked below
    assert.deepEqual(shops, [
      { id: 'demo', name: 'Parley Fresh', locale: 'zh-CN', pack: 'retail' },
      { id: 'north', name: 'North', locale: 'zh-CN', pack: 'retail' },
    ])
    assert.match(config(), /phone: 400-000-0000/)
  }
})

test('shop add: a link stays a link, a list that is not indented stays so, and a flow list takes one more', async () => {
  writeFileSync(join(folder.path, 'real.yaml'), 'shops:\n- id: a\n- id: b\n')
  symlinkSync('real.yaml', join(folder.path, 'parley.yaml'))
  assert.equal((await parley(['shop', 'add', 'c', '--name', 'C'])).status, 0)
  assert.ok(lstatSync(join(folder.path, 'parley.yaml')).isSymbolicLink())
  assert.equal(config(), 'shops:\n- id: a\n- id: b\n- id: c\n  name: C\n')
  write('shops: [ { id: a } ] # ours\n')
  assert.equal((await parley(['shop', 'add', 'b', '--name', 'B'])).status, 0)
  assert.equal(config(), 'shops: [ { id: a }, { id: b, name: B } ] # ours\n')
})

test('shop add: what is wrong is refused, and the file is as it was', async () => {
  const good = 'shops:\n  - id: a # ours\n'
  for (const [text, args, status, pattern] of [
    [good, ['a', '--name', 'A'], 1, /parley\.yaml: shops: there is a shop "a" already \(CONFIG_INVALID\)/],
    [good, ['No Good', '--name', 'A'], 1, /shops\.1\.id: an id is 1 to 64 of a-z 0-9 - \(CONFIG_INVALID\)/],
    [good, ['b', '--name', 'B', '--pack', 'nothing'], 1, /PACK_INVALID/],
    ['shops:\n  - id: a\n    colour: red\n', ['b', '--name', 'B'], 1, /shops\.0: .*colour.*CONFIG_INVALID/],
    ['shops: [\n', ['b', '--name', 'B'], 1, /CONFIG_INVALID/],
    [good, ['b'], 2, /--name/],
    [good, ['b', '--name', 'B', '--locale', 'fr'], 2, /zh-CN, en/],
  ] as const) {
    write(text)
    const told = await parley(['shop', 'add', ...args])
    assert.equal(told.status, status, told.stderr)
    assert.match(told.stderr, pattern)
    assert.match(told.stderr, /^parley: /)
    assert.equal(config(), text)
  }
})

test('config: a proxy that is no address is named', async () => {
  for (const proxy of ['nonsense', '10.0.0.0/33', '10.0.0.1,', 'true']) {
    write(`trustProxy: "${proxy}"\n`)
    assert.match((await parley(['config', 'check'])).stderr, /parley\.yaml: trustProxy: give addresses or networks/, proxy)
  }
  write('trustProxy: loopback, 10.0.0.0/8, ::1, fd00::/8\n')
  assert.equal((await parley(['config', 'check'])).status, 0)
})
