import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FAULTS } from '@parley/core/faults.ts'

test('[DOC1] docs/faults.md lists the table of faults, code for code', () => {
  const text = readFileSync(new URL('../../docs/faults.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| `([A-Z_]+)` \| (yes|no) \|/gm)].map(([, code, retry]) => ({ code, retry }))
  const table = Object.entries(FAULTS).map(([code, { isRetryable }]) => ({ code, retry: isRetryable ? 'yes' : 'no' }))
  assert.deepEqual(rows, table)
})
