// A trial of other weights and costs, against an evaluation of an ensemble that has these weights in a shop that has these costs.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { reweighed, reweighedText } from '@parley/ensembles/reweigh.ts'
import { createEffects } from '@parley/mesh/effects.ts'
import { createMesh } from '@parley/mesh/mesh.ts'
import { compareEnsembles } from '@parley/server/evaluation/compare-ensembles.ts'
import { evaluateEnsemble, nameOfVoters } from '@parley/server/evaluation/evaluate-ensemble.ts'
import { collectVotes } from '@parley/server/evaluation/play-dialogues.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { openVoteCache } from '@parley/server/evaluation/vote-cache.ts'
import { openTrialSet, withCosts } from '@parley/server/studio/trial.ts'
import { createTestClock, createTestShop, literalVoter, poolOf } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)
const TEXT = 'name: test\nversion: 1\nvoters: { literal: { weight: { zh: 1, en: 1 } }, other: { weight: { zh: 1, en: 1 } } }'
const ensemble = parseEnsemble(TEXT, 'test.yaml')
/** Votes for TRACK on whatever has an x, and cannot tell two apart in `both`. */
const other = poolOf('other', ({ text }) =>
  text === 'both'
    ? [
        { action: 'PAY', confidence: 0.5 },
        { action: 'HOURS', confidence: 0.5 },
      ]
    : text.includes('x')
      ? [{ action: 'TRACK', confidence: 0.6 }]
      : [],
)
const ROWS = [
  { text: 'track', action: 'TRACK' },
  { text: 'hello', action: 'PAY' },
  { text: 'nonsense', action: 'OUT_OF_SCOPE' },
  { text: 'food', action: 'FOOD' },
  { text: 'hello lawyer', action: 'HELLO' },
  {
    turns: [
      { text: 'both', action: 'PAY' },
      { text: 'the first one', action: 'HOURS' },
      { text: 'hours x', action: 'HOURS' },
    ],
  },
  { text: 'hours x', action: 'HOURS' },
  { text: 'hours x', action: 'TRACK', lang: 'zh' },
]

test('[STUD7] a trial has the figures of an evaluation and the changes of a comparison, whatever the weights and costs', async () => {
  const shop = createTestShop([literalVoter(), other])
  const stages = {
    mesh: createMesh(new Map()),
    effects: createEffects(new Map()),
    clock: createTestClock(),
    deadlines: { voters: 50, mesh: 800, effect: 1_000, turn: 3_000 },
  }
  const signal = new AbortController().signal
  const { dialogues } = parseTurns(ROWS.map(row => JSON.stringify(row)).join('\n'), new Set(shop.situation.domain))
  const cache = join(temp.path, 'votes')
  const { votes } = await collectVotes(dialogues, shop, stages, openVoteCache(cache, nameOfVoters(shop)), signal, () => {})
  const set = await openTrialSet(dialogues, votes, shop, stages)
  let changes = 0
  for (const weights of [{}, { other: { zh: 0, en: 0 } }, { literal: { zh: 0.2, en: 0.1 }, other: { zh: 2, en: 3 } }])
    for (const costs of [null, { wrongAnswer: 3, clarify: 0.5, handoff: 30 }]) {
      const result = await set.try({ ensemble, weights, costs })
      const priced = costs === null ? shop : withCosts(shop, costs)
      const changed = { file: reweighed(ensemble.file, weights), version: 'changed' }
      const common = { dialogues, stages, cache, seed: 1, signal, onProgress: () => {} }
      const { headlines } = await evaluateEnsemble({ ...common, shop: priced, ensemble: changed, precisions: [] })
      for (const [name, { value }] of Object.entries(headlines)) assert.equal(result.figures[name]?.now, value, name)
      const before = await evaluateEnsemble({ ...common, shop, ensemble, precisions: [] })
      for (const [name, { value }] of Object.entries(before.headlines)) assert.equal(result.figures[name]?.before, value, name)
      if (costs === null) {
        const compared = await compareEnsembles({ ...common, pinned: [], shop, a: ensemble, b: changed })
        assert.deepEqual(
          result.changed.map(({ group, turns }) => [group, turns]),
          compared.groups.map(({ group, turns }) => [group, turns]),
        )
        for (const name of ['accuracy', 'abstention', 'wrongAnswers', 'costPer1000'] as const)
          assert.deepEqual(result.differences[name], compared.figures?.[name].difference, name)
      }
      changes += result.changed.length
      const kept = parseEnsemble(reweighedText(TEXT, weights, 'kept', 1), 'kept.yaml')
      assert.deepEqual((await set.try({ ensemble: kept, weights: {}, costs })).figures.accuracy?.now, result.figures.accuracy?.now)
    }
  assert.ok(changes > 2, 'some weights and costs change something')
})
