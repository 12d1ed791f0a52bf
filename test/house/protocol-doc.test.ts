import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ClientMessage } from '@parley/core/protocol/client-message.ts'
import { CLOSE, mayReconnect } from '@parley/core/protocol/close-codes.ts'
import { ServerMessage } from '@parley/core/protocol/server-message.ts'

const text = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8')
const frames = (side: string): unknown[] =>
  [...text.matchAll(new RegExp(`\`\`\`json ${side}\n(.*?)\n\`\`\``, 'gs'))].map(match => JSON.parse(match[1] ?? ''))
const typesOf = (schema: typeof ClientMessage | typeof ServerMessage): string[] => schema.options.map(option => option.shape.type.value)

for (const [side, schema] of [
  ['client', ClientMessage],
  ['server', ServerMessage],
] as const) {
  test(`[DOC2] docs/protocol.md shows every frame of the ${side}, and each is of the schema`, () => {
    const shown = frames(side).map(frame => schema.parse(frame).type)
    assert.deepEqual([...new Set(shown)].sort(), typesOf(schema).sort())
  })
}

test('[DOC3] docs/protocol.md lists the close codes, and the range says what to do', () => {
  const rows = [...text.matchAll(/^\| (\d{4}) \| ([A-Z_]+) \| (.*) \|$/gm)].map(([, code, name]) => [name, Number(code)])
  assert.deepEqual(Object.fromEntries(rows), CLOSE)
  assert.equal(mayReconnect(CLOSE.GOING_AWAY), true)
  assert.equal(mayReconnect(CLOSE.TOKEN_EXPIRED), true)
  assert.equal(mayReconnect(CLOSE.PROTOCOL_VERSION), false)
  assert.equal(mayReconnect(1006), true)
})
