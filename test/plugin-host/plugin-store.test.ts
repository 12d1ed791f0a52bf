// What is installed: whose, which version, and that nothing but a whole change is ever found, whenever the process is killed.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { after, describe, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { loadPlugins } from '@parley/server/plugin-host/load-plugin.ts'
import { openPluginStore } from '@parley/server/plugin-store/open-plugin-store.ts'
import { packPlugin } from '@parley/server/plugin-store/pack-plugin.ts'
import type { PluginStore } from '@parley/server/plugin-store/plugin-store.ts'
import { makeKeyPair } from '@parley/server/plugin-store/publisher.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { pythonPlugin, writeFolder } from './harness.ts'

const INSTALLER = fileURLToPath(new URL('./mortal-installer.ts', import.meta.url))
const KILLS = process.env.PARLEY_TEST_FULL ? 60 : 8

const scratch = temporaryFolder()
after(() => scratch.remove())
const at = (...names: readonly string[]): string => join(scratch.path, ...names)
const publisher = makeKeyPair(at('key'))

/** Python, since its manifest is read without a host. */
async function bundle(version: string, more = ''): Promise<string> {
  const folder = `crab-${version}${more.length}`
  writeFolder(
    at(folder),
    pythonPlugin('crab', `class Plugin:\n    version = "${version}"${more}\n    def process(self, text):\n        return None\n`),
  )
  writeFileSync(at(folder, 'plugin.yaml'), readFileSync(at(folder, 'plugin.yaml'), 'utf8').replace('version: 1.0.0', `version: ${version}`))
  return (await packPlugin(at(folder), at('key'), at(`${folder}-out`))).file
}
const [one, two, three] = (await Promise.all(['1.0.0', '1.1.0', '2.0.0'].map(version => bundle(version)))) as [string, string, string] // three

let stores = 0
async function withStore(work: (store: PluginStore, data: string) => Promise<void>, isTrusting = true): Promise<void> {
  const data = at(`data-${stores++}`)
  const store = openPluginStore(data)
  try {
    if (isTrusting) await store.trust(publisher)
    await work(store, data)
  } finally {
    await store.close()
  }
}
const install = async (store: PluginStore, shop: string, file: string): Promise<boolean> => store.install(shop, await store.examine(file))
const inForce = (store: PluginStore, shop = 'demo'): string | undefined => store.find(shop, 'crab')?.inForce.version

