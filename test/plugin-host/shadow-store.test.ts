// What is kept of a version that runs in shadow: that it does, what came of its votes, and nothing of a conversation that was erased.
import assert from 'node:assert/strict'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbPluginRecords } from '@parley/server/drivers/plugin-records.lmdb.ts'
import { loadPlugins } from '@parley/server/plugin-host/load-plugin.ts'
import { type Compared, keepComparisons, type Outcome, readComparison } from '@parley/server/plugin-store/comparison.ts'
import { openPluginStore } from '@parley/server/plugin-store/open-plugin-store.ts'
import { packPlugin } from '@parley/server/plugin-store/pack-plugin.ts'
import type { PluginStore } from '@parley/server/plugin-store/plugin-store.ts'
import { makeKeyPair } from '@parley/server/plugin-store/publisher.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { pythonPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())
const at = (...names: readonly string[]): string => join(scratch.path, ...names)
const publisher = makeKeyPair(at('key'))

/** Python, since its manifest is read without a host. */
async function bundle(version: string): Promise<string> {
  writeFolder(
    at(version),
    pythonPlugin('crab', `class Plugin:\n    version = "${version}"\n    def process(self, text):\n        return None\n`),
  )
  writeFileSync(at(version, 'plugin.yaml'), readFileSync(at(version, 'plugin.yaml'), 'utf8').replace('1.0.0', version))
  return (await packPlugin(at(version), at('key'), at('published'))).file
}
const [one, two, three] = (await Promise.all(['1.0.0', '1.1.0', '1.2.0'].map(bundle))) as [string, string, string] // three

let stores = 0
async function withStore(work: (store: PluginStore, data: string) => Promise<void>): Promise<void> {
  const data = at(`data-${stores++}`)
  const store = openPluginStore(data)
  try {
    await store.trust(publisher)
    await work(store, data)
  } finally {
    await store.close()
  }
}
const install = async (store: PluginStore, file: string): Promise<boolean> => store.install('demo', await store.examine(file))
const shadow = async (store: PluginStore, file: string, shop = 'demo'): Promise<boolean> =>
  store.installShadow(shop, await store.examine(file))

const turnOf = (conversation: string, turn: number, outcome: Outcome = 'otherwise'): Compared => ({
  outcome,
  isDecidedOtherwise: false,
  divergent: {
    conversation,
    turn,
    at: turn,
    differs: ['votes'],
    before: [{ action: 'COMPENSATE', confidence: 0.5 }],
    now: [],
    decided: {
      before: { action: 'COMPENSATE', disposition: 'answer', template: 'compensate' },
      now: { action: 'COMPENSATE', disposition: 'answer', template: 'compensate' },
    },
  },
})

