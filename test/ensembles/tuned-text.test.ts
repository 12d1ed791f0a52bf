import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { tunedText } from '@parley/ensembles/tune/tuned-text.ts'

const FROM = `# tuned: on other data
# Ours since spring.

name: ours
version: 4
description: what we began with
voters:
  # Asks the warehouse.
  keyword:
    weight: { zh: 1, en: 1 } # by hand
    temperature: { zh: 2, en: 2 }
  plugin:*: { weight: { zh: 0.5, en: 0.5 } }
prior: { A: 0.2 }
signals: { mood: { A: 1 } }
`

test('[TUNE8] the text of what was tuned says what was learned, on what, and keeps the comments of the team', () => {
  const { file } = parseEnsemble(FROM, 'from')
  const keyword = file.voters.keyword!
  const tuned = {
    ...file,
    version: 5,
    prior: { A: 0.3, B: 0.1 },
    signals: { fall: { COMPLAINT: 0.5 } },
    voters: {
      ...file.voters,
      keyword: {
        ...keyword,
        weight: { zh: 0.7, en: 0 },
        temperature: { zh: 1, en: 1 },
        rest: { B: 0.4 },
        mistakes: { A: { B: 0.9 } },
        actions: { A: 1.5 },
      },
      'plugin:own': { ...keyword, calibration: { zh: [[0.2, 0.1] as [number, number], [0.9, 0.8] as [number, number]], en: [] } },
    },
  }
  const text = tunedText(FROM, tuned, ['on turns.jsonl'])
  assert.deepEqual(parseEnsemble(text, 'text').file, tuned)
  assert.match(text, /^# Ours since spring\.\n# tuned: on turns\.jsonl\n\nname: ours\nversion: 5\n/)
  assert.match(text, / {2}# Asks the warehouse\.\n {2}keyword:\n {4}weight: \{ zh: 0\.7, en: 0 \}/)
  assert.doesNotMatch(text, /mood|other data|temperature: \{ zh: 2, en: 2 \}\n {4}rest/)
  // And so on from version to version.
  assert.equal(parseEnsemble(tunedText(text, { ...tuned, version: 6, signals: {} }, ['again']), 'text').file.version, 6)
})
