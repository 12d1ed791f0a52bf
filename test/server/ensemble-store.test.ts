import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault, isFault } from '@parley/core/faults.ts'
import { changeEnsemble, keptVersion } from '@parley/server/ensemble-store/change-ensemble.ts'
import type { EnsembleStore } from '@parley/server/ensemble-store/ensemble-store.ts'
import { findEnsembleStore, openEnsembleStore } from '@parley/server/ensemble-store/open-ensemble-store.ts'
import { hashOf } from '@parley/server/ensemble-store/parse-once.ts'
import { ensembleNamed, IN_FORCE, resolveEnsemble } from '@parley/server/ensemble-store/resolve-ensemble.ts'
import { atFirst, type Change, changed, type Standing } from '@parley/server/ensemble-store/standing.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'

const SHIPPED = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')
const variant = (n: number): string => SHIPPED.replace(/^version: \d+$/m, `version: ${n}`)
const BY = { who: 'ada', why: 'a test' }
const DEMO = { id: 'demo', ensemble: 'retail' }

async function withStore(work: (store: EnsembleStore, data: string) => Promise<void>): Promise<void> {
  const data = temporaryFolder()
  const store = openEnsembleStore(data.path)
  try {
    await work(store, data.path)
  } finally {
    await store.close()
    data.remove()
  }
}

test('[LIVE1] a version is named by its content, is kept once, and refused when it is another by now', () =>
  withStore(async (store, data) => {
    const one = store.add(variant(90), 'mine.yaml')
    assert.match(one.version, /^retail@90-[0-9a-f]{12}$/)
    assert.ok(one.hash.startsWith(one.version.slice(-12)), 'the version ends with the beginning of the hash')
    assert.deepEqual(store.add(variant(90), 'other.yaml').hash, one.hash)
    const two = store.add(variant(100), 'mine.yaml')
    assert.deepEqual(
      store.list().map(each => 'version' in each && each.version),
      [one.version, two.version],
    )
    const files = readdirSync(join(data, 'ensembles')).filter(name => !name.endsWith('.mdb'))
    assert.deepEqual(files.sort(), [`${one.hash}.yaml`, `${two.hash}.yaml`].sort(), 'nothing else is left')
    writeFileSync(join(data, 'ensembles', `${one.hash}.yaml`), variant(91))
    for (const read of [() => store.read(one.hash), () => store.find(one.hash.slice(0, 9)), () => store.add(variant(90), 'mine.yaml')])
      assert.throws(read, error => isFault(error, 'ENSEMBLE_INVALID') && /not as it was kept/.test(error.message))
    assert.equal(await faultCodeOf(store.change('demo', { what: 'promote', hash: one.hash }, BY)), 'ENSEMBLE_INVALID')
    assert.deepEqual([store.standing('demo'), store.history('demo')], [atFirst, []], 'nothing has changed')
    const last = store.list().at(-1)
    assert.ok(last && 'fault' in last && last.hash === one.hash, 'it is listed as what it is')
  }))

test('[LIVE1] a bad file is refused with its place and leaves nothing', () =>
  withStore(async (store, data) => {
    assert.throws(
      () => store.add(SHIPPED.replace('zh: ', 'zh: -'), 'mine.yaml'),
      error => isFault(error, 'ENSEMBLE_INVALID') && /mine\.yaml: voters\./.test(error.message),
    )
    assert.deepEqual(store.list(), [])
    assert.deepEqual(
      readdirSync(join(data, 'ensembles')).filter(name => name.includes('yaml')),
      [],
    )
  }))

