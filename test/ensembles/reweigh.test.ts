// An ensemble with other weights is the same as a value and as a file of its own.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { reweighed, reweighedText } from '@parley/ensembles/reweigh.ts'

const SHIPPED = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')
const TUNED = `# Ours.
name: mine
version: 2
voters:
  intent:
    weight: { zh: 1.1, en: 0.9 }
    temperature: { zh: 1.2, en: 1 }
    mistakes: { PRODUCT_DEFECT: { MISSING_ITEM: 0.6 } }
  # Every plugin alike.
  plugin:*:
    weight: { zh: 0.5, en: 0.5 }
    actions: { COMPLAINT: 0.5 }
prior: { TRACK_ORDER: 0.2 }
`
const NOBODY = 'name: deaf\nversion: 1\nvoters: {}\n'

test('[STUD7] what is kept of a trial says what was tried, and its comments stay', () => {
  const weights = { intent: { zh: 0, en: 2.25 }, 'plugin:tastings': { zh: 0.1, en: 0 }, 'remote:llm': { zh: 1, en: 1 } }
  for (const text of [SHIPPED, TUNED, NOBODY])
    for (const given of [{}, weights]) {
      const before = parseEnsemble(text, 'before.yaml').file
      const kept = reweighedText(text, given, 'tried', 7)
      assert.deepEqual(parseEnsemble(kept, 'tried.yaml').file, { ...reweighed(before, given), name: 'tried', version: 7 })
    }
  const kept = reweighedText(TUNED, weights, 'tried', 1)
  assert.match(kept, /^# Ours\.$/m)
  assert.match(kept, /# Every plugin alike\.$/m)
  const { voters } = parseEnsemble(kept, 'tried.yaml').file
  assert.deepEqual(voters['plugin:tastings']?.actions, { COMPLAINT: 0.5 }, 'it has what its kind has')
  assert.deepEqual(voters['plugin:*']?.weight, { zh: 0.5, en: 0.5 }, 'which stays')
})
