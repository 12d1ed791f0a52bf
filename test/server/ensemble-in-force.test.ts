import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault, isFault } from '@parley/core/faults.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { putEnsemblesInForce } from '@parley/server/ensemble-in-force.ts'
import { isCanarys } from '@parley/server/ensemble-store/canary-share.ts'
import type { EnsembleText } from '@parley/server/ensemble-store/ensemble-store.ts'
import { hashOf } from '@parley/server/ensemble-store/parse-once.ts'
import { atFirst, type Standing } from '@parley/server/ensemble-store/standing.ts'
import { faultCodeOf } from '../fault-code.ts'
import { createRandom } from '../random.ts'

const textOf = (n: number): EnsembleText => {
  const text = `name: mine\nversion: ${n}\nvoters: { keyword: { weight: { zh: 1, en: 1 } } }`
  return { ...parseEnsemble(text, 'mine.yaml'), hash: hashOf(text), text }
}
const [ONE, TWO] = [textOf(1), textOf(2)]
const SHOPS = [
  { id: 'demo', ensemble: 'retail' },
  { id: 'north', ensemble: 'retail' },
]

/** A store as far as it is read, with what a test puts into it. */
function storeOf(...versions: readonly EnsembleText[]) {
  const kept = new Map(versions.map(each => [each.hash, each]))
  const standings = new Map<string, Standing>()
  return {
    kept,
    standings,
    standing: (shop: string): Standing => standings.get(shop) ?? atFirst,
    read(hash: string): EnsembleText {
      const found = kept.get(hash)
      if (!found) throw new Fault('UNKNOWN_ENSEMBLE', { ensemble: hash, reason: 'gone' })
      return found
    },
  }
}

test('[LIVE5] a canary has its share of the conversations, keeps each, takes none away as it grows, and shares nothing with another', () => {
  const random = createRandom(7)
  const conversations = Array.from({ length: 20_000 }, (_, i) => `c${i}-${Math.floor(random() * 1e9).toString(36)}`)
  const [a, b] = [ONE.hash, TWO.hash]
  const taken = (hash: string, share: number): ReadonlySet<string> =>
    new Set(conversations.filter(each => isCanarys(each, { hash, share })))
  let before = taken(a, 0)
  assert.equal(before.size, 0)
  for (const share of [0.01, 0.1, 0.3, 0.5, 0.99, 1]) {
    const now = taken(a, share)
    // Five standard deviations of a share of 20,000 draws.
    assert.ok(Math.abs(now.size / 20_000 - share) <= 5 * Math.sqrt((share * (1 - share)) / 20_000) + 1e-9, `${now.size} at ${share}`)
    assert.ok([...before].every(each => now.has(each)))
    before = now
  }
  const other = taken(b, 0.5)
  const both = [...taken(a, 0.5)].filter(each => other.has(each)).length / 20_000
  assert.ok(Math.abs(both - 0.25) < 5 * Math.sqrt((0.25 * 0.75) / 20_000), `two halves have ${both} in common`)
  assert.equal(isCanarys('', { hash: a, share: 1 }), false, 'what is outside of a conversation')
})

test('[LIVE4] [LIVE5] which ensemble decides is the records’ to say, for each shop, from the next turn on', () => {
  const store = storeOf(ONE, TWO)
  const broken: string[] = []
  const ensembles = putEnsemblesInForce(SHOPS, store, (shop, fault) => broken.push(`${shop} ${fault.code}`))
  const configured = ensembles.of('demo', 'c1').version
  assert.match(configured, /^retail@/)
  store.standings.set('demo', { ...atFirst, inForce: ONE.hash, canary: { hash: TWO.hash, share: 0.5, since: 1 } })
  assert.equal(ensembles.of('demo', 'c1').version, configured, 'nobody has said so yet')
  ensembles.reload('demo')
  for (let i = 0; i < 100; i++)
    assert.equal(ensembles.of('demo', `c${i}`).version, isCanarys(`c${i}`, { hash: TWO.hash, share: 0.5 }) ? TWO.version : ONE.version)
  assert.equal(ensembles.of('demo', '').version, ONE.version)
  assert.equal(ensembles.of('north', 'c1').version, configured)
  assert.throws(
    () => ensembles.reload('south'),
    fault => isFault(fault, 'UNKNOWN_SHOP'),
  )
  assert.deepEqual(broken, [])
})

test('[LIVE1] [ENS8] what cannot be read changes nothing while it runs, and the other shops are exchanged; at a start the settings’ decides', async () => {
  const store = storeOf(ONE, TWO)
  store.standings.set('demo', { ...atFirst, inForce: ONE.hash })
  const ensembles = putEnsemblesInForce(SHOPS, store, () => assert.fail('nothing is broken'))
  store.standings.set('demo', { ...atFirst, inForce: hashOf('gone') })
  store.standings.set('north', { ...atFirst, inForce: TWO.hash })
  assert.equal(await faultCodeOf((async () => ensembles.reload())()), 'UNKNOWN_ENSEMBLE')
  assert.deepEqual([ensembles.of('demo', 'c1').version, ensembles.of('north', 'c1').version], [ONE.version, TWO.version])
  store.standings.set('north', { ...atFirst, canary: { hash: hashOf('gone'), share: 1, since: 1 }, shadow: { hash: TWO.hash, since: 1 } })
  const broken: string[] = []
  const anew = putEnsemblesInForce(SHOPS, store, (shop, fault) => broken.push(`${shop} ${fault.code}`))
  assert.deepEqual(broken, ['demo UNKNOWN_ENSEMBLE', 'north UNKNOWN_ENSEMBLE'])
  assert.match(anew.of('demo', 'c1').version, /^retail@/)
  const { canary, shadow } = anew.running('north')
  assert.deepEqual([canary, shadow?.ensemble.version], [null, TWO.version])
})
