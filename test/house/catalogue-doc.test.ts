import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'

test('[DOC4] docs/catalogue.md lists the actions of the retail pack', () => {
  const text = readFileSync(new URL('../../docs/catalogue.md', import.meta.url), 'utf8')
  const listed = [...text.matchAll(/^\| ([A-Z_, ]+) \|/gm)].flatMap(([, names]) => (names ?? '').split(', '))
  assert.deepEqual(listed.sort(), Object.keys(readPack(join(PROJECT.packs, 'retail')).actions).sort())
})
