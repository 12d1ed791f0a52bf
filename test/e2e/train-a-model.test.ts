// docs/train-a-model.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followPage } from '../plugin-host/follow-page.ts'
import { temporaryFolder } from './running-server.ts'

test('[MODEL2] a data team that follows docs/train-a-model.md has a model in force, and takes it back', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  try {
    assert.ok((await followPage(t, 'docs/train-a-model.md', scratch.path)) > 10)
  } finally {
    scratch.remove()
  }
})
