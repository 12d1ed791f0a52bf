// docs/ensembles.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followPage } from '../plugin-host/follow-page.ts'
import { temporaryFolder } from './running-server.ts'

test('[EVAL6] who follows docs/ensembles.md knows what an ensemble is worth', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  try {
    assert.ok((await followPage(t, 'docs/ensembles.md', scratch.path)) > 5)
  } finally {
    scratch.remove()
  }
})
