import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { fuse } from '@parley/ensembles/fuse.ts'
import { scoreSlowly } from '@parley/ensembles/fuse-slowly.ts'
import { createRandom } from '../random.ts'

const { file } = parseEnsemble(
  `name: t
version: 1
voters:
  keyword: { weight: { zh: 0.5, en: 0.7 } }
  intent: { weight: { zh: 1.1, en: 1 }, temperature: { zh: 1.5, en: 0.8 } }
  plugin:*: { weight: { zh: 0.6, en: 0.6 } }
  remote:*: { weight: { zh: 0.3, en: 0.4 } }
  remote:own: { weight: { zh: 0, en: 0.9 } }
prior: { B: 0.3 }
`,
  't.yaml',
)
const domain = ['A', 'B', 'C', 'D', 'OUT_OF_SCOPE']
const ballot = (voter: string, votes: Ballot['votes'], rest: Partial<Ballot> = {}): Ballot => ({
  voter,
  version: '1',
  abstained: false,
  votes,
  ms: 1,
  ...rest,
})

test('[ENS1] the shares of an action sum exactly to its score', () => {
  const fusion = fuse(
    file,
    [ballot('keyword', [{ action: 'A', confidence: 0.7 }]), ballot('intent', [{ action: 'B', confidence: 0.9 }])],
    'zh',
    domain,
  )
  for (const { action, score } of fusion.ranking) {
    const sum = fusion.breakdown.filter(s => s.action === action).reduce((total, s) => total + s.share, 0)
    assert.equal(sum, score)
  }
})

test('[ENS2] the probabilities sum to 1 and rank as the scores do', () => {
  const fusion = fuse(file, [ballot('intent', [{ action: 'C', confidence: 0.6 }])], 'en', domain)
  assert.ok(Math.abs(Object.values(fusion.probabilities).reduce((a, b) => a + b, 0) - 1) < 1e-12)
  assert.equal(fusion.ranking[0]?.action, 'C')
})

test('[ENS3] a voter that abstains changes nothing', () => {
  const votes = [ballot('keyword', [{ action: 'A', confidence: 0.7 }])]
  const without = fuse(file, votes, 'zh', domain)
  assert.deepEqual(fuse(file, [...votes, ballot('intent', [], { abstained: true, reason: 'late' })], 'zh', domain), without)
})

test('[ENS4] a class that the shop lacks is masked and the rest renormalised', () => {
  const masked = fuse(
    file,
    [
      ballot('intent', [
        { action: 'GONE', confidence: 0.5 },
        { action: 'A', confidence: 0.4 },
        { action: 'C', confidence: 0.1 },
      ]),
    ],
    'zh',
    domain,
  )
  const direct = fuse(
    file,
    [
      ballot('intent', [
        { action: 'A', confidence: 0.8 },
        { action: 'C', confidence: 0.2 },
      ]),
    ],
    'zh',
    domain,
  )
  for (const action of domain) assert.ok(Math.abs((masked.probabilities[action] ?? 0) - (direct.probabilities[action] ?? 0)) < 1e-12)
})

test('[ENS5] one voter cannot veto: the floor keeps every score finite', () => {
  const fusion = fuse(file, [ballot('intent', [{ action: 'A', confidence: 1 }])], 'zh', domain)
  for (const { score } of fusion.ranking) assert.ok(Number.isFinite(score))
})

test('[ENS6] the fast fusion agrees with the slow twin on 2,000 random ballots', () => {
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = createRandom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T // from is never empty
    const ballots = ['keyword', 'intent', 'plugin:x', 'unheard'].map(voter => {
      let left = 1
      const votes = Array.from({ length: Math.floor(random() * 4) }, () => {
        const confidence = random() * left
        left -= confidence
        return { action: pick([...domain, 'FOREIGN']), confidence }
      })
      return ballot(voter, votes, random() < 0.2 ? { abstained: true } : {})
    })
    const language = pick(['zh', 'en'] as const)
    const mine = random() < 0.5 ? domain : domain.slice(0, 2 + Math.floor(random() * 3))
    const fusion = fuse(file, ballots, language, mine)
    for (const { action, score } of fusion.ranking) {
      const slow = scoreSlowly(file, ballots, language, mine, action)
      assert.ok(Math.abs(score - slow) < 1e-9, `seed ${seed}, ${action}: ${score} against ${slow}`)
    }
  }
})

test('[ENS7] signals are joined: mean mood, greatest urgency and handoff', () => {
  const fusion = fuse(
    file,
    [
      ballot('intent', [], { signals: { mood: -1, urgency: 0.2 } }),
      ballot('keyword', [], { signals: { mood: 0, handoff: 0.4, urgency: 0.9 } }),
    ],
    'zh',
    domain,
  )
  assert.deepEqual(fusion.signals, { mood: -0.5, urgency: 0.9, handoff: 0.4 })
})
