// Tuning on turns made by chance, of which it is known what there is to be learned.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Situation } from '@parley/core/ports/ensemble.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { type EnsembleFile, parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { CANDIDATES } from '@parley/ensembles/tune/fit-candidates.ts'
import { countPrior, estimatePrior } from '@parley/ensembles/tune/learn-prior.ts'
import { tune } from '@parley/ensembles/tune/tune.ts'
import { foldsOf, type TurnToFit } from '@parley/ensembles/tune/turn-to-fit.ts'
import { createRandom } from '../random.ts'

const domain = ['A', 'B', 'C', 'OUT_OF_SCOPE']
const situation: Situation = { domain, alwaysPerson: [], costs: { wrongAnswer: 10, clarify: 3, handoff: 7, severity: {} } }
const { file: inForce } = parseEnsemble(
  `name: t
version: 3
voters:
  knows: { weight: { zh: 0.2, en: 0.2 } }
  guesses: { weight: { zh: 1, en: 1 } }
  absent: { weight: { zh: 0.7, en: 0.7 } }
`,
  't.yaml',
)

interface Made {
  readonly count: number
  readonly seed: number
  /** Of `knows`, which is right at four of five: whether it never says that nothing is asked. It claims 0.9 each time. */
  readonly isBlind?: boolean
  readonly shares?: readonly number[]
}

/** Two turns a conversation, both about the same; one in two is in Chinese. */
function turnsMade({ count, seed, isBlind = true, shares = [0.25, 0.25, 0.25, 0.25] }: Made): readonly TurnToFit[] {
  const random = createRandom(seed)
  const pick = (from: readonly string[]): string => from[Math.floor(random() * from.length)]! // from is never empty
  const drawn = (): string => {
    const at = random()
    return domain.find((_, i) => at < shares.slice(0, i + 1).reduce((sum, share) => sum + share, 0)) ?? 'OUT_OF_SCOPE'
  }
  let right = drawn()
  return Array.from({ length: count }, (_, i) => {
    if (i % 2 === 0) right = drawn()
    const cast = (voter: string, action: string, confidence: number): Ballot => ({
      voter,
      version: '1',
      abstained: false,
      votes: [{ action, confidence }],
      ms: 0,
      ...(voter === 'guesses' && { signals: { mood: right === 'C' && random() < 0.7 ? -0.9 : 0.1 } }),
    })
    const named = random() < 0.8 && !(isBlind && right === 'OUT_OF_SCOPE') ? right : pick(isBlind ? ['A', 'B', 'C'] : domain)
    return {
      conversation: Math.floor(i / 2),
      language: i % 4 < 2 ? ('zh' as const) : ('en' as const),
      right,
      ballots: [cast('knows', named, 0.9), cast('guesses', pick(domain), 0.95)],
    }
  })
}
const seeded = (parts: { readonly turns: readonly TurnToFit[]; readonly inForce?: EnsembleFile; readonly languages?: 'together' }) =>
  tune({ inForce, ...parts, situation, random: createRandom(1), folds: 3 })

test('[TUNE1] turns of a conversation are never on both sides', () => {
  const turns = turnsMade({ count: 200, seed: 3 })
  const folds = foldsOf(turns, 5, createRandom(1))
  for (const [i, { conversation }] of turns.entries()) assert.equal(folds[i], folds[2 * Number(conversation)])
  assert.deepEqual([...new Set(folds)].sort(), [0, 1, 2, 3, 4])
})

const tuned = seeded({ turns: turnsMade({ count: 1_200, seed: 1 }) })

test('[TUNE2] who knows gets weight, who guesses is taken to know nothing, and what none of them says is learned: the prior, what errors leave, the signals', () => {
  assert.equal(tuned.chosen, 'by action')
  const { knows, guesses, absent } = tuned.file.voters
  for (const language of ['zh', 'en'] as const) {
    assert.ok(knows!.weight[language] > 0.7, JSON.stringify(knows))
    assert.ok(Math.abs(guesses!.calibration[language][0]![1] - 0.25) < 0.06, `what it says is worth nothing: ${JSON.stringify(guesses)}`)
  }
  assert.deepEqual(absent, inForce.voters.absent, 'nobody heard it')
  assert.ok(knows!.rest.OUT_OF_SCOPE! > 0.5, 'where it errs, mostly nothing was asked')
  assert.ok(tuned.file.signals.mood!.C! < -0.5, 'a bad mood goes with C')
  assert.ok(Math.abs(tuned.file.prior.A! - 0.25) < 0.05)
  assert.equal(tuned.file.version, 4)
  for (const name of CANDIDATES)
    for (const { weight, actions } of Object.values(tuned.files[name].voters))
      assert.ok([...Object.values(weight), ...Object.values(actions)].every(each => each >= 0))
})

