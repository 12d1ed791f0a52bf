import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { type DataRules, parseData, readDataFile } from '@parley/models/train/data-file.ts'

const parse = (lines: readonly (string | Uint8Array)[], rules: Partial<DataRules> = {}) =>
  parseData(Buffer.concat(lines.map(line => Buffer.concat([Buffer.from(line), Buffer.from('\n')]))), 'data.jsonl', {
    kind: 'intent',
    hint: 'zh',
    ...rules,
  })
const row = (text: string, label: string, more: object = {}): string => JSON.stringify({ text, label, ...more })

test('[TRAIN1] every line that cannot be learned from is named with what is wrong, and the others are read', () => {
  const { rows, problems } = parse([
    row('螃蟹死了', 'COMPENSATE', { id: 7 }),
    'not json',
    '[1]',
    JSON.stringify({ label: 'THANKS' }),
    JSON.stringify({ text: 'hello' }),
    JSON.stringify({ text: 3, label: 'THANKS' }),
    row('  \u200b ', 'THANKS'),
    row('bonjour', 'GREETING', { lang: 'fr' }),
    row('hi', 'GREETING', { weight: 0 }),
    row('hi', 'GREETING', { weight: '2' }),
    row('x'.repeat(4_001), 'GREETING'),
    row('thanks', 'thanks'),
    Buffer.from([0x7b, 0xff, 0x7d]),
    '',
    row('Where is my order', 'TRACK_ORDER', { lang: 'en', weight: 2.5 }),
  ])
  assert.deepEqual(
    rows.map(({ text, label, language, weight, at }) => [text, label, language, weight, at]),
    [
      ['螃蟹死了', 'COMPENSATE', 'zh', 1, 'data.jsonl:1'],
      ['where is my order', 'TRACK_ORDER', 'en', 2.5, 'data.jsonl:15'],
    ],
  )
  const wrong: readonly (readonly [number, RegExp])[] = [
    [2, /not JSON/],
    [3, /no object/],
    [4, /"text" is missing/],
    [5, /"label" is missing/],
    [6, /"text" must be text, not 3/],
    [7, /"text" is empty/],
    [8, /"lang" is zh or en, not "fr"/],
    [9, /"weight" must be a number above 0, not 0/],
    [10, /"weight" must be a number above 0, not "2"/],
    [11, /4001 characters/],
    [12, /an action's name.*"thanks"/],
    [13, /not UTF-8/],
  ]
  assert.deepEqual(
    problems.map(({ line, severity }) => [line, severity]),
    wrong.map(([line]) => [line, 'error']),
  )
  for (const [i, [, pattern]] of wrong.entries()) assert.match(problems[i]!.reason, pattern)
})

test('[TRAIN1] one text with two labels is nobody’s: both lines are named and neither is learned from; a repeat is taken once', () => {
  const { rows, problems } = parse([
    row('cheers', 'THANKS'),
    row('好的', 'AFFIRM'),
    row('Cheers', 'GOODBYE'),
    row('cheers', 'THANKS'),
    row('好的', 'AFFIRM'),
  ])
  assert.deepEqual(
    rows.map(({ text }) => text),
    ['好的'],
  )
  assert.deepEqual(
    problems.map(({ line, severity }) => [line, severity]),
    [
      [1, 'error'],
      [3, 'error'],
      [4, 'warning'],
      [5, 'warning'],
    ],
  )
  assert.match(problems[0]!.reason, /another label than THANKS/)
  assert.match(problems[1]!.reason, /line 1 as THANKS, and here as GOODBYE/)
})

test('[TRAIN1] a label that the catalogue has not is told once and learned; a mood is one of four', () => {
  const { rows, problems } = parse([row('vip?', 'VIP_CLUB'), row('vip card', 'VIP_CLUB'), row('thanks', 'THANKS')], {
    actions: new Set(['THANKS']),
  })
  assert.equal(rows.length, 3)
  assert.deepEqual(
    problems.map(({ line, severity }) => [line, severity]),
    [[1, 'warning']],
  )
  const moods = parse([row('grr', 'furious'), row('hm', 'sad')], { kind: 'sentiment' })
  assert.equal(moods.rows.length, 1)
  assert.match(moods.problems[0]!.reason, /furious, unhappy, neutral, pleased, delighted, not "sad"/)
})

test('[TRAIN1] a file that cannot be read is a fault that names it', () => {
  assert.throws(
    () => readDataFile('/nowhere/data.jsonl', { kind: 'intent', hint: 'zh' }),
    error => isFault(error, 'TRAINING_DATA_INVALID') && error.details.file === '/nowhere/data.jsonl',
  )
})
