// A plugin that cannot be used is refused with words that its author understands, and the others run.
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Files, pythonPlugin, startTrial, type Trial, typescriptPlugin } from './harness.ts'

const files = (plugin: string, more: Files = {}): Files => ({ 'plugin.ts': plugin, ...more })

/** What is wrong with each, as the operator reads it. */
const BAD: Readonly<Record<string, readonly [Files, RegExp]>> = {
  'node-import': [
    typescriptPlugin('node-import', 'return abstain', { outside: "import { readFileSync } from 'node:fs'\nreadFileSync('/etc/passwd')" }),
    /^plugin node-import: plugin\.ts:2: it imports "node:fs"/,
  ],
  'node-import-inside': [
    {
      ...typescriptPlugin('node-import-inside', 'return abstain', { outside: "import './more.ts'" }),
      'more.ts': "import net from 'net'\nnet.connect(1)",
    },
    /^plugin node-import-inside: more\.ts:1: it imports "net"/,
  ],
  'file-outside': [
    typescriptPlugin('file-outside', 'return abstain', {
      outside: `import secrets from ${JSON.stringify(`${import.meta.dirname}/../../package.json`)}\nglobalThis.x = secrets`,
    }),
    /^plugin file-outside: .*is outside of the plugin's folder/,
  ],
  syntax: [files('export default {'), /^plugin syntax: plugin\.ts:1: /],
  'no-plugin': [files('export const x = 1'), /no default export made by definePlugin/],
  'no-on-turn': [files("export default { manifest: { id: 'no-on-turn' } }"), /it has no onTurn/],
  'throws-at-once': [files("throw new Error('at the top')"), /^plugin throws-at-once: plugin\.ts: Error: at the top \(at plugin\.ts:1\)$/],
  'loops-at-once': [files('while (true) {}'), /timed out/],
  'grows-at-once': [files('export default "x".repeat(2 ** 29 - 24).split("")'), /took its process down|too much memory|memory limit/],
  'bad-version': [
    files("export default { manifest: { id: 'x', version: 'one', sdk: '^0.1.0', languages: ['zh'], actions: '*' }, onTurn() {} }"),
    /^plugin bad-version: plugin\.ts:1: manifest\.version: a version is three numbers/,
  ],
  'other-sdk': [
    files("export default { manifest: { id: 'x', version: '1.0.0', sdk: '^9.0.0', languages: ['zh'], actions: '*' }, onTurn() {} }"),
    /manifest\.sdk: this server has SDK 0\.1\.0/,
  ],
  'wants-more': [
    files(
      "export default { manifest: { id: 'x', version: '1.0.0', sdk: '^0.1.0', languages: ['zh'], actions: '*', grants: ['network'] }, onTurn() {} }",
    ),
    /manifest\.grants\.0: there is no such grant/,
  ],
  'unknown-key': [
    files(
      "export default { manifest: { id: 'x', version: '1.0.0', sdk: '^0.1.0', languages: ['zh'], actions: '*', limit: {} }, onTurn() {} }",
    ),
    /plugin\.ts:1: manifest\.limit: Unrecognized key/,
  ],
  empty: [{ 'readme.txt': 'nothing' }, /neither plugin\.ts nor plugin\.yaml/],
  'no-module': [{ 'plugin.yaml': pythonPlugin('no-module', '')['plugin.yaml']! }, /plugin\.yaml:5: module: there is no plugin\.py/],
  'yaml-broken': [{ 'plugin.yaml': 'id: [x' }, /^plugin yaml-broken: plugin\.yaml:1: /],
}

describe('a folder that is no plugin', () => {
  let trial: Trial
  before(async () => {
    const good = typescriptPlugin('good', "return vote('COMPENSATE', 0.7)", { manifest: 'limits: { timeoutMs: 1000 }' })
    trial = await startTrial({ good, ...Object.fromEntries(Object.entries(BAD).map(([name, [folder]]) => [name, folder])), twin: good })
    await trial.ready
  })
  after(() => trial.end())

  for (const [name, [, words]] of Object.entries(BAD)) {
    test(`is refused with PLUGIN_INVALID: ${name}`, () => {
      const fault = trial.invalid.find(({ details }) => details.plugin === name)
      assert.equal(fault?.code, 'PLUGIN_INVALID')
      assert.match(fault.message, words)
    })
  }

  test('is refused when another plugin has its id', () => {
    assert.match(
      trial.invalid.find(({ details }) => details.plugin === 'twin')?.message ?? '',
      /id: another plugin is called "good" already/,
    )
  })

  test('is no voter, and the good one beside it votes', async () => {
    assert.deepEqual(
      trial.pool.voters.map(({ voter }) => voter),
      ['plugin:good'],
    )
    assert.deepEqual((await trial.ask('x'))[0]?.votes, [{ action: 'COMPENSATE', confidence: 0.7 }])
  })
})

