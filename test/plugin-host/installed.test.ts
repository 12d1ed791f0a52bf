// The way of a plugin into production, by the real command line: packed, trusted, installed in a server that goes on, rolled back, switched off.
import assert from 'node:assert/strict'
import { cpSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import type { ShadowRow } from '@parley/server/cli/plugin-shadow.ts'
import type { PluginRow } from '@parley/server/cli/plugin-store.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { backUp } from '@parley/server/upkeep/backup.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { restore } from '@parley/server/upkeep/restore.ts'
import { type Outcome, parley as run } from '../e2e/parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { typescriptPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())
const at = (...names: readonly string[]): string => join(scratch.path, ...names)

const CONFIG = {
  deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
  shops: [{ id: 'demo', plugins: [] }],
}

/** A plugin that votes with this confidence, in a folder of its own, packed. */
async function pack(version: string, confidence: string, manifest = ''): Promise<string> {
  const folder = at(`greets-${version}`)
  const files = typescriptPlugin('greets', `return vote('PRODUCT_INFO', ${confidence})`, { manifest })
  writeFolder(folder, { 'plugin.ts': files['plugin.ts']!.replace("version: '1.0.0'", `version: '${version}'`) })
  const done = await run(['plugin', 'pack', folder, '--key', at('key'), '--out', at('published')])
  assert.equal(done.status, 0, done.stderr)
  return at('published', `greets-${version}.parley`)
}

test('[STORE3] [STORE4] [STORE5] a plugin is published, installed, changed and taken away while a customer writes on one socket', {
  timeout: 600_000,
}, async t => {
  const data = at('data')
  const config = at('parley.yaml')
  writeFileSync(config, JSON.stringify(CONFIG))
  const env = { PARLEY_CONFIG: config, PARLEY_DATA: data }
  assert.equal((await run(['plugin', 'key', at('key')])).status, 0)
  const one = await pack('1.0.0', '0.31')
  const two = await pack(
    '1.1.0',
    '0.42',
    "settings: { sure: { type: 'number', about: 'How sure.', default: 0.5 } }, limits: { timeoutMs: 80 },",
  )
  const needs = await pack('1.2.0', '0.53', "settings: { phone: { type: 'string', about: 'Number to call.' } },")
  const server = await startServer(data, { env: { ...env, PARLEY_LOG_LEVEL: 'info' } })
  try {
    const plugin = (...args: readonly string[]): Promise<Outcome> => run(['plugin', ...args, '--url', server.url], { env })
    const row = async (): Promise<PluginRow | undefined> => JSON.parse((await plugin('list', '--json')).stdout)[0]
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    let turns = 0
    /** What `greets` votes on a turn, on the socket of the beginning. */
    const vote = async (): Promise<string> => {
      line.send({ type: 'say', ref: `m${turns++}`, text: 'hello' })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
      const key = loadSecret(data).keyFor('operator').toString('hex')
      const answer = await fetch(`${server.url}/v1/operator/shops/demo/conversations/${visitor.conversation}/decisions`, {
        headers: { authorization: `Bearer ${key}` },
      })
      const { decisions } = (await answer.json()) as { readonly decisions: readonly Decision[] } // our own server's answer
      assert.equal(decisions.length, turns)
      const { votes, versions } = decisions.at(-1)!
      const said = votes.find(({ voter }) => voter === 'plugin:greets')
      return said ? `${versions['plugin:greets']?.slice(0, 5)} ${said.votes[0]?.confidence ?? said.reason}` : 'no voter'
    }
    assert.equal(await vote(), 'no voter')

    await t.test('nobody is trusted, and nobody agrees unasked', async () => {
      assert.match((await plugin('install', one, '--yes')).stderr, /BUNDLE_UNTRUSTED/)
      const unasked = await plugin('trust', at('key.pub'))
      assert.deepEqual([unasked.status, unasked.stdout.split(' ')[0]], [2, 'Fingerprint:'])
      assert.equal((await plugin('trust', at('key.pub'), '--yes')).status, 0)
      assert.equal((await plugin('install', one)).status, 2)
      assert.equal(await row(), undefined)
    })
    await t.test('an install shows what is asked for, and the running server has it', async () => {
      const done = await plugin('install', one, '--yes')
      assert.match(
        done.stdout,
        /^greets 1\.0\.0, content [0-9a-f]{12}, signed by [0-9a-f-]{39}, for shop demo\nnot installed so far/,
        done.stderr,
      )
      assert.match(done.stdout, / {2}\+ actions +COMPENSATE\n {2}\+ actions +PRODUCT_INFO\n/)
      assert.match(done.stdout, /The running server has it\.\n$/)
      assert.equal(await vote(), '1.0.0 0.31')
    })
    await t.test('an update is shown against the version in force', async () => {
      const { stdout } = await plugin('install', two, '--yes')
      assert.match(stdout, / {2}~ limits +timeoutMs 50 → 80\n {2}\+ settings +sure \{/)
      assert.doesNotMatch(stdout, /COMPENSATE/)
      assert.equal(await vote(), '1.1.0 0.42')
      const { version, running, earlier } = (await row())!
      assert.deepEqual([version, running?.slice(0, 5), earlier], ['1.1.0', '1.1.0', 1])
    })
    await t.test('what the shop’s settings do not fit changes nothing', async () => {
      const refused = await plugin('install', needs, '--yes')
      assert.match(refused.stderr, /settings\.phone: .*Number to call.*PLUGIN_INVALID/)
      assert.equal(await vote(), '1.1.0 0.42')
    })
    await t.test('pin, rollback, disable, enable', async () => {
      assert.equal((await plugin('pin', 'greets')).status, 0)
      assert.match((await plugin('install', one, '--yes')).stderr, /PLUGIN_PINNED/)
      assert.match(
        (await plugin('rollback', 'greets')).stdout,
        /^greets 1\.0\.0 is in force again in shop demo\. The running server has it\./,
      )
      assert.equal(await vote(), '1.0.0 0.31')
      assert.match((await plugin('rollback', 'greets')).stderr, /NO_EARLIER_VERSION/)
      assert.equal((await plugin('disable', 'greets')).status, 0)
      assert.equal(await vote(), 'no voter')
      assert.match((await plugin('list')).stdout, /^shop +plugin .*\ndemo +greets +1\.0\.0 .* disabled, pinned .* off\n$/)
      assert.equal((await plugin('enable', 'greets')).status, 0)
      assert.equal(await vote(), '1.0.0 0.31')
    })
    await t.test('who is trusted no more votes no more', async () => {
      const { publisher } = (await row())!
      assert.equal((await plugin('trust', '--remove', publisher)).status, 0)
      assert.equal(await vote(), 'no voter')
      assert.equal((await plugin('trust', at('key.pub'), '--yes')).status, 0)
    })
    await t.test('[LOG7] a backup has the plugins, and a lost bundle is found', async () => {
      await backUp(data, at('backup'))
      await restore(at('backup'), at('again'))
      const list = await run(['plugin', 'list', '--json', '--url', 'http://127.0.0.1:9'], { env: { ...env, PARLEY_DATA: at('again') } })
      assert.equal(JSON.parse(list.stdout)[0].version, '1.0.0')
      assert.equal((await lookOver(at('again'))).damaged.length, 0)
      cpSync(at('again'), at('harmed'), { recursive: true })
      rmSync(at('harmed', 'plugins', 'bundles'), { recursive: true })
      assert.equal(await faultCodeOf(lookOver(at('harmed'))), 'STORE_DAMAGED')
    })
    await t.test('[SHD1] [SHD4] [SHD5] a version in shadow votes, is compared and does not count; promoted, it does', async () => {
      const shadow = async (...args: readonly string[]): Promise<ShadowRow> =>
        JSON.parse((await plugin('shadow', 'greets', '--json', ...args)).stdout)[0]
      assert.match((await plugin('promote', 'greets', '--yes')).stderr, /NO_SHADOW/)
      assert.equal((await plugin('install', two, '--shadow')).status, 2, 'nobody agrees unasked')
      const begun = await plugin('install', two, '--shadow', '--yes')
      assert.match(begun.stdout, /in force: 1\.0\.0, .*against that\n {2}~ limits +timeoutMs 50 → 80\n/)
      assert.match(begun.stdout, /greets 1\.1\.0 runs in shadow in shop demo: .* The running server has it\.\n$/)
      assert.equal(await vote(), '1.0.0 0.31')
      const { inForce, version, running, agreement, counts, turns = [] } = await shadow()
      assert.deepEqual([inForce, version, running?.slice(0, 5), agreement, counts.otherwise], ['1.0.0', '1.1.0', '1.1.0', 0, 1])
      assert.deepEqual(
        turns.map(({ text, conversation, before, now }) => [text, conversation, before?.[0]?.confidence, now[0]?.confidence]),
        [['hello', visitor.conversation, 0.31, 0.42]],
      )
      assert.match(
        (await plugin('list')).stdout,
        /\ndemo +greets +1\.0\.0 .*in force.*\ndemo +greets +1\.1\.0 .*in shadow .*1\.1\.0-[\w+]+\n$/,
      )

      const other = await fetchVisitor(server.url)
      const theirs = await joinConversation(server.url, other)
      await theirs.next('welcome')
      theirs.send({ type: 'say', ref: 'm1', text: 'hello' })
      await theirs.next('events', frame => frame.events.some(event => event.type === 'reply'))
      theirs.socket.close()
      assert.ok((await shadow()).turns?.some(({ conversation }) => conversation === other.conversation))
      const erased = await run(['conversation', 'erase', other.conversation, '--yes', '--url', server.url], { env })
      assert.equal(erased.status, 0, erased.stderr)
      const { stdout } = await plugin('shadow', 'greets', '--json')
      assert.doesNotMatch(stdout, new RegExp(other.conversation))
      assert.equal(JSON.parse(stdout)[0].counts.otherwise, 2)
      const metrics = await (await fetch(`${server.url}/metrics`)).text()
      assert.match(metrics, /^parley_plugin_shadow_turns_total\{plugin="greets",outcome="otherwise"\} 2$/m)

      assert.match((await plugin('promote', 'greets', '--yes')).stderr, /PLUGIN_PINNED/)
      assert.equal((await plugin('pin', 'greets', '--off')).status, 0)
      const promoted = await plugin('promote', 'greets', '--yes')
      assert.match(promoted.stdout, /in shadow: 2 turns, 0 voted alike, 2 otherwise \(agreement 0\.0%\), \d would be decided otherwise\n/)
      assert.match(promoted.stdout, /greets 1\.1\.0 is in force in shop demo\. The running server has it\.\n$/)
      assert.equal(await vote(), '1.1.0 0.42')
      assert.match((await plugin('shadow', 'greets')).stderr, /NO_SHADOW/)
      assert.match((await run(['plugin', 'logs', 'greets'], { env })).stdout, /promote in shop demo: 1\.1\.0 is in force/)
    })
    await t.test('removed, and there again after a restart only if it was installed', async () => {
      assert.equal((await plugin('remove', 'greets')).status, 2)
      assert.equal((await plugin('remove', 'greets', '--yes')).status, 0)
      assert.equal(await vote(), 'no voter')
      assert.match((await plugin('remove', 'greets', '--yes')).stderr, /UNKNOWN_PLUGIN/)
    })
    assert.doesNotMatch(server.stderr(), /plugin host has died/)
    line.socket.close()
  } finally {
    await server.stop('SIGTERM')
  }
  const away = await run(['plugin', 'install', two, '--yes', '--url', server.url], { env })
  assert.match(away.stdout, /It takes effect when the server starts/)
  const asked = await run(['ask', 'hello'], { env })
  assert.match(asked.stdout, /plugin:greets .*PRODUCT_INFO 42%/, asked.stderr)
})
