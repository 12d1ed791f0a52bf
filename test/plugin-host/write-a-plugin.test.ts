// docs/write-a-plugin.md and docs/plugins-in-production.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { temporaryFolder } from '../e2e/running-server.ts'
import { followPage } from './follow-page.ts'

for (const [title, page] of [
  ['[SDK8] a newcomer who follows docs/write-a-plugin.md has a plugin that votes', 'docs/write-a-plugin.md'],
  [
    '[STORE3] [STORE4] an operator who follows docs/plugins-in-production.md has it installed, updated and taken back',
    'docs/plugins-in-production.md',
  ],
] as const)
  test(title, async t => {
    const scratch = temporaryFolder()
    try {
      assert.ok((await followPage(t, page, scratch.path)) > 15)
    } finally {
      scratch.remove()
    }
  })