describe('the store of shadows', () => {
  test('[SHD5] a shadow leaves in force what is, pinned or not there; promoted it is in force, and a shadow no more', () =>
    withStore(async store => {
      assert.equal(await shadow(store, two, 'other'), true)
      assert.equal(store.find('other', 'crab'), undefined)
      await install(store, one)
      assert.equal(await shadow(store, one), false, 'it is in force')
      await store.set('demo', 'crab', { isPinned: true })
      assert.equal(await shadow(store, two), true)
      assert.equal(await shadow(store, two), false)
      assert.equal(await faultCodeOf(store.promote('demo', 'crab')), 'PLUGIN_PINNED')
      await store.set('demo', 'crab', { isPinned: false })
      assert.deepEqual([store.find('demo', 'crab')?.inForce.version, store.shadows().length], ['1.0.0', 2])
      assert.notEqual(store.shadowChoices('demo')[0]?.file, undefined)
      await store.distrust(publisher)
      assert.equal(store.shadowChoices('demo')[0]?.file, undefined)
      assert.equal(await faultCodeOf(store.promote('demo', 'crab')), 'BUNDLE_UNTRUSTED')
      await store.trust(publisher)
      assert.equal((await store.promote('demo', 'crab')).version, '1.1.0')
      assert.deepEqual(
        store.find('demo', 'crab')?.changes.map(({ what, version }) => `${what} ${version}`),
        ['install 1.0.0', 'pin 1.0.0', 'unpin 1.0.0', 'promote 1.1.0'],
      )
      assert.equal(await faultCodeOf(store.promote('demo', 'crab')), 'NO_SHADOW')
      assert.equal((await store.rollback('demo', 'crab')).version, '1.0.0')
      assert.deepEqual(
        store.shadows().map(({ shop }) => shop),
        ['other'],
      )
    }))

  test('[SHD5] a shop’s settings of a plugin that runs in shadow alone are no mistake', () =>
    withStore(async store => {
      await shadow(store, two)
      const ids = store.shadowChoices('demo').map(({ id }) => id)
      assert.equal((await loadPlugins([], { crab: {} }, [])).faults.length, 1)
      assert.deepEqual((await loadPlugins([], { crab: {} }, [], ids)).faults, [])
    }))

  test('[SHD5] an install of the same version ends its shadow, a removal ends any, and what was refused is put back', () =>
    withStore(async store => {
      await install(store, one)
      await shadow(store, two)
      await install(store, two)
      assert.deepEqual(store.shadows(), [])
      await shadow(store, three)
      const before = store.kept('demo', 'crab')
      await store.promote('demo', 'crab')
      await store.putBack('demo', 'crab', before)
      assert.deepEqual(store.kept('demo', 'crab'), before)
      await store.sweep()
      for (const { file } of [...store.choices('demo'), ...store.shadowChoices('demo')])
        assert.ok(existsSync(file!), 'what is named is kept')
      await store.remove('demo', 'crab')
      assert.deepEqual(store.shadows(), [])
      await shadow(store, three)
      await store.endShadow('demo', 'crab')
      assert.equal(await faultCodeOf(store.endShadow('demo', 'crab')), 'NO_SHADOW')
      assert.equal(await faultCodeOf(store.remove('demo', 'crab')), 'UNKNOWN_PLUGIN')
    }))

  test('[SHD4] what was compared is bounded, is there after a restart, begins anew with the next shadow, and goes with the last', () =>
    withStore(async (store, data) => {
      await shadow(store, two)
      const [first] = store.shadows()
      const comparisons = store.keepComparisons(error => assert.fail(String(error)))
      const name = { shop: 'demo', plugin: 'crab', since: first!.since }
      for (let turn = 0; turn < 990; turn++) comparisons.note(name, turnOf('a', turn))
      await comparisons.flush()
      for (let turn = 990; turn < 1_020; turn++) comparisons.note(name, turnOf('b', turn))
      comparisons.note(name, { outcome: 'same', isDecidedOtherwise: false })
      comparisons.note({ ...name, since: 1 }, turnOf('another shadow', 1))
      await comparisons.close()
      const again = openLmdbPluginRecords(join(data, 'plugins'))
      const { counts, turns, divergent } = readComparison(again, name)
      await again.close()
      assert.deepEqual([counts.otherwise, counts.same, divergent, turns.length], [1_020, 1, 1_020, 1_000])
      assert.deepEqual([turns[0]?.turn, turns.at(-1)?.turn], [1_019, 20])

      await shadow(store, three)
      const [next] = store.shadows()
      assert.deepEqual(store.comparison(next!).turns, [])
      comparisons.note(name, turnOf('late', 1))
      comparisons.note({ ...name, since: next!.since }, turnOf('c', 1))
      await comparisons.flush()
      assert.deepEqual(
        store.comparison(next!).turns.map(({ conversation }) => conversation),
        ['c'],
      )
      await store.endShadow('demo', 'crab')
      await store.sweep()
      assert.deepEqual(store.comparison(next!).turns, [])
    }))

  test('[SHD4] [ERA2] an erased conversation is named no more, written or not yet', () =>
    withStore(async (store, data) => {
      await shadow(store, two)
      const [running] = store.shadows()
      const records = openLmdbPluginRecords(join(data, 'plugins'))
      try {
        const comparisons = keepComparisons(records, systemClock, error => assert.fail(String(error)))
        const name = { shop: 'demo', plugin: 'crab', since: running!.since }
        for (const conversation of ['gone', 'stays']) comparisons.note(name, turnOf(conversation, 1))
        await comparisons.flush()
        for (const conversation of ['gone', 'stays']) comparisons.note(name, turnOf(conversation, 2))
        await comparisons.forget('other', 'gone')
        await comparisons.forget('demo', 'gone')
        await comparisons.flush()
        assert.doesNotMatch(JSON.stringify([records.list(['shadow-turn']), records.list(['shadow-of'])]), /gone/)
        const { counts, turns } = store.comparison(running!)
        assert.deepEqual(
          turns.map(({ conversation, turn }) => `${conversation} ${turn}`),
          ['stays 2', 'stays 1'],
        )
        assert.equal(counts.otherwise, 4, 'a number says nothing of anybody')
      } finally {
        await records.close()
      }
    }))
})
