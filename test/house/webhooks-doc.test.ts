// docs/webhooks.md lists the events that a webhook can be told of; the table in core is the truth.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { WEBHOOK_EVENTS } from '@parley/core/webhooks/webhook-event.ts'

test('[DOC3] docs/webhooks.md lists every event, and no other', () => {
  const text = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8')
  const rows = [...text.matchAll(/^\| (`[a-z_.]+`(?:, `[a-z_.]+`)*) \|/gm)].flatMap(([, names = '']) =>
    names.replaceAll('`', '').split(', '),
  )
  assert.deepEqual(rows.filter(name => name.includes('.')).sort(), [...WEBHOOK_EVENTS].sort())
})