test('[TUNE3] it is as sure as it is right, and beats what is in force and the best voter on turns that it was not fitted on', () => {
  const { figures, againstInForce, againstBestAlone } = tuned.candidates[tuned.chosen]
  assert.ok(tuned.inForce.calibrationError.value! > 0.3)
  assert.ok(figures.calibrationError.value! < 0.05, JSON.stringify(figures.calibrationError))
  assert.equal(tuned.bestAlone.voter, 'knows')
  assert.ok(againstInForce.logLoss.isShown && againstInForce.logLoss.value! < 0)
  assert.ok(againstInForce.costPer1000.isShown && againstInForce.costPer1000.value! < 0)
  assert.ok(againstBestAlone.logLoss.value! < 0)
  assert.deepEqual(tuned.verdict, { isBetter: true, because: [], reasons: [], turnsNeeded: null })
})

test('[TUNE4] the same turns give the same ensemble; together, both languages have the same weights', () => {
  const turns = turnsMade({ count: 240, seed: 5 })
  const once = seeded({ turns, languages: 'together' })
  assert.deepEqual(seeded({ turns, languages: 'together' }), once)
  for (const { weight } of Object.values(once.file.voters)) assert.equal(weight.zh, weight.en)
})

test('[TUNE5] on too little data it does not win, and says how much is missing', () => {
  const little = seeded({ turns: turnsMade({ count: 60, seed: 2 }) })
  assert.equal(little.verdict.isBetter, false)
  assert.match(little.verdict.reasons.join('\n'), /^there are 30 conversations; it takes 100$/m)
  assert.ok(little.verdict.turnsNeeded! >= 200)
  const lopsided = seeded({ turns: turnsMade({ count: 240, seed: 2, shares: [1, 0, 0, 0] }) })
  assert.match(
    lopsided.verdict.reasons.join('\n'),
    /^1 of 4 actions have 5 turns or more, and it takes half of them: 5 turns more, of 1 other actions$/m,
  )
})

test('[TUNE6] what is as good as the one in force does not win', () => {
  const again = seeded({ turns: turnsMade({ count: 600, seed: 9 }), inForce: tuned.file })
  assert.equal(again.verdict.isBetter, false)
  assert.match(again.verdict.reasons.join('\n'), /no difference shown|worse/)
})

test('[TUNE7] the prior of live traffic is found from its votes alone', () => {
  const made = (count: number, seed: number, shares?: readonly number[]) =>
    turnsMade({ count, seed, isBlind: false, ...(shares && { shares }) })
  const { files } = seeded({ turns: made(600, 1) })
  for (const shares of [
    [0.7, 0.1, 0.1, 0.1],
    [0.25, 0.25, 0.25, 0.25],
  ]) {
    const found = estimatePrior(files.stacked, made(3_000, 11, shares), domain)
    for (const [i, action] of domain.entries()) assert.ok(Math.abs(found[action]! - shares[i]!) < 0.08, JSON.stringify(found))
    assert.ok(Object.values(found).reduce((sum, p) => sum + p, 0) < 1)
  }
  assert.deepEqual(countPrior(made(996, 1, [1, 0, 0, 0]), domain), { A: 0.997 })
})

test('[TUNE10] where many voters say the same and one says it better, that one gets the say: few turns do not pull it towards a half each', () => {
  const random = createRandom(4)
  const pick = (): string => domain[Math.floor(random() * domain.length)]! // there are four
  const turns = Array.from({ length: 120 }, (_, i): TurnToFit => {
    const right = pick()
    const cast = (voter: string, action: string): Ballot => ({
      voter,
      version: '1',
      abstained: false,
      votes: [{ action, confidence: 0.9 }],
      ms: 0,
    })
    const guess = random() < 0.55 ? right : pick()
    return {
      conversation: i,
      language: 'en',
      right,
      ballots: [cast('knows', random() < 0.9 ? right : pick()), ...['a', 'b', 'c', 'd', 'e', 'f'].map(voter => cast(voter, guess))],
    }
  })
  const { voters } = seeded({ turns }).files.stacked
  const others = Object.entries(voters).filter(([name]) => name.length === 1)
  const sum = others.reduce((sum, [, { weight }]) => sum + weight.en, 0)
  assert.ok(voters.knows!.weight.en > 0.8 && sum < 1, JSON.stringify(voters))
})
