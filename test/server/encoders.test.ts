// How an encoder is named for a training: a folder, a name or a hash of what is kept; and what is said of it beside.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { keptEncoder, taskEncoder } from '@parley/server/training/encoders.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { writeSmallEncoder } from '../models/small-encoder.ts'

const NO_HUB = { url: 'http://127.0.0.1:9', isOffline: true }
const temp = temporaryFolder()
after(temp.remove)

test('[ENC3] a folder is kept, and found again by its name and by its hash, the folder gone; other settings make another of it', async () => {
  const data = join(temp.path, 'data')
  const folder = join(temp.path, 'minilm')
  mkdirSync(folder)
  writeSmallEncoder(folder)
  const asked = { wishes: {}, isBlended: true }
  assert.equal(await taskEncoder(data, { ...asked, encoder: 'none' }, NO_HUB), undefined)
  const one = await taskEncoder(data, { ...asked, encoder: `${folder}/` }, NO_HUB)
  assert.deepEqual([one?.name, one?.size, one?.isBlended], ['minilm', 32, true])
  rmSync(folder, { recursive: true })
  assert.deepEqual(await taskEncoder(data, { ...asked, encoder: 'minilm' }, NO_HUB), one)
  assert.deepEqual(await taskEncoder(data, { ...asked, encoder: one!.hash.slice(0, 8) }, NO_HUB), one)
  const other = await taskEncoder(data, { ...asked, encoder: 'minilm', wishes: { pooling: 'cls' } }, NO_HUB)
  assert.equal(other?.name, 'minilm')
  assert.deepEqual(
    [keptEncoder(data, one!.hash), keptEncoder(data, other!.hash)].map(({ settings }) => settings.pooling),
    ['mean', 'cls'],
  )
  const refused = (code: 'ENCODER_ABSENT' | 'ENCODER_INVALID', reason: RegExp) => (error: unknown) =>
    isFault(error, code) && reason.test(error.message)
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: 'minilm' }, NO_HUB),
    refused('ENCODER_ABSENT', /several bear that name, take one by its hash: minilm \(/),
  )
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: 'e5' }, NO_HUB),
    refused('ENCODER_ABSENT', /"e5" here; there is: minilm .*, none .*any folder/),
  )
  await assert.rejects(
    taskEncoder(data, { ...asked, encoder: one!.hash, wishes: { onnx: 'onnx/model_int8.onnx' } }, NO_HUB),
    refused('ENCODER_INVALID', /it was kept with model\.onnx, without onnx\/model_int8\.onnx/),
  )
})
