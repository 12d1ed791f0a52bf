import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { fitWeights, type LabelledBallots } from '@parley/ensembles/fit.ts'
import { createRandom } from '../random.ts'

test('a voter that knows gets more weight than one that guesses, and the same rows give the same weights', () => {
  const { file } = parseEnsemble(
    'name: f\nversion: 1\nvoters: { knows: { weight: { zh: 1, en: 1 } }, guesses: { weight: { zh: 1, en: 1 } } }',
    'f.yaml',
  )
  const domain = ['A', 'B', 'C']
  const random = createRandom(7)
  const pick = (): string => domain[Math.floor(random() * 3)] as string // 0, 1 or 2
  const ballot = (voter: string, action: string): Ballot => ({
    voter,
    version: '1',
    abstained: false,
    votes: [{ action, confidence: 0.8 }],
    ms: 1,
  })
  const rows: LabelledBallots[] = Array.from({ length: 600 }, () => {
    const action = pick()
    return { language: 'zh', action, ballots: [ballot('knows', random() < 0.9 ? action : pick()), ballot('guesses', pick())] }
  })
  const weights = fitWeights(file, rows, domain)
  assert.ok(weights.knows!.zh > 0.8, JSON.stringify(weights))
  assert.ok(weights.guesses!.zh < weights.knows!.zh / 5, JSON.stringify(weights))
  assert.equal(weights.knows!.en, 0.5, 'no rows: as it was')
  assert.deepEqual(fitWeights(file, rows, domain), weights)
})
