import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { ANSWERS } from '../hostile/cases/answers.ts'
import { ESCAPES } from '../hostile/cases/escapes.ts'
import { FOLDERS } from '../hostile/cases/folders.ts'
import { LOOPS } from '../hostile/cases/loops.ts'
import { MEMORY } from '../hostile/cases/memory.ts'
import { PYTHON } from '../hostile/cases/python.ts'
import { STATE } from '../hostile/cases/state.ts'
import { VOTES } from '../hostile/cases/votes.ts'

test('[DOC4] docs/hostile-suite.md lists every hostile plugin, and no other', () => {
  const kinds = [LOOPS, MEMORY, ESCAPES, ANSWERS, VOTES, STATE, PYTHON].map(({ cases }) => cases)
  const cases = [...kinds, FOLDERS].flat()
  const page = readFileSync(new URL('../../docs/hostile-suite.md', import.meta.url), 'utf8')
  const listed = [...page.matchAll(/^- (.+)$/gm)].map(([, line]) => line)
  assert.deepEqual(
    listed,
    cases.map(({ id, tries }) => `${id}: ${tries}`),
  )
  assert.match(page, new RegExp(`^${cases.length} cases, `, 'm'))
})
