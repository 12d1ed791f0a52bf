import assert from 'node:assert/strict'
import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { LOCALES } from '@parley/core/pack/pack.ts'
import { createLiquidTemplates } from '@parley/server/drivers/templates.liquid.ts'
import { readPack } from '@parley/server/pack-folder.ts'
import { PROJECT } from '@parley/server/project.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const folder = join(PROJECT.packs, 'retail')
const pack = readPack(folder)
const examplesOf = (locale: string, action: string): string[] =>
  readFileSync(join(folder, 'examples', locale, `${action}.txt`), 'utf8')
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))

test('the retail pack has the actions that a shop cannot do without, and 80 examples of each a language', () => {
  for (const action of [
    'COMPENSATE',
    'PRODUCT_INFO',
    'TRACK_ORDER',
    'LOST_PARCEL',
    'FOOD_SAFETY',
    'REFUND_STATUS',
    'RECALL_MESSAGE',
    'HUMAN_AGENT',
    'GREETING',
    'OUT_OF_SCOPE',
  ]) {
    assert.ok(pack.actions[action], action)
  }
  for (const locale of LOCALES) {
    for (const action of Object.keys(pack.actions)) assert.ok(examplesOf(locale, action).length >= 80, `${locale} ${action}`)
    for (const file of readdirSync(join(folder, 'examples', locale))) assert.ok(pack.actions[file.replace('.txt', '')], file)
  }
})

test('no example stands twice in a language, nor under two actions in any', () => {
  const seen = new Map<string, { readonly action: string; readonly locale: string }>()
  for (const locale of LOCALES) {
    for (const action of Object.keys(pack.actions)) {
      for (const line of examplesOf(locale, action)) {
        const plain = line.normalize('NFKC').toLowerCase().trim()
        const before = seen.get(plain)
        assert.ok(
          !before || (before.locale !== locale && before.action === action),
          `${locale} ${line} (${action}) stands under ${before?.action} too`,
        )
        seen.set(plain, { action, locale })
      }
    }
  }
})

test('no transcript stands in the examples word for word, but for the words of courtesy that everybody writes', () => {
  const examples = new Set(LOCALES.flatMap(locale => Object.keys(pack.actions).flatMap(action => examplesOf(locale, action))))
  const copied = LOCALES.flatMap(locale =>
    [
      ...readFileSync(new URL(`../transcripts/single-turns.${locale}.txt`, import.meta.url), 'utf8').matchAll(
        /^customer (.*)\n----\n([A-Z_]+)/gm,
      ),
    ].flatMap(([, text, action]) =>
      text !== undefined && examples.has(text) && !['GREETING', 'THANKS', 'GOODBYE', 'HUMAN_AGENT'].includes(action ?? '') ? [text] : [],
    ),
  )
  assert.deepEqual(copied, [])
})

test('every template renders in both locales with every fact missing: never a blank, never a placeholder', () => {
  const templates = createLiquidTemplates(pack)
  for (const name of Object.keys(pack.templates)) {
    for (const locale of LOCALES) {
      for (const missing of [[], ['order', 'refund']]) {
        const text = templates.render(name, locale, {
          shop: {},
          facts: {},
          missing,
          slots: {},
          options: [
            { action: 'A', label: 'one' },
            { action: 'B', label: 'two' },
          ],
        })
        assert.ok(text.length > 8, `${locale} ${name}`)
        assert.doesNotMatch(text, /\{\{|\{%|undefined|null| {2}|,,|,。|\(\)/, `${locale} ${name}: ${text}`)
      }
    }
  }
})

test('a pack with something missing or wrong is refused with file and place', () => {
  const copy = temporaryFolder()
  try {
    const broken = (change: (path: string) => void): Fault => {
      rmSync(copy.path, { recursive: true, force: true })
      cpSync(folder, copy.path, { recursive: true })
      change(copy.path)
      try {
        readPack(copy.path)
      } catch (error) {
        if (error instanceof Fault) return error
        throw error
      }
      throw new Error('it was accepted')
    }
    const edit = (name: string, from: string, to: string) => (path: string) => {
      const file = join(path, name)
      const text = readFileSync(file, 'utf8')
      assert.ok(text.includes(from))
      writeFileSync(file, text.replace(from, to))
    }
    assert.match(broken(path => rmSync(join(path, 'templates/en/greeting.liquid'))).message, /templates\/en\/greeting\.liquid.*not there/)
    assert.match(
      broken(edit('catalogue.yaml', 'template: track-order', 'template: nowhere')).message,
      /catalogue\.yaml: actions\.TRACK_ORDER\.template: .*nowhere/,
    )
    assert.match(broken(edit('catalogue.yaml', 'severity: 8', 'severity: grave')).message, /actions\.FOOD_SAFETY\.severity/)
    assert.match(broken(edit('phrases/en.yaml', 'COMPENSATE:', 'COMPENSAT:')).message, /phrases\/en\.yaml: COMPENSAT/)
  } finally {
    copy.remove()
  }
  assert.ok(existsSync(folder))
})
