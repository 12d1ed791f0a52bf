// What a shop adds to its pack's phrases: kept, checked, above the pack's, and in force for the next turn.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Ballot, VoterPool } from '@parley/core/ports/voters.ts'
import { openModelStore } from '@parley/server/model-store/open-model-store.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { putPhrasesInForce } from '@parley/server/phrases-in-force.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

const pack = readPack(join(PROJECT.packs, 'retail'))
const CRAB_CARD = { phrase: '蟹卡', action: 'COUPON_HELP', weight: 0.9 }

async function voteOf(pool: VoterPool, text: string): Promise<Ballot> {
  let given: Ballot | undefined
  await pool.ask(
    { text, original: text, language: 'zh', locale: 'zh-CN' },
    ballot => {
      given = ballot
    },
    new AbortController().signal,
  )
  return given!
}

test('[PHR1] a phrase that was added is kept, replaced by one of the same words, and taken back', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  let store = openModelStore(data.path)
  assert.equal(await store.phrases.add('demo', CRAB_CARD, pack), true)
  assert.equal(await store.phrases.add('demo', CRAB_CARD, pack), false)
  assert.equal(await store.phrases.add('demo', { ...CRAB_CARD, phrase: ' 蟹卡', weight: 0.5 }, pack), true)
  assert.equal(await store.phrases.add('other', { ...CRAB_CARD, phrase: 'ＣＲＡＢ card' }, pack), true)
  await store.close()
  store = openModelStore(data.path)
  assert.deepEqual(
    store.phrases.list('demo').map(({ phrase, weight }) => [phrase, weight]),
    [[' 蟹卡', 0.5]],
  )
  await store.phrases.remove('other', 'COUPON_HELP', 'crab card')
  assert.deepEqual(store.phrases.list('other'), [])
  assert.equal(await faultCodeOf(store.phrases.remove('demo', 'COUPON_HELP', 'crab card')), 'UNKNOWN_PHRASE')
  await store.close()
})

test('[PHR1] a phrase that cannot vote is refused, with the reason', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const store = openModelStore(data.path)
  for (const wrong of [
    { phrase: ' ' },
    { phrase: 'x'.repeat(81) },
    { weight: 0 },
    { weight: 1.1 },
    { weight: Number.NaN },
    { action: 'DANCE' },
    { action: 'toString' },
    { template: 'no-such-template' },
  ])
    assert.equal(await faultCodeOf(store.phrases.add('demo', { ...CRAB_CARD, ...wrong }, pack)), 'PHRASE_INVALID', JSON.stringify(wrong))
  assert.deepEqual(store.phrases.list('demo'), [])
  await store.close()
})

test('[PHR2] an exchange takes with the next turn: the one before goes on, other shops keep theirs, the version names the list', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const store = openModelStore(data.path)
  const shops = ['a', 'b', 'c'].map(id => ({ id, pack: 'retail' }))
  const inForce = putPhrasesInForce(shops, () => pack.phrases, {}, store.phrases)
  const before = inForce.of('a')
  assert.equal(inForce.of('b'), before)
  assert.equal((await voteOf(before, '蟹卡')).abstained, true)
  await store.phrases.add('a', CRAB_CARD, pack)
  inForce.reload()
  const after = inForce.of('a')
  const ballot = await voteOf(after, '蟹卡')
  assert.deepEqual(ballot.votes, [{ action: 'COUPON_HELP', confidence: 0.9, evidence: '蟹卡 0.90' }])
  assert.notEqual(after.voters[0]?.version, before.voters[0]?.version)
  assert.equal((await voteOf(before, '蟹卡')).abstained, true, 'a turn under way ends on the list that it began with')
  assert.equal(inForce.of('b'), before)
  await store.phrases.remove('a', 'COUPON_HELP', '蟹卡')
  inForce.reload()
  assert.equal(inForce.of('a').voters[0]?.version, before.voters[0]?.version)
  await inForce.close()
  await store.close()
})