test('[LIVE1] an ensemble is found by path, in-force, shipped name, version, hash, or the beginning of these two', () =>
  withStore(async (store, data) => {
    const file = join(data, 'mine.yaml')
    writeFileSync(file, variant(7))
    const [one, two] = [store.add(variant(90), 'a'), store.add(variant(100), 'b')]
    const meant = (named: string): string => resolveEnsemble(named, DEMO, store).hash
    assert.deepEqual([file, IN_FORCE, 'retail', one.version, 'retail@9', two.hash, two.hash.slice(0, 10)].map(meant), [
      hashOf(variant(7)),
      hashOf(SHIPPED),
      hashOf(SHIPPED),
      one.hash,
      one.hash,
      two.hash,
      two.hash,
    ])
    for (const [named, reason] of [
      ['retail@', /2 versions begin so/],
      ['', /no such version/],
      ['retail@8', /no such version/],
    ] as const)
      assert.throws(
        () => meant(named),
        error => isFault(error, 'UNKNOWN_ENSEMBLE') && reason.test(error.message),
        named,
      )
    await store.change('demo', { what: 'promote', hash: one.hash }, BY)
    assert.equal(meant(IN_FORCE), one.hash)
    assert.equal(resolveEnsemble(IN_FORCE, { id: 'north', ensemble: 'retail' }, store).hash, hashOf(SHIPPED), 'of another shop')
    assert.equal((await ensembleNamed(IN_FORCE, DEMO, data)).hash, one.hash, 'in another process too')
    const empty = temporaryFolder()
    assert.equal((await ensembleNamed(IN_FORCE, DEMO, empty.path)).hash, hashOf(SHIPPED))
    assert.equal(await faultCodeOf(ensembleNamed('retail@9', DEMO, empty.path)), 'UNKNOWN_ENSEMBLE')
    assert.deepEqual(readdirSync(empty.path), [], 'asking makes nothing')
    empty.remove()
  }))

test('[LIVE2] [LIVE3] what was done, with which, by whom and why; a start in any other process sees it', () =>
  withStore(async (store, data) => {
    const [one, two] = [store.add(variant(90), 'a'), store.add(variant(100), 'b')]
    assert.equal(await store.change('demo', { what: 'promote', hash: one.hash }, { who: 'ada', why: 'better on returns' }), true)
    assert.equal(await store.change('demo', { what: 'promote', hash: one.hash }, BY), false)
    await store.change('demo', { what: 'canary', hash: two.hash, share: 0.1 }, BY)
    await store.change('demo', { what: 'rollback' }, { who: 'bob', why: 'too many handovers' })
    await store.change('demo', { what: 'rollback' }, BY)
    assert.equal(await faultCodeOf(store.change('demo', { what: 'rollback' }, BY)), 'NO_EARLIER_ENSEMBLE')
    assert.equal(await faultCodeOf(store.change('demo', { what: 'canary-off' }, BY)), 'ENSEMBLE_REFUSED')
    assert.equal(await faultCodeOf(store.change('demo', { what: 'shadow-off' }, BY)), 'ENSEMBLE_REFUSED')
    assert.equal(await faultCodeOf(store.change('demo', { what: 'promote', hash: 'f'.repeat(64) }, BY)), 'UNKNOWN_ENSEMBLE')
    const other = findEnsembleStore(data)!
    const { inForce, canary } = other.standing('demo')
    assert.deepEqual([inForce, canary], [null, null])
    assert.deepEqual(
      other.history('demo').map(({ what, version, share, who, why }) => [what, version, share, who, why]),
      [
        ['rollback', null, undefined, 'ada', 'a test'],
        ['rollback', one.version, undefined, 'bob', 'too many handovers'],
        ['canary', two.version, 0.1, 'ada', 'a test'],
        ['promote', one.version, undefined, 'ada', 'better on returns'],
      ],
    )
    assert.deepEqual(other.history('north'), [])
    await other.close()
  }))

test('[LIVE1] [LIVE3] a canary of what is in force, and a rollback to what cannot be read, are refused and change nothing', () =>
  withStore(async (store, data) => {
    const file = join(data, 'mine.yaml')
    const shop = { id: 'demo', ensemble: file }
    writeFileSync(file, variant(7))
    for (const what of ['canary', 'shadow'] as const)
      assert.throws(
        () => keptVersion(store, file, shop, what),
        error => isFault(error, 'ENSEMBLE_REFUSED'),
      )
    assert.deepEqual(store.list(), [])
    const [one, two] = ['retail', file].map(named => keptVersion(store, named, shop, 'promote')) as [string, string] // of two
    await changeEnsemble(store, shop, { what: 'promote', hash: one }, BY)
    writeFileSync(file, 'name: ')
    assert.equal(await faultCodeOf(changeEnsemble(store, shop, { what: 'rollback' }, BY)), 'ENSEMBLE_INVALID')
    await changeEnsemble(store, shop, { what: 'promote', hash: two }, BY)
    writeFileSync(join(data, 'ensembles', `${one}.yaml`), variant(8))
    assert.equal(await faultCodeOf(changeEnsemble(store, shop, { what: 'rollback' }, BY)), 'ENSEMBLE_INVALID')
    assert.deepEqual([store.standing('demo').inForce, store.history('demo').length], [two, 2])
  }))

