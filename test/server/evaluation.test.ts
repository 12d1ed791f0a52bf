// What an evaluation reads, and the votes that it keeps.
import assert from 'node:assert/strict'
import { appendFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import type { RecordedVotes } from '@parley/core/pipeline/replay.ts'
import { parseTurns } from '@parley/server/evaluation/read-turns.ts'
import { openVoteCache } from '@parley/server/evaluation/vote-cache.ts'
import { temporaryFolder } from '../e2e/running-server.ts'

const temp = temporaryFolder()
after(temp.remove)
const actions = new Set(['TRACK_ORDER', 'THANKS'])

test('[EVAL7] turns and dialogues are read, with what else the line says', () => {
  const { dialogues, problems } = parseTurns(
    [
      '{"text": "where is it", "action": "TRACK_ORDER", "id": 7}',
      '',
      '{"turns": [{"text": "在吗"}, {"text": "谢谢", "action": "THANKS", "note": 1}], "lang": "zh", "source": "mail", "conversation": "c1", "hour": 23, "waiting": 4, "pinned": true}',
    ].join('\n'),
    actions,
  )
  assert.deepEqual(problems, [])
  assert.deepEqual(dialogues, [
    {
      line: 1,
      conversation: 'line 1',
      source: '',
      locale: null,
      moment: { hour: null, waiting: 0 },
      isPinned: false,
      turns: [{ text: 'where is it', right: 'TRACK_ORDER' }],
    },
    {
      line: 3,
      conversation: 'c1',
      source: 'mail',
      locale: 'zh-CN',
      moment: { hour: 23, waiting: 4 },
      isPinned: true,
      turns: [
        { text: '在吗', right: undefined },
        { text: '谢谢', right: 'THANKS' },
      ],
    },
  ])
})

test('[EVAL7] whatever is wrong is named with its line, and the other lines are read', () => {
  const lines: readonly (readonly [string, RegExp | undefined])[] = [
    ['{"text": "thanks", "action": "THANKS"}', undefined],
    ['{"text"', /^error: it is not JSON$/],
    ['["thanks"]', /^error: it is no object/],
    ['{"text": "thanks"}', /^error: action: /],
    ['{"text": 7, "action": "THANKS"}', /^error: text: /],
    ['{"text": "thanks", "action": "DANCE"}', /^error: the shop has no action "DANCE"$/],
    ['{"text": "  ", "action": "THANKS"}', /^error: "text" is none that a customer can send/],
    ['{"text": "merci", "action": "THANKS", "lang": "fr"}', /^error: lang: /],
    ['{"text": "hi", "action": "THANKS", "hour": 24}', /^error: hour: /],
    ['{"turns": []}', /^error: turns: /],
    ['{"turns": [{"text": "hi"}]}', /^error: none of its turns has an action/],
    ['{"turns": [{"text": "hi"}, {"text": "thanks", "action": "DANCE"}]}', /^error: turns\.1: the shop has no action "DANCE"$/],
    ['{"text": "Thanks", "action": "THANKS"}', /^warning: the same text stands in line 1 already/],
    ['{"text": "thanks", "action": "TRACK_ORDER"}', /^warning: the same text stands in line 1 as THANKS/],
  ]
  const { dialogues, problems } = parseTurns(lines.map(([line]) => line).join('\n'), actions)
  for (const [i, [line, expected]] of lines.entries()) {
    const problem = problems.find(each => each.line === i + 1)
    if (expected) assert.match(`${problem?.severity}: ${problem?.reason}`, expected, line)
    else assert.equal(problem, undefined, line)
  }
  assert.deepEqual(
    dialogues.map(({ line }) => line),
    [1, 13, 14],
  )
})

test('[EVAL8] votes are kept by what was said and who votes, without the words of either; a line that was broken off is none', () => {
  const folder = join(temp.path, 'votes')
  const votes: RecordedVotes = {
    votes: [
      {
        voter: 'keyword',
        abstained: false,
        votes: [{ action: 'THANKS', confidence: 0.9, evidence: 'a secret of theirs' }],
        signals: { mood: 0.5 },
        quotes: [{ action: 'THANKS', article: 'en/a', version: '1', title: 'a title', text: 'a passage' }],
        ms: 1,
      },
    ],
    clauseVotes: [[{ voter: 'keyword', abstained: true, reason: 'silent', votes: [], ms: 1 }]],
    versions: { keyword: '1' },
    remembered: { keyword: '{"told":"a secret of theirs"}' },
    facts: {},
  }
  const cache = openVoteCache(folder, 'one')
  assert.equal(cache.find(['', 'my secret']), undefined)
  cache.keep(['', 'my secret'], votes)
  cache.flush()
  const [name] = readdirSync(folder)
  const file = join(folder, name!)
  assert.doesNotMatch(readFileSync(file, 'utf8'), /secret|a title|passage/)
  const expected: RecordedVotes = {
    votes: [
      {
        voter: 'keyword',
        abstained: false,
        votes: [{ action: 'THANKS', confidence: 0.9 }],
        signals: { mood: 0.5 },
        quotes: [{ action: 'THANKS', article: 'en/a', version: '1', title: '', text: '' }],
        ms: 1,
      },
    ],
    clauseVotes: votes.clauseVotes!,
    versions: { keyword: '1' },
    facts: {},
  }
  const again = openVoteCache(folder, 'one')
  assert.deepEqual(again.find(['', 'my secret']), expected)
  assert.equal(again.find(['', 'my secret', 'more']), undefined)
  assert.equal(openVoteCache(folder, 'two').find(['', 'my secret']), undefined)

  appendFileSync(file, '["0123", {"votes": [{"vo')
  const after = openVoteCache(folder, 'one')
  after.keep(['', 'later'], votes)
  after.flush()
  const last = openVoteCache(folder, 'one')
  assert.deepEqual([last.find(['', 'my secret']), last.find(['', 'later'])], [expected, expected])
})
