// What is found out once: kept under all that it was found out from, and never a reason to stop.
import assert from 'node:assert/strict'
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { test } from 'node:test'
import { foundBefore, keepFound } from '@parley/server/found-before.ts'
import { bundlePlugin } from '@parley/server/plugin-host/bundle-plugin.ts'
import { keyOfSources } from '@parley/server/plugin-host/host-program.ts'
import { createManifestReader } from '@parley/server/plugin-host/manifest-reader.ts'
import { PROJECT } from '@parley/server/project.ts'

test('what is kept is found under the same things, in the same places among them, and under no others', () => {
  const one = randomUUID()
  assert.equal(foundBefore([one, 'b']), undefined)
  keepFound([one, 'b'], 'kept')
  assert.equal(foundBefore([one, new TextEncoder().encode('b')]), 'kept')
  for (const other of [[one], [`${one}b`], ['b', one], [one, 'b', '']]) assert.equal(foundBefore(other), undefined)
})

test('a manifest that was read is known from then on, without a host; one that cannot be read is tried again', async () => {
  const { code } = await bundlePlugin(join(PROJECT.plugins, 'fresh-goods'))
  const fresh = `${code}\n// ${randomUUID()}`
  const reader = createManifestReader()
  const read = await reader.read(fresh)
  assert.ok(read.isRead && JSON.parse(read.json).id === 'fresh-goods')
  assert.equal(foundBefore(['manifest', keyOfSources(), fresh]), read.json)
  keepFound(['manifest', keyOfSources(), fresh], '{"id":"as kept"}')
  assert.deepEqual(await reader.read(fresh), { isRead: true, json: '{"id":"as kept"}' })
  const broken = `( // ${randomUUID()}`
  assert.equal((await reader.read(broken)).isRead, false)
  assert.equal(foundBefore(['manifest', keyOfSources(), broken]), undefined)
  await reader.close()
})
