// What a shop sets of a plugin reaches it checked, in both languages; what is set wrongly is named, and that plugin alone is off.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley } from './command.ts'
import { pythonPlugin, startTrial, typescriptPlugin, writeFolder } from './harness.ts'

const SCHEMA = `{
  words: { type: 'strings', about: 'Words to look for.', default: ['dead'] },
  confidence: { type: 'number', about: 'How sure.', default: 0.8, min: 0, max: 1 },
}`
const typescript = typescriptPlugin(
  'sets',
  'return settings.words.some((word: string) => text.includes(word)) ? vote("COMPENSATE", settings.confidence) : abstain',
  {
    manifest: `settings: ${SCHEMA}`,
  },
)
const PYTHON = `
from parley_sdk import Settings, Turn, abstain, evidence, vote

class Plugin:
    def on_turn(self, turn: Turn, settings: Settings):
        for word in settings["words"]:
            if word in turn.text:
                return [vote("COMPENSATE", settings["confidence"], evidence=evidence(word, turn.original, turn.language, turn.locale))]
        return abstain
`
const python = pythonPlugin('sets-py', PYTHON, `limits: { timeoutMs: 1000 }\nsettings: ${SCHEMA.replaceAll('\n', ' ')}`)

test('[SDK1] a plugin votes by its defaults, and by what the shop has set', async () => {
  const versions: string[] = []
  for (const [settings, text, confidence] of [
    [{}, 'dead crabs', 0.8],
    [{ sets: { words: ['broken', 'cracked'], confidence: 0.6 } }, 'cracked eggs', 0.6],
  ] as const) {
    const trial = await startTrial({ sets: typescript }, settings)
    try {
      await trial.ready
      assert.deepEqual((await trial.ask(text))[0]?.votes, [{ action: 'COMPENSATE', confidence }])
      assert.equal((await trial.ask('hello'))[0]?.reason, 'silent')
      versions.push(trial.pool.voters[0]!.version)
    } finally {
      await trial.end()
    }
  }
  assert.notEqual(versions[0], versions[1], 'the version names what voted, and the settings are a part of that')
})

test('[SDK1] a Python plugin in the full form has the whole turn and its settings', async () => {
  const trial = await startTrial({ 'sets-py': python }, { 'sets-py': { confidence: 0.5 } })
  try {
    assert.deepEqual(trial.invalid, [])
    await trial.ready
    assert.deepEqual((await trial.ask('dead crabs'))[0]?.votes, [
      { action: 'COMPENSATE', confidence: 0.5, evidence: 'dead, dead crabs, en, en' },
    ])
    assert.equal((await trial.ask('hello'))[0]?.reason, 'silent')
  } finally {
    await trial.end()
  }
})

for (const [why, settings, words] of [
  [
    'a setting that there is not',
    { sets: { word: ['x'] } },
    /^plugin sets: settings\.word: the plugin has no such setting; it has words, confidence$/,
  ],
  ['a value of another type', { sets: { words: 'x' } }, /^plugin sets: settings\.words: .*expected array.*it is "x"/],
  ['a number beyond its range', { sets: { confidence: 3 } }, /^plugin sets: settings\.confidence: .*<=1; it is 3/],
  ['a plugin that the shop has not', { elsewhere: { x: 1 } }, /^plugin elsewhere: settings: .*no plugin of the shop has this id/],
] as const) {
  test(`[SDK2] the fault names ${why}`, async () => {
    const trial = await startTrial({ sets: typescript, good: typescriptPlugin('good', "return vote('COMPENSATE', 0.7)") }, settings)
    try {
      assert.match(trial.invalid.map(fault => fault.message).join('\n'), words)
      await trial.ready
      assert.deepEqual((await trial.ask('x')).find(({ voter }) => voter === 'plugin:good')?.votes, [
        { action: 'COMPENSATE', confidence: 0.7 },
      ])
    } finally {
      await trial.end()
    }
  })
}

test('[SDK2] a setting without a default must be set', async () => {
  const needs = typescriptPlugin('needs', 'return abstain', {
    manifest: "settings: { phone: { type: 'string', about: 'Number to call.' } }",
  })
  const trial = await startTrial({ needs })
  try {
    assert.match(String(trial.invalid[0]?.message), /settings\.phone: it has no default, so the shop must set it: Number to call\./)
  } finally {
    await trial.end()
  }
})

const scratch = temporaryFolder()
after(() => scratch.remove())

test('[SDK2] parley config check names a setting that a plugin does not take, before the server is started', async () => {
  writeFolder(join(scratch.path, 'sets'), typescript)
  for (const [confidence, status] of [
    [0.5, 0],
    [3, 1],
  ] as const) {
    const shop = { id: 'demo', plugins: ['./sets'], pluginSettings: { sets: { confidence } } }
    writeFileSync(join(scratch.path, 'parley.yaml'), JSON.stringify({ shops: [shop] })) // JSON is YAML
    const outcome = await parley(scratch.path, 'config', 'check')
    assert.equal(outcome.status, status, outcome.stderr)
    if (status === 1) assert.match(outcome.stderr, /^parley: plugin sets: settings\.confidence: .*it is 3 \(PLUGIN_INVALID\)/)
  }
})
