// docs/desk-protocol.md tells the desk protocol; the schemas are the truth. What one has and the other lacks fails here.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { DeskMark, DeskMessage, DeskRequest, HandoffReason } from '@parley/core/protocol/desk-message.ts'

const text = readFileSync(new URL('../../docs/desk-protocol.md', import.meta.url), 'utf8')
const frames = (side: string): unknown[] =>
  [...text.matchAll(new RegExp(`\`\`\`json ${side}\n(.*?)\n\`\`\``, 'gs'))].map(match => JSON.parse(match[1] ?? ''))
const typesOf = (schema: typeof DeskRequest | typeof DeskMessage): string[] => schema.options.map(option => option.shape.type.value)
/** The first column of the table under this heading. */
const rowsUnder = (heading: string): string[] => {
  const section = text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? ''
  return [...section.matchAll(/^\| `([a-z]+)` \|/gm)].map(match => match[1] ?? '')
}

for (const [side, schema] of [
  ['console', DeskRequest],
  ['server', DeskMessage],
] as const) {
  test(`[DOC2] docs/desk-protocol.md shows every frame of the ${side}, and each is of the schema`, () => {
    const shown = frames(side).map(frame => schema.parse(frame).type)
    assert.deepEqual([...new Set(shown)].sort(), typesOf(schema).sort())
  })
}

test('[DOC2] docs/desk-protocol.md lists the reasons of a hand-off and the marks, all of them and no other', () => {
  assert.deepEqual(rowsUnder('Reasons of a hand-off').sort(), [...HandoffReason.options].sort())
  assert.deepEqual(rowsUnder('Marks').sort(), [...DeskMark.shape.about.options].sort())
})