describe('the store of plugins', () => {
  test('[STORE1] nobody is trusted at first, and what a publisher has signed is off when they are trusted no more', () =>
    withStore(async store => {
      assert.equal(await faultCodeOf(install(store, 'demo', one)), 'BUNDLE_UNTRUSTED')
      assert.equal(await faultCodeOf(store.examine(one)), 'BUNDLE_UNTRUSTED')
      assert.deepEqual(store.list(), [])
      assert.equal(await store.trust(publisher), true)
      assert.equal(await store.trust(publisher), false)
      await install(store, 'demo', one)
      assert.notEqual(store.choices('demo')[0]?.file, undefined)
      await store.distrust(publisher)
      assert.equal(store.choices('demo')[0]?.file, undefined)
      assert.equal(store.find('demo', 'crab')?.isTrusted, false)
      assert.equal(await faultCodeOf(install(store, 'demo', two)), 'BUNDLE_UNTRUSTED')
      assert.equal(await faultCodeOf(store.distrust(publisher)), 'UNKNOWN_PUBLISHER')
    }, false))

  test('[PACK4] a version that was installed never comes with other content, not even after it was removed', () =>
    withStore(async store => {
      await install(store, 'demo', one)
      assert.equal(await faultCodeOf(install(store, 'other', await bundle('1.0.0', '\n    other = True'))), 'VERSION_PUBLISHED')
      await store.remove('demo', 'crab')
      assert.equal(await faultCodeOf(install(store, 'demo', await bundle('1.0.0', '\n    other = True'))), 'VERSION_PUBLISHED')
      assert.equal(await install(store, 'demo', one), true)
    }))

  test('[STORE4] pin, rollback, disable and remove, each shop by itself', () =>
    withStore(async (store, data) => {
      for (const file of [one, two, three]) assert.equal(await install(store, 'demo', file), true)
      await install(store, 'other', two)
      assert.equal(await install(store, 'demo', three), false)
      assert.deepEqual([inForce(store), inForce(store, 'other')], ['2.0.0', '1.1.0'])
      await store.set('demo', 'crab', { isPinned: true })
      assert.equal(await faultCodeOf(install(store, 'demo', one)), 'PLUGIN_PINNED')
      await store.set('demo', 'crab', { isPinned: false })
      const three_ = store.choices('demo')[0]?.hash
      assert.equal((await store.rollback('demo', 'crab')).version, '1.1.0')
      assert.equal((await store.rollback('demo', 'crab')).version, '1.0.0')
      assert.equal(await faultCodeOf(store.rollback('demo', 'crab')), 'NO_EARLIER_VERSION')
      await install(store, 'demo', three)
      assert.equal(store.choices('demo')[0]?.hash, three_)
      await store.set('demo', 'crab', { isDisabled: true })
      assert.equal(store.choices('demo')[0]?.file, undefined)
      assert.equal(inForce(store, 'other'), '1.1.0')
      assert.deepEqual(
        store.find('demo', 'crab')?.changes.map(({ what, version }) => `${what} ${version}`),
        [
          'install 1.0.0',
          'install 1.1.0',
          'install 2.0.0',
          'pin 2.0.0',
          'unpin 2.0.0',
          'rollback 1.1.0',
          'rollback 1.0.0',
          'install 2.0.0',
          'disable 2.0.0',
        ],
      )
      await store.remove('demo', 'crab')
      assert.equal(await faultCodeOf(store.remove('demo', 'crab')), 'UNKNOWN_PLUGIN')
      await store.sweep()
      assert.deepEqual(readdirSync(join(data, 'plugins', 'bundles')).length, 1, 'the other shop’s is kept')
      assert.equal((await loadPlugins([], {}, store.choices('other'))).plugins[0]?.manifest.version, '1.1.0')
    }))

  test('[STORE4] an installed plugin takes the place of a folder with its id, also while it is disabled', () =>
    withStore(async store => {
      const folder = at('crab-1.0.00')
      const voting = async () => (await loadPlugins([folder], {}, store.choices('demo'))).plugins.map(({ version }) => version.slice(0, 5))
      assert.deepEqual(await voting(), ['1.0.0'])
      await install(store, 'demo', two)
      assert.deepEqual(await voting(), ['1.1.0'])
      await store.set('demo', 'crab', { isDisabled: true })
      assert.deepEqual(await voting(), [])
      await store.remove('demo', 'crab')
      assert.deepEqual(await voting(), ['1.0.0'])
    }))

  test('two installed plugins do not do the same effect: the later by name is off, and told', () =>
    withStore(async store => {
      for (const id of ['first', 'second']) {
        const files = pythonPlugin(id, 'class Plugin:\n    def process(self, text):\n        return None\n')
        const does = 'grants: [effects]\neffects: { open-case: { undo: close-case } }\n'
        writeFolder(at(id), { ...files, 'plugin.yaml': files['plugin.yaml']! + does })
        await install(store, 'demo', (await packPlugin(at(id), at('key'), at(`${id}-out`))).file)
      }
      const { plugins, faults } = await loadPlugins([], {}, store.choices('demo'))
      assert.deepEqual(
        plugins.map(({ manifest }) => manifest.id),
        ['first'],
      )
      assert.match(faults.map(({ message }) => message).join(), /plugin second: effects: .*first/)
    }))

  test('[PACK2] a bundle that was changed, exchanged or lost in the store is not loaded, and installing it again mends it', () =>
    withStore(async store => {
      await install(store, 'demo', one)
      const { file = '' } = store.choices('demo')[0]!
      const refused = async () => (await loadPlugins([], {}, store.choices('demo'))).faults.map(({ message }) => message).join()
      assert.equal(await refused(), '')
      appendFileSync(file, ' ')
      assert.match(await refused(), /the signature is not that of its content/)
      writeFileSync(file, readFileSync(two))
      assert.match(await refused(), /is not the one that was installed/)
      rmSync(file)
      assert.match(await refused(), /it is not there/)
      await install(store, 'other', one)
      assert.equal(await refused(), '')
    }))

  test(`[STORE2] killed ${KILLS} times while it installs, rolls back and removes: what is in force can be loaded, and is of the last two`, async () => {
    const data = at('killed')
    const first = openPluginStore(data)
    await first.trust(publisher)
    await first.close()
    for (let kill = 0; kill < KILLS; kill++) {
      const child = spawn(process.execPath, [...NODE_FLAGS, INSTALLER, data, one, two, three], { stdio: ['ignore', 'pipe', 'inherit'] })
      const lines = createInterface(child.stdout)
      const said: string[] = []
      lines.on('line', line => said.push(line))
      while (said.length < 3 + (kill % 7)) await once(lines, 'line')
      child.kill('SIGKILL')
      await once(child, 'close')
      const store = openPluginStore(data)
      try {
        // A line says what is done from now on, or that it is done.
        const [, before, begun] = /^(?:did|does) (\S+) (\S+)$/.exec(said.at(-1)!) ?? []
        assert.ok([before, begun].includes(inForce(store) ?? 'none'), `${inForce(store)} after ${said.at(-1)}`)
        const { faults } = await loadPlugins([], {}, store.choices('demo'))
        assert.deepEqual(faults, [])
        await install(store, 'demo', store.find('demo', 'crab')?.inForce.version === '1.0.0' ? two : one) // and it goes on
        assert.ok(existsSync(store.choices('demo')[0]!.file!))
        await store.remove('demo', 'crab')
      } finally {
        await store.close()
      }
    }
  })
})
