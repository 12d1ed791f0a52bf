import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ANSWERS } from '../hostile/cases/answers.ts'
import { EFFECTS } from '../hostile/cases/effects.ts'
import { ESCAPES } from '../hostile/cases/escapes.ts'
import { FOLDERS } from '../hostile/cases/folders.ts'
import { LOOPS } from '../hostile/cases/loops.ts'
import { MEMORY } from '../hostile/cases/memory.ts'
import { PYTHON } from '../hostile/cases/python.ts'
import { QUERIES } from '../hostile/cases/queries.ts'
import { REMEMBERED } from '../hostile/cases/remembered.ts'
import { STATE } from '../hostile/cases/state.ts'
import { TEMPLATES } from '../hostile/cases/templates.ts'
import { VOTES } from '../hostile/cases/votes.ts'

test('[DOC4] docs/hostile-suite.md lists every hostile plugin, and no other', () => {
  const kinds = [LOOPS, MEMORY, ESCAPES, ANSWERS, VOTES, STATE, PYTHON].map(({ cases }) => cases)
  const cases = [...kinds, FOLDERS, QUERIES, TEMPLATES, REMEMBERED, EFFECTS].flat()
  const page = readFileSync(new URL('../../docs/hostile-suite.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^- (.+)$/gm)].map(([, line]) => line)
  assert.deepEqual(
    listed,
    cases.map(({ id, tries }) => `${id}: ${tries}`),
  )
  assert.match(page, new RegExp(`^${cases.length} cases, `, 'm'))
})

test('[DOC4] docs/hostile-suite.md lists every bundle that is refused', () => {
  const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8')
  const [table = ''] = read('test/plugin-host/bundle.test.ts').match(/^const BAD: [\s\S]*?^}$/m) ?? []
  const bundles = [...table.matchAll(/^ {2}(['"])(.+)\1: \[/gm)].map(([, , name]) => name)
  assert.ok(bundles.length > 0, 'the table is found')
  const [section = ''] = read('docs/hostile-suite.md').match(/^## Bundles: [\s\S]*/m) ?? []
  assert.deepEqual(
    [...section.matchAll(/^\d+\. (.+)$/gm)].map(([, name]) => name),
    bundles,
  )
  assert.match(section, new RegExp(`^## Bundles: ${bundles.length}$`, 'm'))
})
