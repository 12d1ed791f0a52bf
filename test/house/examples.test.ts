import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { LOCALES } from '@parley/core/pack/pack.ts'
import { MOODS } from '@parley/models/mood-answer.ts'
import { URGENCIES } from '@parley/models/urgency.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'
import { type ExampleLine, FEWEST, problemsOf } from './example-problems.ts'

const folder = join(PROJECT.packs, 'retail')
const linesOf = (kind: 'examples' | 'moods' | 'urgency'): readonly ExampleLine[] =>
  LOCALES.flatMap(locale =>
    readdirSync(join(folder, kind, locale)).flatMap(file =>
      readFileSync(join(folder, kind, locale, file), 'utf8')
        .split('\n')
        .flatMap((text, i) =>
          text === '' || text.startsWith('#') ? [] : [{ locale, action: file.replace('.txt', ''), at: `${locale}/${file}:${i + 1}`, text }],
        ),
    ),
  )
const lines = linesOf('examples')

test(`every action has ${FEWEST} examples a language, none twice, and none under two actions, marks and capital letters aside`, () => {
  assert.deepEqual(problemsOf(lines, FEWEST), [])
})

test(`every mood has ${FEWEST} examples a language, what presses and what can wait have 130, by the same rules`, () => {
  for (const [kind, labels, fewest] of [
    ['moods', MOODS, FEWEST],
    ['urgency', URGENCIES, 130],
  ] as const) {
    assert.deepEqual(problemsOf(linesOf(kind), fewest), [])
    for (const locale of LOCALES)
      assert.deepEqual(readdirSync(join(folder, kind, locale)).sort(), labels.map(label => `${label}.txt`).sort(), `${kind}/${locale}`)
  }
})

test('every action has a file of examples in every language, and every file an action', () => {
  const { actions } = readPack(folder)
  for (const locale of LOCALES)
    assert.deepEqual(
      [...new Set(lines.filter(line => line.locale === locale).map(({ action }) => action))].sort(),
      Object.keys(actions).sort(),
      locale,
    )
})

test('what is wrong with examples is said with both places', () => {
  const said = (...texts: readonly (readonly [file: string, text: string])[]): readonly string[] =>
    problemsOf(
      texts.map(([file, text], i) => {
        const [locale = '', action = ''] = file.split('/')
        return { locale, action, at: `${file}.txt:${i + 1}`, text }
      }),
      0,
    )
  assert.deepEqual(said(['en/AFFIRM', 'ok'], ['en/AFFIRM', 'OK ']), ['en/AFFIRM.txt:2 OK  stands at en/AFFIRM.txt:1 already'])
  assert.deepEqual(said(['en/AFFIRM', 'alright'], ['en/GREETING', 'Alright?']), [
    'en/GREETING.txt:2 Alright? stands under AFFIRM too, at en/AFFIRM.txt:1 alright',
  ])
  assert.deepEqual(said(['zh-CN/AFFIRM', 'ok'], ['en/DENY', 'ok']), ['en/DENY.txt:2 ok stands under AFFIRM too, at zh-CN/AFFIRM.txt:1 ok'])
  assert.deepEqual(said(['zh-CN/AFFIRM', 'ok'], ['en/AFFIRM', 'ok'], ['en/AFFIRM', 'ok!']), [])
  assert.deepEqual(said(['en/AFFIRM', '👍'], ['en/DENY', '👎']), [])
  assert.deepEqual(said(['en/AFFIRM', '👍'], ['en/DENY', '👍']), ['en/DENY.txt:2 👍 stands under AFFIRM too, at en/AFFIRM.txt:1 👍'])
  assert.deepEqual(problemsOf([{ locale: 'en', action: 'AFFIRM', at: 'en/AFFIRM.txt:1', text: 'ok' }], 2), [
    'en/AFFIRM.txt has 1 different examples, fewer than 2',
  ])
})
