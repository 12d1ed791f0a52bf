import assert from 'node:assert/strict'
import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { readModelFile } from '@parley/models/model-file.ts'
import { type ModelStore, SHIPPED } from '@parley/server/model-store/model-store.ts'
import { findModelStore, openModelStore } from '@parley/server/model-store/open-model-store.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

async function withStore(work: (store: ModelStore, data: string) => Promise<void>): Promise<void> {
  const data = temporaryFolder()
  const store = openModelStore(data.path)
  try {
    await work(store, data.path)
  } finally {
    await store.close()
    data.remove()
  }
}

/** The shipped sentiment model under another seed: other content, and as good. */
function variant(data: string, seed: number): string {
  const folder = join(data, `variant-${seed}`)
  cpSync(PROJECT.models, folder, { recursive: true })
  const file = join(folder, 'sentiment.json')
  writeFileSync(file, readFileSync(file, 'utf8').replace(/"seed": \d+/, `"seed": ${seed}`))
  return folder
}

test('[MODEL1] a version is named by its content, is kept once and never changes', () =>
  withStore(async (store, data) => {
    const folder = variant(data, 1)
    writeFileSync(join(folder, 'card.json'), '{"trainedAt":"2026-01-01"}')
    const { version } = store.add('sentiment', folder)
    assert.ok(version.startsWith(readModelFile(folder, 'sentiment').version))
    writeFileSync(join(folder, 'card.json'), '{"trainedAt":"2027-01-01"}')
    assert.equal(store.add('sentiment', folder).version, version)
    assert.equal(store.find('sentiment', version.slice(0, 8)).card?.trainedAt, '2026-01-01')
    assert.deepEqual(
      store.list().map(each => each.version),
      [version],
    )
    const other = store.add('sentiment', variant(data, 2))
    assert.notEqual(other.version, version)
    assert.deepEqual(readdirSync(join(data, 'models', 'sentiment')).sort(), [version, other.version].sort(), 'nothing else is left')
    // Its file is another by now: it is not taken for what it was.
    writeFileSync(join(store.find('sentiment', version).folder, 'sentiment.onnx'), 'x')
    assert.throws(
      () => store.add('sentiment', folder),
      error => isFault(error, 'MODEL_INVALID'),
    )
  }))

test('[MODEL1] what is no model, or another kind, is refused and leaves nothing', () =>
  withStore(async (store, data) => {
    const bad = variant(data, 1)
    writeFileSync(join(bad, 'sentiment.onnx'), 'x')
    for (const [kind, folder] of [
      ['sentiment', bad],
      ['intent', join(data, 'nowhere')],
    ] as const)
      assert.throws(
        () => store.add(kind, folder),
        error => isFault(error, 'MODEL_INVALID'),
      )
    const disguised = variant(data, 2)
    for (const end of ['json', 'onnx']) cpSync(join(disguised, `sentiment.${end}`), join(disguised, `intent.${end}`))
    assert.throws(
      () => store.add('intent', disguised),
      error => isFault(error, 'MODEL_INVALID') && /a model of sentiment/.test(error.message),
    )
    assert.deepEqual(store.list(), [])
  }))

test('[MODEL2] use and rollback, each shop and each kind by itself; a start in any other process sees them', () =>
  withStore(async (store, data) => {
    const [one, two] = [1, 2].map(seed => store.add('sentiment', variant(data, seed)).version) as [string, string] // of two
    assert.equal(store.inForce('demo', 'sentiment'), SHIPPED)
    assert.equal(store.folderOf('demo', 'sentiment'), undefined)
    assert.equal(await store.use('demo', 'sentiment', one), true)
    assert.equal(await store.use('demo', 'sentiment', one), false)
    await store.use('demo', 'sentiment', two)
    await store.use('north', 'sentiment', one)
    const other = findModelStore(data)!
    assert.deepEqual(
      [other.inForce('demo', 'sentiment'), other.inForce('north', 'sentiment'), other.inForce('demo', 'intent')],
      [two, one, SHIPPED],
    )
    await other.close()
    assert.equal(store.folderOf('demo', 'sentiment'), join(data, 'models', 'sentiment', two))
    assert.equal(await store.rollback('demo', 'sentiment'), one)
    assert.equal(await store.rollback('demo', 'sentiment'), SHIPPED)
    assert.equal(await faultCodeOf(store.rollback('demo', 'sentiment')), 'NO_EARLIER_MODEL')
    assert.equal(await faultCodeOf(store.use('demo', 'sentiment', 'f'.repeat(64))), 'UNKNOWN_MODEL')
    const before = store.kept('demo', 'sentiment')
    await store.use('demo', 'sentiment', two)
    await store.putBack('demo', 'sentiment', before)
    assert.equal(store.inForce('demo', 'sentiment'), SHIPPED)
    assert.throws(
      () => store.find('sentiment', ''),
      error => isFault(error, 'UNKNOWN_MODEL'),
    )
  }))
