// docs/remote-voters.md, followed by somebody who knows nothing else.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { votesSchema } from '@parley/server/remote-voters/votes-service.ts'
import { followPage } from '../plugin-host/follow-page.ts'
import { temporaryFolder } from './running-server.ts'

test('[RMT1] a service that is written after docs/remote-voters.md votes', { timeout: 240_000 }, async t => {
  const scratch = temporaryFolder()
  t.after(scratch.remove)
  assert.ok((await followPage(t, 'docs/remote-voters.md', scratch.path)) > 10)
})

test('[RMT1] docs/votes-protocol.schema.json is what is sent and read; bin/parley voters schema writes it anew', () => {
  const text = readFileSync(new URL('../../docs/votes-protocol.schema.json', import.meta.url), 'utf8')
  assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(votesSchema())))
})
