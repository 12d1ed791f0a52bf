import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { readAnswer } from './read-answer.ts'

const manifest = { actions: ['COMPENSATE', 'PRODUCT_INFO'], defaultConfidence: 0.9, grants: [], asks: ['order'] }
const reasonOf = (json: string): string => {
  const reading = readAnswer(json, manifest)
  return reading.isWellFormed ? `well formed: ${JSON.stringify(reading)}` : reading.reason
}

describe('what a plugin returned', () => {
  test('null is an abstention, one vote is a list of one, what is not known is left aside', () => {
    assert.deepEqual(readAnswer('null', manifest), { isWellFormed: true, votes: [], dropped: [] })
    assert.deepEqual(readAnswer('{"action":"COMPENSATE","slots":{}}', manifest), {
      isWellFormed: true,
      votes: [{ action: 'COMPENSATE', confidence: 0.9 }],
      dropped: [],
    })
  })

  test('a vote that the manifest does not list is dropped, the others stay', () => {
    assert.deepEqual(readAnswer('[{"action":"FOOD_SAFETY","confidence":1},{"action":"COMPENSATE","confidence":0.4}]', manifest), {
      isWellFormed: true,
      votes: [{ action: 'COMPENSATE', confidence: 0.4 }],
      dropped: ['FOOD_SAFETY'],
    })
  })

  test('[DLG8] a slot that the manifest lists may be asked for, no other', () => {
    assert.deepEqual(readAnswer('{"action":"COMPENSATE","ask":"order"}', manifest), {
      isWellFormed: true,
      votes: [{ action: 'COMPENSATE', confidence: 0.9, ask: 'order' }],
      dropped: [],
    })
    assert.equal(reasonOf('{"action":"COMPENSATE","ask":"count"}'), 'ask: manifest.asks does not list the slot "count"')
  })

  test("'*' allows every action", () => {
    const reading = readAnswer('{"action":"FOOD_SAFETY"}', { ...manifest, actions: '*' })
    assert.ok(reading.isWellFormed && reading.votes.length === 1)
  })

  test('[PLG4] anything else fails, and says where', () => {
    assert.equal(reasonOf('{'), 'the answer is not JSON')
    assert.match(reasonOf('7'), /^the answer: /)
    assert.match(reasonOf('{}'), /^action: /)
    assert.match(reasonOf('{"action":"COMPENSATE","confidence":null}'), /^confidence: /)
    assert.match(reasonOf('{"action":"compensate"}'), /^action: an action is upper case/)
    assert.match(reasonOf('{"action":"HANDOFF"}'), /^action: .*cannot be voted for/)
    assert.match(reasonOf('[{"action":"COMPENSATE"},{"action":"COMPENSATE","confidence":-1}]'), /^1\.confidence: /)
    assert.match(reasonOf(`{"action":"COMPENSATE","evidence":"${'x'.repeat(501)}"}`), /^evidence: /)
    assert.equal(reasonOf('[{"action":"COMPENSATE"},{"action":"PRODUCT_INFO"}]'), 'the confidences add up to 1.80, more than 1')
    assert.equal(
      reasonOf('[{"action":"COMPENSATE","confidence":0.1},{"action":"COMPENSATE","confidence":0.1}]'),
      'two votes are for one action',
    )
  })

  test('[PLG4] keys that reach for prototypes stay keys', () => {
    const reading = readAnswer('{"action":"COMPENSATE","confidence":0.5,"__proto__":{"polluted":1}}', manifest)
    assert.deepEqual(reading, { isWellFormed: true, votes: [{ action: 'COMPENSATE', confidence: 0.5 }], dropped: [] })
    assert.equal(({} as { readonly polluted?: unknown }).polluted, undefined)
  })
})
