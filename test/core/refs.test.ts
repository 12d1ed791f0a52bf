import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addRef, findRef, noRefs, type Refs } from '@parley/core/conversation/refs.ts'
import { refOf } from './house.ts'

test('[TURN2] every message id is found for ever, in every version of the conversation, with few maps to look in', () => {
  const versions: Refs[] = [noRefs]
  for (let i = 1; i <= 1_000; i++) versions.push(addRef(versions[i - 1]!, refOf(`m${i}`), { seq: i, text: `text ${i}` }))
  for (const at of [0, 1, 2, 3, 64, 500, 1_000]) {
    const refs = versions[at]!
    assert.ok(refs.length <= 10, `${refs.length} maps for ${at} messages`)
    assert.equal(
      refs.reduce((sum, map) => sum + map.size, 0),
      at,
    )
    for (let i = 1; i <= 1_000; i++)
      assert.deepEqual(findRef(refs, refOf(`m${i}`)), i <= at ? { seq: i, text: `text ${i}` } : undefined, `m${i} of ${at}`)
  }
})