test('[LIVE2] killed after the file and before the record, and right after the record', () =>
  withStore(async (store, data) => {
    const url = (path: string): string => JSON.stringify(new URL(path, import.meta.url).href)
    const script = (when: string): string => `
      import { openEnsembleStore } from ${url('../../server/ensemble-store/open-ensemble-store.ts')}
      const store = openEnsembleStore(process.env.DATA)
      const { hash } = store.add(process.env.TEXT, 'mine.yaml')
      ${when === 'file' ? '' : `await store.change('demo', { what: 'promote', hash }, { who: 'ada', why: '' })`}
      process.kill(process.pid, 'SIGKILL')`
    const end = (when: string, text: string): void => {
      const env = { ...process.env, DATA: data, TEXT: text }
      const { signal, stderr } = spawnSync(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', script(when)], {
        env,
        encoding: 'utf8',
      })
      assert.equal(signal, 'SIGKILL', stderr)
    }
    end('file', variant(90))
    assert.equal(store.find('retail@90').text, variant(90), 'it is there, whole')
    assert.deepEqual([store.standing('demo'), store.history('demo')], [atFirst, []])
    end('record', variant(100))
    assert.equal(store.standing('demo').inForce, hashOf(variant(100)))
    assert.equal(store.history('demo').length, 1)
    assert.equal(resolveEnsemble(IN_FORCE, DEMO, store).text, variant(100))
  }))

test('[LIVE3] whatever is done in whatever order: rollbacks lead back the way that promotions came, and nothing ends that was not meant', () => {
  const names = ['a', 'b', 'c'].map(letter => letter.repeat(64))
  for (let seed = 1; seed <= 200; seed++) {
    const random = createRandom(seed)
    const pick = <T>(of: readonly T[]): T => of[Math.floor(random() * of.length)]!
    let standing: Standing = atFirst
    const way: (string | null)[] = []
    for (let step = 1; step <= 30; step++) {
      const what = pick(['promote', 'rollback', 'canary', 'canary-off', 'shadow', 'shadow-off'] as const)
      const change = { what, hash: pick(names), share: pick([0, 0.1, 1]) } as Change
      const before = standing
      try {
        standing = changed(before, change, 'demo', step)
      } catch (fault) {
        assert.ok(fault instanceof Fault)
        const isNone = { rollback: way.length === 0 && !before.canary, 'canary-off': !before.canary, 'shadow-off': !before.shadow }[
          what as string
        ]
        assert.ok(isNone, `seed ${seed}: ${what} was refused`)
        continue
      }
      if (what === 'promote' && before.inForce !== standing.inForce) way.push(before.inForce)
      if (what === 'rollback' && before.canary === null) assert.equal(standing.inForce, way.pop(), `seed ${seed}`)
      else if (what !== 'promote') assert.equal(standing.inForce, before.inForce, `seed ${seed}: ${what} put another in force`)
      if (what === 'promote' || what === 'rollback' || what === 'canary-off') assert.equal(standing.canary, null)
      if (what !== 'shadow' && what !== 'shadow-off' && standing.shadow !== before.shadow)
        assert.ok(what === 'promote' && standing.inForce === before.shadow?.hash, `seed ${seed}: ${what} ended a shadow`)
      if (before.shadow && standing.shadow && before.shadow.hash !== standing.shadow.hash)
        assert.ok(standing.shadow.since > before.shadow.since)
    }
  }
})
