import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'

const refusal = (text: string): Fault => {
  try {
    parseEnsemble(text, 'mine.yaml')
  } catch (error) {
    if (error instanceof Fault) return error
    throw error
  }
  throw new Error('it was accepted')
}

test('[ENS8] a bad file is refused with the path of the fault', () => {
  for (const [text, path] of [
    ['name: a\nversion: 1\nvoters: { intent: { weight: { zh: 1, en: -2 } } }', 'voters.intent.weight.en'],
    ['name: a\nversion: 0\nvoters: {}', 'version'],
    ['name: a\nversion: 1\nvoters: {}\nextra: 1', ''],
    ['name: a\nversion: 1\nvoters: {}\nprior: { A: 0.6, B: 0.5 }', 'prior'],
    ['name: a\nversion: 1\nvoters: {}\npriorOfTraffic: { A: 0.6, B: 0.5 }', 'priorOfTraffic'],
    ['name: a\nversion: 1\nvoters: {}\nsignals: { weather: { A: 1 } }', 'signals'],
    ['name: a\nversion: 1\nvoters: { x: { weight: { zh: 1, en: 1 }, rest: { A: 0.7, B: 0.7 } } }', 'voters.x.rest'],
    ['name: a\nversion: 1\nvoters: { x: { weight: { zh: 1, en: 1 }, mistakes: { A: { A: 1.5 } } } }', 'voters.x.mistakes.A.A'],
    ['name: a\nversion: 1\nvoters: { x: { weight: { zh: 1, en: 1 }, actions: { A: -1 } } }', 'voters.x.actions.A'],
    [
      'name: a\nversion: 1\nvoters: { x: { weight: { zh: 1, en: 1 }, calibration: { zh: [[0.5, 0.2], [0.4, 0.3]], en: [] } } }',
      'voters.x.calibration.zh',
    ],
    ['name: [', ''],
  ] as const) {
    const fault = refusal(text)
    assert.equal(fault.code, 'ENSEMBLE_INVALID')
    assert.deepEqual((fault.details as { path: string }).path, path, text)
    assert.match(fault.message, /^mine\.yaml: /)
  }
})

test('[ENS9] the version names the content', () => {
  const text = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')
  const { version } = parseEnsemble(text, 'retail.yaml')
  assert.match(version, /^retail@\d+-[0-9a-f]{12}$/)
  assert.notEqual(parseEnsemble(`${text}\n# another\n`, 'retail.yaml').version, version)
})
