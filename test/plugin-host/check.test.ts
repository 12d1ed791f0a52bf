// `parley plugin check`: what is wrong with a plugin, in figures.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Finding } from '@parley/server/plugin-bench/check-plugin.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { parley } from './command.ts'
import { type Files, pythonPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())

const check = async (
  name: string,
  files: Files,
  ...args: readonly string[]
): Promise<{ readonly status: number | null; readonly of: (what: string) => Finding }> => {
  const { status, stdout, stderr } = await parley(
    scratch.path,
    'plugin',
    'check',
    writeFolder(join(scratch.path, name), files),
    '--json',
    ...args,
  )
  assert.match(stdout, /^\{/, stderr)
  const { findings } = JSON.parse(stdout) as { readonly findings: readonly Finding[] } // the command's own report
  return { status, of: what => findings.find(finding => finding.what === what)! }
}

test('[SDK6] types, actions, templates, grants, failures and memory of its own between turns are found', async () => {
  const plugin = `import { definePlugin, vote } from '@parley/plugin-sdk'
const next = (row: { count: number }) => row.count++
export default definePlugin({
  manifest: { id: 'bad', version: '0.1.0', sdk: '^0.1.0', languages: ['en'], actions: ['STORE_INF'], grants: ['memory'] },
  onTurn({ text }, { prepared }) {
    const asked = next(prepared)
    if (text.includes('refund')) return vote('STORE_INFO', Math.random())
    return vote('STORE_INF', (asked % 7) / 10, { template: 'nowhere' })
  },
  onStart: () => new (class { count = 0 })(), // no plain data: it is not frozen
})
`
  const { status, of } = await check('bad', { 'plugin.ts': plugin })
  assert.equal(status, 1)
  assert.deepEqual(
    [of('types').verdict, of('types').figure],
    ['error', `plugin.ts:5: Type '"STORE_INFO"' is not assignable to type '"STORE_INF"'.`],
  )
  assert.match(`${of('actions').verdict} ${of('actions').advice}`, /^warning STORE_INF: /)
  assert.match(`${of('templates').verdict} ${of('templates').advice}`, /^warning nowhere: /)
  assert.match(
    `${of('grants').verdict} ${of('grants').figure} ${of('grants').advice}`,
    /^error 1 declared, 1 missing, 1 unused .*"randomness".*plugin\.ts:7/,
  )
  assert.match(`${of('corpus').verdict} ${of('corpus').advice}`, /^error .*refund.*plugin\.ts:7/)
  assert.match(`${of('replay').verdict} ${of('replay').advice}`, /^error keep nothing between turns/)
})

test('[SDK6] a bundle that is too large names what weighs, and a slow start is told', async () => {
  const plugin = `import { abstain, definePlugin } from '@parley/plugin-sdk'
import { TABLE } from './table.ts'
export default definePlugin({
  manifest: { id: 'large', version: '0.1.0', sdk: '^0.1.0', languages: ['en'], actions: ['STORE_INFO'], limits: { startMs: 5_000 } },
  onStart() {
    let sum = 0
    for (let i = 0; i < 8_000_000; i++) sum += i % 7
    return sum
  },
  onTurn: (_, { prepared }) => (TABLE.length + prepared < 0 ? abstain : null),
})
`
  const { of } = await check('large', { 'plugin.ts': plugin, 'table.ts': `export const TABLE = ${JSON.stringify('x'.repeat(300_000))}\n` })
  assert.match(`${of('size').verdict} ${of('size').figure} ${of('size').advice}`, /^warning 29\d\.\d KB of 1024 KB .*table\.ts 293 KB/)
  assert.match(`${of('cold start').verdict} ${of('cold start').advice}`, /^warning do less at the top/)
})

test('[SDK6] what cannot be loaded is told with its place, and a setting that a shop must give can be given', async () => {
  const code =
    'class Plugin:\n    def on_turn(self, turn, settings):\n        return {"action": "COMPENSATE", "evidence": settings["phone"]}\n'
  const files = pythonPlugin('needs', code, "settings: { phone: { type: string, about: 'Number to call.' } }")
  const without = await check('needs', files)
  assert.equal(without.status, 1)
  assert.match(without.of('manifest').figure, /settings\.phone: .*Number to call/)
  const given = await check('needs', files, '--settings', '{ phone: 400-1 }')
  assert.equal(given.status, 0)
  assert.match(given.of('corpus').figure, /^390 turns, 390 with a vote, 0 failed$/)
  const { status, stderr } = await parley(scratch.path, 'plugin', 'check', 'needs', '--settings', '[')
  assert.equal(status, 2)
  assert.match(stderr, /settings are written/)
})

test('[SDK6] a grant that nothing in the code uses is told, in TypeScript and in Python', async () => {
  const files: Files = {
    'plugin.ts': `import { abstain, definePlugin, remember } from '@parley/plugin-sdk'
export default definePlugin({
  manifest: { id: 'greedy', version: '0.1.0', sdk: '^0.1.0', languages: ['en'], actions: ['STORE_INFO'], grants: ['clock', 'memory', 'randomness'] },
  onTurn: (_, { randomness }) => (randomness.next() < 0 ? remember({}) : abstain),
})
`,
  }
  const { status, of } = await check('greedy', files)
  assert.equal(status, 0)
  assert.deepEqual([of('grants').verdict, of('grants').figure], ['warning', '3 declared, 0 missing, 1 unused'])
  assert.match(of('grants').advice ?? '', /uses clock: /)
  const code = 'class Plugin:\n    def on_turn(self, turn, settings):\n        return None\n'
  const python = await check('greedy-python', pythonPlugin('greedy-python', code, 'grants: [memory]\n'))
  assert.match(`${python.of('grants').verdict} ${python.of('grants').advice}`, /^warning .*uses memory: /)
})
