// docs/train-a-model.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { writeSmallEncoder } from '../models/small-encoder.ts'
import { followPage } from '../plugin-host/follow-page.ts'
import { temporaryFolder } from './running-server.ts'

test('[MODEL2] a data team that follows docs/train-a-model.md has a model in force, and takes it back', { timeout: 300_000 }, async t => {
  const scratch = temporaryFolder()
  mkdirSync(join(scratch.path, 'my-encoder')) // the page does not say where to get one
  writeSmallEncoder(join(scratch.path, 'my-encoder'))
  try {
    assert.ok((await followPage(t, 'docs/train-a-model.md', scratch.path)) > 10)
  } finally {
    scratch.remove()
  }
})
