// A version that runs in shadow, in the real sandbox beside a whole engine: its votes are compared and count for nothing, whatever it does.
import assert from 'node:assert/strict'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, describe, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { createEnsemble } from '@parley/ensembles/ensemble.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import type { HostDeath } from '@parley/server/plugin-host/observer.ts'
import { type Compared, OUTCOMES } from '@parley/server/plugin-store/comparison.ts'
import type { ShadowChoice } from '@parley/server/plugin-store/installed.ts'
import { packPlugin } from '@parley/server/plugin-store/pack-plugin.ts'
import { makeKeyPair } from '@parley/server/plugin-store/publisher.ts'
import { type PluginsInForce, putPluginsInForce } from '@parley/server/plugins-in-force.ts'
import { createShadowRunner, type ShadowRunner } from '@parley/server/shadow/run-shadows.ts'
import { ANNA, createTestHouse, createTestShop, keyOf, literalVoter, refOf, type TestHouse } from '../core/house.ts'
import { typescriptPlugin, writeFolder } from './harness.ts'

const root = mkdtempSync(join(tmpdir(), 'parley-shadow-'))
after(() => rmSync(root, { recursive: true }))
makeKeyPair(join(root, 'key'))

let versions = 0
/** A version of the plugin whose votes are for the actions of the test shop. A busy machine makes it late for nothing. */
function writeVersion(body: string, manifest = ''): string {
  const files = typescriptPlugin('greets', body, { manifest: `limits: { timeoutMs: 1000 }, ${manifest}` })
  const text = files['plugin.ts']!.replace(/actions: \[.*?\]/, "actions: ['HELLO', 'TRACK']").replace('1.0.0', `1.0.${versions}`)
  return writeFolder(join(root, `version-${versions++}`), { 'plugin.ts': text })
}
async function shadowOf(body: string, manifest?: string): Promise<ShadowChoice> {
  const { file, hash } = await packPlugin(writeVersion(body, manifest), join(root, 'key'), root)
  return { id: 'greets', file, hash, since: versions }
}

interface House extends TestHouse {
  readonly plugins: PluginsInForce
  readonly runner: ShadowRunner
  /** Deaths of hosts, of those that count and of shadows'. */
  readonly deaths: { readonly counting: HostDeath[]; readonly shadow: HostDeath[] }
  readonly pids: { readonly counting: number[]; readonly shadow: number[] }
  /** Shadows that were told to be bad. */
  readonly invalid: readonly string[]
  readonly compared: readonly Compared[]
  state: { isStrained: boolean }
  change(shadows: readonly ShadowChoice[]): Promise<void>
  /** Each in a conversation of its own; gives what was decided, when all is compared or let go. */
  say(...texts: readonly string[]): Promise<readonly string[]>
  hostsReady(whose: 'counting' | 'shadow', count: number): Promise<void>
}

const ENSEMBLE = createEnsemble(
  'name: test\nversion: 1\nvoters: { literal: { weight: { zh: 1, en: 1 } }, plugin:greets: { weight: { zh: 1, en: 1 } } }',
  'test.yaml',
)

async function withHouse(
  inForce: string,
  shadows: readonly ShadowChoice[],
  work: (house: House) => Promise<void>,
  shadowHosts = 1,
): Promise<void> {
  const folder = writeVersion(inForce)
  const choice = (beside: readonly ShadowChoice[]) => new Map([['demo', { folders: [folder], settings: {}, shadows: beside }]])
  const heard = new EventEmitter()
  const [deaths, pids] = [
    { counting: [] as HostDeath[], shadow: [] as HostDeath[] },
    { counting: [] as number[], shadow: [] as number[] },
  ]
  const observerOf = (whose: 'counting' | 'shadow') => ({
    onHostDeath: (death: HostDeath) => void deaths[whose].push(death),
    onHostReady: ({ pid }: { readonly pid: number }) => {
      pids[whose].push(pid)
      heard.emit('ready')
    },
  })
  const invalid: string[] = []
  const plugins = await putPluginsInForce(choice(shadows), {
    observer: observerOf('counting'),
    shadowObserver: { ...observerOf('shadow'), onInvalid: fault => void invalid.push(fault.message) },
    clock: systemClock,
  })
  const hostsReady: House['hostsReady'] = async (whose, count) => {
    while (pids[whose].length < count) await once(heard, 'ready')
  }
  const compared: Compared[] = []
  const state = { isStrained: false }
  const shop = { ...createTestShop([]), pools: () => [literalVoter(), plugins.of('demo').pool], ensemble: () => ENSEMBLE }
  const house = createTestHouse({ shop, decided: (key, turn) => runner.decided(key, turn) })
  const runner = createShadowRunner({
    shadows: plugins.shadows,
    shop: () => shop,
    stages: {
      mesh: createMesh(new Map()),
      effects: createEffects(new Map()),
      clock: house.clock, // it stands still: nobody is late by it
      deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
    },
    isStrained: () => state.isStrained,
    comparisons: { note: (_, each) => void compared.push(each), forget: async () => {} },
    isErased: async () => false,
    broke: error => house.bugs.push(error),
  })
  let conversations = 0
  try {
    await plugins.ready
    await hostsReady('counting', 2)
    await hostsReady('shadow', shadowHosts)
    await work({
      ...house,
      plugins,
      runner,
      deaths,
      pids,
      invalid,
      compared,
      state,
      hostsReady,
      change: beside => plugins.change(() => choice(beside)),
      async say(...texts) {
        const names = texts.map(() => `c${conversations++}`)
        await Promise.all(
          texts.map((text, i) => house.engine.say(keyOf(names[i]!), ANNA, { ref: refOf('m1'), text, locale: 'en' })), // one for each
        )
        await house.settled()
        return Promise.all(
          names.map(async name => {
            const [decided] = (await house.events(name)).flatMap(event => (event.type === 'decided' ? [event.decision] : []))
            const vote = decided?.votes.find(({ voter }) => voter === 'plugin:greets')
            return `${decided?.action} by ${vote?.votes[0]?.action ?? vote?.reason} ${decided?.remembered ? 'remembers' : ''}`.trim()
          }),
        )
      },
    })
    assert.deepEqual(house.bugs, [])
  } finally {
    await runner.close()
    await plugins.close()
  }
}