describe('[SDK3] what goes wrong is told with the line of the author', () => {
  const lastFault = (trial: Trial): string => String(trial.faults.filter(fault => fault !== undefined).at(-1)?.message)

  test('of the file in which TypeScript threw, and of those that called it', async () => {
    const words = 'export const first = (words: readonly string[]): string => {\n  // a comment\n  return words[9]!.trim()\n}\n'
    const trial = await startTrial({
      throws: {
        ...typescriptPlugin('throws', "return vote('COMPENSATE', first([text]).length)", { outside: "import { first } from './words.ts'" }),
        'words.ts': words,
      },
    })
    try {
      await trial.ready
      await trial.ask('x')
      assert.match(lastFault(trial), /plugin "throws" failed: TypeError: Cannot read .*'trim'\) \(at words\.ts:3, plugin\.ts:6\)$/)
    } finally {
      await trial.end()
    }
  })

  test('of the setting in plugin.yaml, and of Python that does not load', async () => {
    const plugin = 'class Plugin:\n    def process(self, text):\n        return None\n'
    const trial = await startTrial({
      yaml: pythonPlugin('yaml', plugin, 'limits:\n  timeoutMs: soon'),
      syntax: pythonPlugin('syntax', `${plugin}\ndef broken(:\n`),
      raises: pythonPlugin('raises', `import json\n\nWORDS = json.loads("{")\n${plugin}`),
      bare: pythonPlugin('bare', 'class Plugin:\n    pass\n'),
    })
    try {
      await trial.ready
      const told = trial.invalid.map(({ message }) => message).join('\n')
      assert.match(told, /^plugin yaml: plugin\.yaml:10: manifest\.limits\.timeoutMs: /m)
      assert.match(told, /^plugin syntax: .*SyntaxError: .* \(at plugin\.py:5\)$/m)
      assert.match(told, /^plugin raises: .*JSONDecodeError: .* \(at plugin\.py:3\)$/m)
      assert.match(told, /^plugin bare: .*neither process\(self, text\) nor on_turn\(self, turn, settings\)$/m)
    } finally {
      await trial.end()
    }
  })
})

describe('a plugin that is fine on paper', () => {
  test('abstains as off when its Python does not load, with the reason told, and the good one beside it votes', async () => {
    const trial = await startTrial({
      'no-class': pythonPlugin('no-class', 'x = 1'),
      good: pythonPlugin('good', 'class Plugin:\n    def process(self, text):\n        return {"action": "COMPENSATE"}'),
    })
    try {
      await trial.ready
      assert.match(trial.invalid.map(fault => fault.message).join(), /plugin no-class: .*plugin\.py has no class Plugin$/m)
      const ballots = await trial.ask('x')
      assert.equal(ballots.find(({ voter }) => voter === 'plugin:no-class')?.reason, 'off')
      assert.equal(ballots.find(({ voter }) => voter === 'plugin:good')?.abstained, false)
    } finally {
      await trial.end()
    }
  })

  test('has a vote dropped and counted that its manifest does not list', async () => {
    const trial = await startTrial({ strays: typescriptPlugin('strays', "return [vote('COMPENSATE', 0.5), vote('FOOD_SAFETY', 0.4)]") })
    try {
      await trial.ready
      assert.deepEqual((await trial.ask('x'))[0]?.votes, [{ action: 'COMPENSATE', confidence: 0.5 }])
      assert.deepEqual(trial.dropped, [{ plugin: 'strays', action: 'FOOD_SAFETY' }])
    } finally {
      await trial.end()
    }
  })

  test('is not asked about a turn in a language that it does not understand', async () => {
    const trial = await startTrial({
      zh: files(
        "export default { manifest: { id: 'zh', version: '1.0.0', sdk: '^0.1.0', languages: ['zh'], actions: '*' }, onTurn() { throw 1 } }",
      ),
    })
    try {
      await trial.ready
      assert.equal((await trial.ask('an English turn'))[0]?.reason, 'silent')
    } finally {
      await trial.end()
    }
  })

  test('has dates that are given, buffers, and classes over built-ins', async () => {
    const mine = "class Mine extends Error { constructor() { super('m'); this.name = 'Mine' } toString() { return this.name } }"
    const parts = [
      'new Date(0).toISOString()',
      'Date.UTC(1970, 0, 2)',
      'new Mine()',
      'new ArrayBuffer(8).slice(4).byteLength',
      'new Uint8Array(new ArrayBuffer(3)).length',
    ]
    const trial = await startTrial({
      fine: typescriptPlugin('fine', `${mine} return vote('COMPENSATE', 0.5, { evidence: [${parts.join(', ')}].join() })`),
    })
    try {
      await trial.ready
      assert.equal((await trial.ask('x'))[0]?.votes[0]?.evidence, '1970-01-01T00:00:00.000Z,86400000,Mine,4,3')
    } finally {
      await trial.end()
    }
  })

  test('has a version that changes with its code and not otherwise', async () => {
    const versions: string[] = []
    for (const body of ['return abstain', 'return abstain', "return vote('COMPENSATE', 0.1)"]) {
      const trial = await startTrial({ same: typescriptPlugin('same', body) })
      versions.push(trial.pool.voters[0]!.version)
      await trial.end()
    }
    assert.match(versions[0]!, /^1\.0\.0-[0-9a-f]{12}$/)
    assert.equal(versions[0], versions[1])
    assert.notEqual(versions[0], versions[2])
  })
})
