// What changes from one ensemble to another, against what comes out by hand.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createComparing, type TurnToCompare } from '@parley/ensembles/comparison/compare.ts'
import { type Group, groupOf, isWorse, type Side } from '@parley/ensembles/comparison/group.ts'
import { signTest } from '@parley/ensembles/comparison/sign-test.ts'
import { createRandom } from '../random.ts'

const answered = (said: string | null): Side => ({ said, confidence: 0.9, done: 'answered', rules: [], options: [] })
const asked = (...options: string[]): Side => ({ said: options[0]!, confidence: 0.5, done: 'asked back', rules: [], options })
const handed = (said: string): Side => ({ said, confidence: 0.4, done: 'handed over', rules: [], options: [] })
const ruled = (said: string, kind: 'action' | 'risk' = 'action'): Side => ({
  ...answered(said),
  done: 'by rule',
  rules: [{ kind, rule: kind === 'risk' ? 'lawyer' : said }],
})

test('[COMP1] each change is in one group, by what a customer gets', () => {
  const cases: readonly (readonly [a: Side, b: Side, right: string | null, group: Group | null])[] = [
    [answered('A'), answered('A'), 'A', null],
    [{ ...answered('A'), confidence: 0.5 }, answered('A'), 'B', null], // as sure or not: the customer gets the same
    [answered('A'), answered('B'), 'A', 'broken'],
    [answered('B'), answered('A'), 'A', 'fixed'],
    [answered('B'), answered('C'), 'A', 'both-wrong'],
    [answered(null), answered('A'), 'A', 'fixed'],
    [answered('A'), ruled('F'), 'F', 'fixed'],
    [ruled('F'), answered('A'), 'F', 'broken'],
    [ruled('F', 'risk'), ruled('A', 'risk'), 'F', null], // a risk is answered by its own words
    [answered('A'), asked('A', 'B'), 'A', 'to-abstention'],
    [answered('A'), handed('A'), null, 'to-abstention'],
    [handed('A'), answered('B'), 'A', 'to-answer'],
    [asked('A', 'B'), answered('B'), null, 'to-answer'],
    [asked('A', 'B'), asked('A', 'C'), 'A', 'otherwise'],
    [asked('A', 'B'), handed('A'), null, 'otherwise'],
    [handed('A'), handed('B'), 'A', null],
    [answered('A'), answered('B'), null, 'unknown'],
  ]
  for (const [a, b, right, group] of cases) assert.equal(groupOf(a, b, right), group, JSON.stringify([a, b, right]))
})

test('[COMP3] what must never break is worse off with anything but a right answer, and with a wrong one where it was asked back', () => {
  const [right, none, wrong] = [answered('A'), asked('A', 'B'), answered('B')]
  const worse = [
    [right, none],
    [right, wrong],
    [none, wrong],
  ] as const
  for (const [a, b] of worse) {
    assert.ok(isWorse(a, b, 'A'))
    assert.ok(!isWorse(b, a, 'A'))
    assert.ok(!isWorse(b, b, 'A'))
  }
})

test('[COMP2] the sign test is that of fair coins', () => {
  assert.equal(signTest(0, 0), 1)
  assert.equal(signTest(3, 3), 1)
  const near = (actual: number, expected: number): void => assert.ok(Math.abs(actual - expected) < 1e-9, `${actual}, not ${expected}`)
  near(signTest(5, 0), 2 / 32)
  near(signTest(1, 9), (2 * (1 + 10)) / 1024)
  near(signTest(8, 2), (2 * (1 + 10 + 45)) / 1024)
  // Of as many as doubles hold the coins of: 2,000 against 2,200 is what the normal curve says to three places.
  assert.ok(Math.abs(signTest(2_000, 2_200) - 0.00213) < 2e-4, String(signTest(2_000, 2_200)))
})

const turn = (conversation: string, right: string | null, a: Side, b: Side, isPinned = false): TurnToCompare => ({
  conversation,
  place: conversation,
  text: conversation,
  right,
  isPinned,
  a,
  b,
})

test('[COMP1] [COMP2] groups with their shares, and conversations that are better or worse', () => {
  const comparing = createComparing()
  comparing.note(turn('c1', 'A', answered('B'), answered('A')))
  comparing.note(turn('c1', 'A', answered('B'), answered('A')))
  comparing.note(turn('c1', 'A', answered('A'), answered('B'))) // two fixed, one broken: better
  comparing.note(turn('c2', 'A', answered('A'), answered('B')))
  comparing.note(turn('c3', 'A', answered('A'), asked('A', 'B')))
  comparing.note(turn('c3', 'B', answered('A'), asked('A', 'B')))
  comparing.note(turn('c4', null, asked('A', 'B'), answered('A')))
  for (let i = 0; i < 13; i++) comparing.note(turn(`same ${i}`, 'A', answered('A'), answered('A')))
  const { turns, conversations, known, groups, sign, changed, pinned } = comparing.result(createRandom(1))
  assert.deepEqual([turns, conversations, known, changed.length], [20, 17, 19, 7])
  assert.deepEqual(
    groups.map(({ group, turns: count, share, answers }) => [group, count, share.value, answers.right, answers.wrong]),
    [
      ['broken', 2, 0.1, 0, 0],
      ['fixed', 2, 0.1, 0, 0],
      ['to-abstention', 2, 0.1, 1, 1],
      ['to-answer', 1, 0.05, 0, 0],
    ],
  )
  for (const { share } of groups) assert.ok(share.low! <= share.value! && share.value! <= share.high!)
  // Both of the fixed are of one conversation, which half of the draws or so lack; the broken are of two.
  assert.equal(groups[1]!.share.low, 0)
  assert.deepEqual(sign, { better: 1, worse: 1, p: 1 })
  assert.equal(pinned.turns, 0)
})

test('[COMP3] pinned turns of a file of their own are looked at, and in no figure', () => {
  const comparing = createComparing()
  comparing.note(turn('c1', 'A', answered('A'), answered('A'), true))
  comparing.note(turn('p1', 'A', answered('A'), answered('B'), true), true)
  comparing.note(turn('p2', 'A', answered('B'), answered('C'), true), true)
  const { turns, groups, pinned } = comparing.result(createRandom(1))
  assert.deepEqual([turns, groups, pinned.turns, pinned.broken.map(({ place }) => place), pinned.wrong], [1, [], 3, ['p1'], 1])
})