const GREETS = "return vote('HELLO', 0.95)"
const outcomes = ({ compared }: House): Readonly<Record<string, number>> =>
  Object.fromEntries(
    OUTCOMES.flatMap(outcome => {
      const count = compared.filter(each => each.outcome === outcome).length
      return count > 0 ? [[outcome, count]] : []
    }),
  )

describe('a version in shadow', () => {
  test('[SHD1] votes on every kept turn, is compared, and leaves decision, reply and memory as they are', async () => {
    const tracks = await shadowOf(
      "return text.includes('parcel') ? remember({ seen: 1 }, vote('TRACK', 0.95, { evidence: text })) : vote('HELLO', 0.95)",
      "grants: ['memory'],",
    )
    await withHouse(GREETS, [tracks], async house => {
      assert.deepEqual(await house.say('hm', 'my parcel'), ['HELLO by HELLO', 'HELLO by HELLO'])
      await house.runner.settled()
      assert.deepEqual(outcomes(house), { same: 1, otherwise: 1 })
      const { isDecidedOtherwise, divergent } = house.compared.find(({ outcome }) => outcome === 'otherwise')!
      assert.equal(isDecidedOtherwise, true)
      assert.deepEqual(divergent?.differs, ['votes', 'evidence', 'memory'])
      assert.deepEqual(
        [divergent?.before, divergent?.now],
        [[{ action: 'HELLO', confidence: 0.95 }], [{ action: 'TRACK', confidence: 0.95 }]],
      )
      assert.deepEqual(divergent?.decided.now, { action: 'TRACK', disposition: 'answer', template: 'track' })
      assert.doesNotMatch(JSON.stringify(divergent), /parcel|seen/, 'it quotes nobody')
    })
  })

  test('[SHD2] one that takes its host down, or hangs with it, costs no vote that counts, and no turn waits for it', async () => {
    const hostile = await shadowOf("if (text.includes('split')) return 'x'.repeat(2 ** 29 - 24).split('')\nreturn vote('HELLO', 0.95)")
    await withHouse(GREETS, [hostile], async house => {
      const [stopped] = house.pids.shadow
      process.kill(stopped!, 'SIGSTOP') // a process that never gets to run
      assert.deepEqual(await house.say('hm'), ['HELLO by HELLO'], 'it was decided and kept meanwhile')
      assert.deepEqual(house.compared, [])
      await house.hostsReady('shadow', 2) // the watchdog has replaced it
      await house.runner.settled()
      assert.deepEqual(outcomes(house), { failed: 1 })
      assert.deepEqual(await house.say('split', 'hm'), ['HELLO by HELLO', 'HELLO by HELLO'])
      await house.runner.settled()
      assert.deepEqual(house.deaths.counting, [])
      assert.notEqual(house.deaths.shadow.length, 0)
      assert.equal(house.compared.length, 3)
    })
  })

  test('[SHD3] little of it is under way, and under strain nothing: what was not asked is counted', async () => {
    await withHouse(GREETS, [await shadowOf(GREETS)], async house => {
      house.state.isStrained = true
      await house.say('hm', 'hm')
      await house.runner.settled()
      assert.deepEqual(outcomes(house), { skipped: 2 })
      house.state.isStrained = false
      const [host] = house.pids.shadow
      process.kill(host!, 'SIGSTOP')
      const said = house.say(...Array.from({ length: 60 }, () => 'hm'))
      await said
      assert.notEqual(outcomes(house).skipped, 2, 'more were decided than may wait')
      process.kill(host!, 'SIGCONT')
      await house.runner.settled()
      assert.equal(house.compared.length, 62)
    })
  })

  test('[SHD5] a bad one is refused where it is begun and changes nothing; a start only tells it, and it hinders no other change', async () => {
    const needs = "settings: { phone: { type: 'string', about: 'To call.' } },"
    const [bad, worse, good] = [await shadowOf(GREETS, needs), await shadowOf(GREETS, needs), await shadowOf(GREETS)]
    await withHouse(
      GREETS,
      [bad],
      async house => {
        await house.change([bad]) // made after the start
        assert.match(house.invalid.join(), /settings\.phone/)
        await house.say('hm')
        await house.runner.settled()
        assert.deepEqual(outcomes(house), { off: 1 })
        await house.change([good])
        await assert.rejects(house.change([{ ...worse, id: 'other' }]), error => isFault(error, 'PLUGIN_INVALID'))
        await assert.rejects(house.change([worse]), error => isFault(error, 'PLUGIN_INVALID') && /phone/.test(error.message))
        await house.say('hm')
        await house.runner.settled()
        assert.deepEqual(outcomes(house), { same: 1, off: 1 }, 'the one before goes on')
        await house.change([])
        await house.say('hm')
        assert.equal(house.compared.length, 2)
      },
      0,
    )
  })
})
