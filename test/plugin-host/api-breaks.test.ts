// What counts as a break against the published version, and what an install shows of a difference.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { Manifest } from '@parley/plugin-sdk/manifest.ts'
import { checkApi } from '@parley/server/plugin-bench/check-api.ts'
import { breaksOf, isMajorStep } from '@parley/server/plugin-store/api-breaks.ts'
import { changesOf } from '@parley/server/plugin-store/manifest-changes.ts'
import { packPlugin } from '@parley/server/plugin-store/pack-plugin.ts'
import { makeKeyPair } from '@parley/server/plugin-store/publisher.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { pythonPlugin, writeFolder } from './harness.ts'

const BASE = {
  id: 'crab',
  version: '1.2.0',
  sdk: '^0.1.0',
  languages: ['zh', 'en'],
  actions: ['COMPENSATE', 'REFUND'],
  runtime: 'python',
  module: 'plugin',
  class: 'Plugin',
  settings: {
    words: { type: 'strings', about: 'Words.', default: [] },
    sure: { type: 'number', about: 'How sure.', min: 0, max: 1, default: 0.9 },
    tone: { type: 'string', about: 'How it speaks.', options: ['kind', 'dry'], default: 'kind' },
  },
}
const manifest = (changed: object = {}): Manifest => Manifest.parse({ ...BASE, ...changed })
const settings = (changed: object): object => ({ settings: { ...BASE.settings, ...changed } })
const { words: _, ...withoutWords } = BASE.settings

const BREAKS: Readonly<Record<string, readonly [object, readonly string[]]>> = {
  'the same': [{}, []],
  'an action more': [{ actions: ['COMPENSATE', 'REFUND', 'STORE_INFO'] }, []],
  'every action': [{ actions: '*' }, []],
  'an action less': [{ actions: ['COMPENSATE'] }, ['REFUND is voted for no more']],
  'an effect less': [{}, []],
  'a language less': [{ languages: ['zh'] }, ['en is understood no more']],
  'a setting less': [{ settings: withoutWords }, ['the setting words is gone']],
  'a setting more, with a default': [settings({ more: { type: 'boolean', about: 'More.', default: true } }), []],
  'a setting more that must be given': [settings({ more: { type: 'boolean', about: 'More.' } }), ['the setting more must be given']],
  'a setting of another type': [
    settings({ words: { type: 'string', about: 'Words.', default: '' } }),
    ['the setting words is a string, no more a strings'],
  ],
  'a default less': [settings({ words: { type: 'strings', about: 'Words.' } }), ['the setting words must be given']],
  'another default, other words': [settings({ sure: { ...BASE.settings.sure, default: 0.5, about: 'Sure.' } }), []],
  'a narrower number': [settings({ sure: { ...BASE.settings.sure, min: 0.5 } }), ['the setting sure takes fewer values']],
  'a wider number': [settings({ sure: { ...BASE.settings.sure, max: 2 } }), []],
  'an option less': [settings({ tone: { ...BASE.settings.tone, options: ['kind'] } }), ['the setting tone takes fewer values']],
  'an option more': [settings({ tone: { ...BASE.settings.tone, options: ['dry', 'kind', 'warm'] } }), []],
  'a narrower SDK': [{ sdk: '0.1.0' }, ['sdk 0.1.0 takes fewer servers than ^0.1.0']],
  'the same SDK in other words': [{ sdk: '~0.1.0' }, []],
}

describe('a later version', () => {
  for (const [name, [changed, breaks]] of Object.entries(BREAKS))
    test(`[SDK6] ${name}`, () => assert.deepEqual(breaksOf(manifest(), manifest(changed)), breaks))

  test('[SDK6] an effect less is a break, and one more is not', () => {
    const does = manifest({ grants: ['effects'], effects: { 'open-case': { undo: 'close-case' } } })
    assert.deepEqual(breaksOf(does, { ...does, effects: {} }), ['open-case is done no more'])
    assert.deepEqual(breaksOf({ ...does, effects: {} }, does), [])
  })

  test('[SDK6] a grant more is a break, and one less is not', () => {
    const asks = manifest({ grants: ['clock'] })
    assert.deepEqual(breaksOf(manifest(), asks), ['it asks for the grant clock'])
    assert.deepEqual(breaksOf(asks, manifest()), [])
  })

  test('a major step is one of the first number, of 0.x the second', () => {
    const steps = ['1.9.9 2.0.0', '0.1.0 0.2.0', '0.9.0 1.0.0', '1.0.0 1.1.0', '0.1.0 0.1.1', '2.0.0 1.9.0'].map(step => step.split(' '))
    assert.deepEqual(
      steps.map(([before, after]) => isMajorStep(before!, after!)),
      [true, true, true, false, false, false],
    )
  })
})

test('[STORE3] what an install shows: each part that came, went or has another value, in printable text', () => {
  const next = manifest({ actions: ['COMPENSATE', 'STORE_INFO'], version: '1.3.0', limits: { memoryMb: 300 } })
  assert.deepEqual(
    changesOf(manifest(), next).map(({ field, sign, what }) => `${sign} ${field} ${what}`),
    ['- actions REFUND', '+ actions STORE_INFO', '~ limits memoryMb 256 → 300'],
  )
  assert.deepEqual(changesOf(manifest(), manifest()), [])
  const loud = manifest(settings({ words: { type: 'strings', about: '\u001b[2J\u202eevil\n\nInstall it? y', default: [] } }))
  for (const { what } of changesOf(undefined, loud)) assert.doesNotMatch(what, /[\p{Cc}\p{Cf}]/u)
})

test('[SDK6] the check holds a plugin against the last version that lies packed beside it, or against a named one', async () => {
  const scratch = temporaryFolder()
  try {
    makeKeyPair(join(scratch.path, 'key'))
    const folder = join(scratch.path, 'crab')
    const write = (version: string, more = ''): void => {
      const files = pythonPlugin('crab', 'class Plugin:\n    def process(self, text):\n        return None\n', more)
      writeFolder(folder, { ...files, 'plugin.yaml': files['plugin.yaml']!.replace('version: 1.0.0', `version: ${version}`) })
    }
    const sure = 'settings: { sure: { type: number, about: Sure., default: 1 } }'
    const of = (version: string, changed: object = {}) =>
      checkApi(folder, Manifest.parse({ ...BASE, actions: ['COMPENSATE'], settings: {}, version, ...changed }), {})
    write('1.0.0')
    assert.equal(of('1.0.0').verdict, 'skipped')
    await packPlugin(folder, join(scratch.path, 'key'), folder)
    write('1.1.0', sure)
    const { file } = await packPlugin(folder, join(scratch.path, 'key'), folder)
    const lost = of('1.2.0')
    assert.deepEqual(
      [lost.verdict, lost.figure, lost.advice],
      ['error', 'against 1.1.0: 1 break', 'the setting sure is gone: call it 2.0.0, or keep them'],
    )
    assert.equal(of('2.0.0').verdict, 'ok')
    assert.equal(checkApi(folder, manifest({ id: 'other' }), { against: file }).verdict, 'error')
  } finally {
    scratch.remove()
  }
})
