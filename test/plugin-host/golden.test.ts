// `parley plugin test`, the command itself, on plugins in the real sandbox.
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley } from './command.ts'
import { type Files, pythonPlugin, typescriptPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())
const folderOf = (name: string, files: Files): string => writeFolder(join(scratch.path, name), files)
const golden = (folder: string): string => readFileSync(join(folder, 'golden.txt'), 'utf8')

for (const name of readdirSync(PROJECT.plugins)) {
  test(`[SDK4] the golden transcript of ${name} holds, and reaches every action`, async () => {
    const { status, stdout, stderr } = await parley(join(PROJECT.plugins, name), 'plugin', 'test')
    assert.equal(status, 0, stdout + stderr)
    assert.match(stdout, /^(\d+) of \1 turns as written$/m)
    assert.doesNotMatch(stdout, /warning/)
  })
}

const BODY = `
if (text.includes('throw')) return text.nothing.at(0)
if (text.includes('loop')) for (;;) {}
if (text.includes('stray')) return vote('GREETING', 0.5)
return text.includes(settings.word) ? [vote('COMPENSATE', 0.6, { evidence: settings.word }), vote('PRODUCT_INFO', 0.2)] : abstain`
const SETTINGS = { manifest: "settings: { word: { type: 'string', about: 'Word to look for.', default: 'dead' } }" }

test('[SDK4] a turn answered otherwise is named with file, line and both answers; --update writes it and nothing else', async () => {
  const folder = folderOf('changed', {
    ...typescriptPlugin('changed', BODY, SETTINGS),
    'golden.txt': `# crabs
customer dead crabs
----
COMPENSATE 0.9

customer hello
----
abstain

settings { word: broken }
customer broken eggs
----
`,
  })
  const before = await parley(folder, 'plugin', 'test')
  assert.equal(before.status, 1, before.stderr)
  assert.match(
    before.stdout,
    /^golden\.txt:2: customer dead crabs\n {2}- COMPENSATE 0\.9\n {2}\+ COMPENSATE 0\.6 «dead»\n {2}\+ PRODUCT_INFO 0\.2$/m,
  )
  assert.match(before.stdout, /^golden\.txt:11: customer broken eggs\n {2}\+ COMPENSATE 0\.6 «broken»$/m)
  assert.match(before.stdout, /^1 of 3 turns as written, 2 otherwise/m)

  const update = await parley(folder, 'plugin', 'test', '--update')
  assert.equal(update.status, 0, update.stderr)
  assert.match(update.stdout, /2 written anew/)
  assert.equal(
    golden(folder),
    `# crabs
customer dead crabs
----
COMPENSATE 0.6 «dead»
PRODUCT_INFO 0.2

customer hello
----
abstain

settings { word: broken }
customer broken eggs
----
COMPENSATE 0.6 «broken»
PRODUCT_INFO 0.2
`,
  )
  const again = await parley(folder, 'plugin', 'test', '--json')
  assert.equal(again.status, 0, again.stderr)
  const report = JSON.parse(again.stdout)
  assert.deepEqual([report.plugin, report.turns, report.differences, report.unreached], ['changed', 3, [], []])
})

test('[SDK4] [SDK3] a turn that fails is told with its reason, hides no other, and is never written as golden', async () => {
  const written = `customer throw
----

customer loop
----

customer stray
----

customer dead
----
COMPENSATE 0.6 «dead»
PRODUCT_INFO 0.2
`
  const folder = folderOf('fails', { ...typescriptPlugin('fails', BODY, SETTINGS), 'golden.txt': written })
  const { status, stdout } = await parley(folder, 'plugin', 'test', '--update')
  assert.equal(status, 1)
  assert.match(stdout, /golden\.txt:1: customer throw\n {2}\+ ! plugin "fails" failed: TypeError: .* \(at plugin\.ts:7\)/)
  assert.match(stdout, /golden\.txt:4: customer loop\n {2}\+ ! plugin "fails" gave no answer in 50 ms/)
  assert.match(stdout, /golden\.txt:7: customer stray\n {2}\+ ! a vote for GREETING, which manifest\.actions does not list/)
  assert.match(stdout, /^1 of 4 turns as written, 3 failed$/m)
  assert.equal(golden(folder), written)
})

test('[SDK4] an action that no golden turn reaches is named; a Python plugin is tested alike', async () => {
  const code = 'class Plugin:\n    def process(self, text):\n        return None\n'
  const folder = folderOf('silent', { ...pythonPlugin('silent', code), 'golden.txt': 'customer hello\n----\nabstain\n' })
  const { status, stdout, stderr } = await parley(scratch.path, 'plugin', 'test', folder)
  assert.equal(status, 0, stderr)
  assert.match(stdout, /warning: no golden turn reaches COMPENSATE/)
})

test('[SDK3] a golden transcript that cannot be read is named with its line, a folder without one too', async () => {
  const folder = folderOf('broken', { ...typescriptPlugin('broken', 'return abstain'), 'golden.txt': 'customer hello\nabstain\n' })
  for (const [text, words] of [
    ['customer hello\nabstain\n', /golden\.txt:2: .*a line "----"/],
    ['# nothing\n', /golden\.txt:1: there is no turn/],
    ['settings [1]\n', /golden\.txt:1: settings are written \{ name: value \}/],
    ['hello\n', /golden\.txt:1: a line here begins with/],
  ] as const) {
    writeFileSync(join(folder, 'golden.txt'), text)
    const { status, stderr } = await parley(folder, 'plugin', 'test')
    assert.equal(status, 1)
    assert.match(stderr, words)
  }
  const { status, stderr } = await parley(scratch.path, 'plugin', 'test', 'nowhere')
  assert.equal(status, 1)
  assert.match(stderr, /nowhere.*not there/s)
})
