// docs/knowledge.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { followPage } from '../plugin-host/follow-page.ts'
import { temporaryFolder } from './running-server.ts'

test('[KNOW1] a shop that follows docs/knowledge.md answers from its own articles, and takes them back', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  try {
    assert.ok((await followPage(t, 'docs/knowledge.md', scratch.path)) > 15)
  } finally {
    scratch.remove()
  }
})
