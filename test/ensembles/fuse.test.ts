import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'
import type { Past } from '@parley/core/ports/ensemble.ts'
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

const full = parseEnsemble(
  `name: full
version: 1
voters:
  keyword: { weight: { zh: 0.5, en: 0.7 }, actions: { A: 1.5, C: 0 }, rest: { OUT_OF_SCOPE: 0.8 } }
  intent: { weight: { zh: 1.1, en: 1 }, temperature: { zh: 1.5, en: 0.8 }, rest: { A: 0.1, B: 0.2, OUT_OF_SCOPE: 0.7 } }
  plugin:*: { weight: { zh: 0.6, en: 0.6 }, mistakes: { A: { B: 0.4, OUT_OF_SCOPE: 0.3 }, C: { A: 0.9 } }, calibration: { zh: [[0.1, 0.02], [0.4, 0.3], [0.9, 0.95]], en: [[0.5, 0.6]] } }
prior: { B: 0.3 }
priorOfTraffic: { A: 0.5, D: 0.01 }
signals: { always: { OUT_OF_SCOPE: 0.3 }, mood: { C: -0.7, A: 0.2 }, turns: { D: 0.5 }, repeats: { D: 1 }, misses: { C: 0.1 }, fall: { C: 2 } }
`,
  'full.yaml',
).file

test('[ENS1] [ENS6] so it does with calibrations, what errors leave, factors, signals and a prior of live traffic; and the shares sum exactly', () => {
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = createRandom(seed)
    const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)] as T // from is never empty
    const ballots = ['keyword', 'intent', 'plugin:x', 'unheard'].map(voter => {
      let left = 1
      const votes = Array.from({ length: Math.floor(random() * 4) }, () => {
        const confidence = random() < 0.1 ? left : random() * left
        left -= confidence
        return { action: pick([...domain, 'FOREIGN']), confidence }
      })
      const signals = random() < 0.5 ? { signals: { mood: 2 * random() - 1, urgency: random() } } : {}
      return ballot(voter, votes, { ...signals, ...(random() < 0.2 && { abstained: true }) })
    })
    const language = pick(['zh', 'en'] as const)
    const mine = random() < 0.5 ? domain : domain.slice(0, 2 + Math.floor(random() * 3))
    const past = {
      turns: Math.floor(random() * 20),
      repeats: Math.floor(random() * 5),
      misses: 1,
      ...(random() < 0.7 && { mood: random() }),
    }
    const fusion = fuse(full, ballots, language, mine, past)
    for (const { action, score } of fusion.ranking) {
      const slow = scoreSlowly(full, ballots, language, mine, action, past)
      assert.ok(Math.abs(score - slow) < 1e-9, `seed ${seed}, ${action}: ${score} against ${slow}`)
      const sum = fusion.breakdown.filter(share => share.action === action).reduce((total, { share }) => total + share, 0)
      assert.ok(Object.is(sum, score), `seed ${seed}, ${action}`)
    }
  }
})

test('[ENS10] signals of the turn and of its conversation add shares of their own, named by the signal; what is not told adds none', () => {
  const angry = [ballot('intent', [{ action: 'A', confidence: 0.6 }], { signals: { mood: -0.8 } })]
  const shares = (past?: Past) => {
    const { breakdown } = fuse(full, angry, 'zh', domain, past)
    return Object.fromEntries(
      breakdown.filter(({ voter, action }) => voter.startsWith('signal:') && action === 'C').map(s => [s.voter, s.share]),
    )
  }
  assert.deepEqual(shares(), { 'signal:always': 0, 'signal:mood': 0.5599999999999999 })
  assert.deepEqual(shares({ turns: 0, repeats: 0, misses: 3, mood: 0.2 }), {
    'signal:always': 0,
    'signal:mood': 0.5599999999999999,
    'signal:misses': 0.1,
    'signal:fall': 1,
  })
})

test('[ENS11] a prior of live traffic takes the place of the prior, and of nothing else', () => {
  const votes = [ballot('intent', [{ action: 'A', confidence: 0.6 }])]
  const [there, here] = [full, { ...full, priorOfTraffic: {} }].map(each => fuse(each, votes, 'en', domain))
  const odds = (of: typeof there, a: string, b: string): number => of!.probabilities[a]! / of!.probabilities[b]!
  // A: from 0.175 to 0.5; B: from 0.3 to 0.49 / 3.
  assert.ok(Math.abs(odds(there, 'A', 'B') / odds(here, 'A', 'B') - 0.5 / 0.175 / (0.49 / 3 / 0.3)) < 1e-9)
})

test('[ENS12] a file of before there were calibrations and signals gives the very same scores, to the bit', () => {
  const hash = createHash('sha256')
  for (let seed = 1; seed <= 300; seed++) {
    const random = createRandom(seed)
    const ballots = ['keyword', 'intent', 'plugin:x', 'remote:own'].map(voter =>
      ballot(voter, [
        { action: domain[Math.floor(random() * 5)]!, confidence: random() / 2 },
        { action: domain[Math.floor(random() * 5)]!, confidence: random() / 2 },
      ]),
    )
    const evenly = { ...file, voters: { ...file.voters, intent: { ...file.voters.intent!, temperature: { zh: 1, en: 1 } } } }
    for (const { action, score } of fuse(evenly, ballots, seed % 2 ? 'zh' : 'en', domain).ranking) hash.update(`${action} ${score}\n`)
  }
  assert.equal(hash.digest('hex').slice(0, 16), 'bc811081e59cc436')
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
