import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { readClauseWeights } from '@parley/models/clause-weights.ts'
import { dataOfLearned } from '@parley/models/keyword/learned-phrases.ts'
import { readModelFile } from '@parley/models/model-file.ts'
import { readCorpus } from '@parley/models/train/corpus.ts'
import { phraseData } from '@parley/models/train/learn-phrases.ts'
import { dataHash, intentLessons, moodLessons } from '@parley/models/train/lessons.ts'
import { PROJECT } from '@parley/server/project.ts'

test('the shipped models were trained from the pack as it is: after a change to examples, moods, urgency or phrases run npm run train', () => {
  const corpus = readCorpus(join(PROJECT.packs, 'retail'))
  for (const [name, lessonsOf] of [
    ['intent', (seed: number) => intentLessons(corpus.intents, corpus.phrases, seed)],
    ['sentiment', (seed: number) => moodLessons(corpus.moods, seed)],
  ] as const) {
    const { training } = JSON.parse(readFileSync(join(PROJECT.models, `${name}.json`), 'utf8')) as {
      training: { seed: number; data: string }
    } // checked when it is loaded to serve
    assert.equal(training.data, dataHash(lessonsOf(training.seed)), name)
  }
  assert.equal(dataOfLearned(PROJECT.models), phraseData(corpus.intents), 'phrases')
  assert.equal(readClauseWeights(PROJECT.models).data, phraseData(corpus.intents), 'clauses')
  const { metadata } = readModelFile(PROJECT.models, 'sentiment')
  assert.equal(metadata.urgency?.training.data, dataHash(moodLessons(corpus.urgency, metadata.training.seed)), 'urgency')
})
