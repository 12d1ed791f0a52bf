import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import type { Phrases } from '@parley/core/pack/pack.ts'
import { normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { createAutomaton } from '@parley/models/keyword/automaton.ts'
import { createKeywordVoter } from '@parley/models/keyword/keyword-voter.ts'
import { createKeywordVoters } from '@parley/server/drivers/voters.keyword.ts'
import { createRandom } from '../random.ts'

const PHRASES = {
  'zh-CN': {
    COMPENSATE: [
      { phrase: '螃蟹死', weight: 0.9, template: 'compensate.fresh' },
      { phrase: '怎么赔', weight: 0.8 },
      { phrase: '坏了', weight: 0.7 },
      { phrase: '坏', weight: 0.5 },
      { phrase: '死', weight: 0.5 },
      { phrase: '破损', weight: 0.7 },
    ],
    LOST_PARCEL: [{ phrase: '没收到货', weight: 0.6 }],
    TRACK_ORDER: [{ phrase: '收到货', weight: 0.5 }],
    RETURN_REQUEST: [{ phrase: '退货', weight: 0.8 }],
    REFUND_STATUS: [{ phrase: '退款', weight: 0.6 }],
  },
  en: {
    COMPENSATE: [
      { phrase: 'damaged', weight: 0.7 },
      { phrase: 'broken', weight: 0.7 },
      { phrase: 'arrived broken', weight: 0.9, template: 'compensate.fragile' },
      { phrase: 'crab', weight: 0.2 },
    ],
    LOST_PARCEL: [{ phrase: 'never arrived', weight: 0.8 }],
    TRACK_ORDER: [{ phrase: 'arrived', weight: 0.3 }],
    REFUND_STATUS: [{ phrase: 'refund', weight: 0.6 }],
    RETURN_REQUEST: [{ phrase: 'refund', weight: 0.6 }],
  },
} satisfies Record<string, Phrases>

const voter = createKeywordVoter(PHRASES)
const vote = (original: string) => voter.vote(normaliseText(original))
const confidence = (original: string, action: string): number => vote(original).find(v => v.action === action)?.confidence ?? 0

test('keyword: several phrases of one action strengthen each other', () => {
  const [first, ...rest] = vote('螃蟹死了怎么赔')
  assert.equal(first?.action, 'COMPENSATE')
  assert.ok(Math.abs(first.confidence - (1 - 0.1 * 0.2)) < 1e-9) // 死 lies in 螃蟹死
  assert.equal(first.template, 'compensate.fresh')
  assert.equal(first.evidence, '螃蟹死 0.90, 怎么赔 0.80')
  assert.deepEqual(rest, [])
})

test('keyword: traditional, full-width and capital writing match', () => {
  assert.ok(confidence('螃蟹死了，怎麼賠', 'COMPENSATE') > 0.9)
  assert.ok(confidence('ＡＲＲＩＶＥＤ ＢＲＯＫＥＮ', 'COMPENSATE') > 0.8)
})

test('keyword: both languages are looked for in one message', () => {
  assert.ok(confidence('my crab 螃蟹死了', 'COMPENSATE') > 0.9)
})

test('keyword: words of letters match whole, characters anywhere', () => {
  assert.deepEqual(vote('crabby unbroken damagedly'), [])
  assert.ok(confidence('crab!', 'COMPENSATE') > 0)
  assert.ok(confidence('我要crab啊', 'COMPENSATE') > 0)
  assert.ok(confidence('我要退货啊', 'RETURN_REQUEST') > 0)
})

test('keyword: of phrases in one another the longest counts', () => {
  assert.equal(confidence('没收到货', 'TRACK_ORDER'), 0)
  assert.ok(confidence('没收到货', 'LOST_PARCEL') > 0)
  assert.equal(confidence('it never arrived', 'TRACK_ORDER'), 0)
  assert.ok(confidence('it never arrived', 'LOST_PARCEL') > 0)
  assert.ok(Math.abs(confidence('arrived broken', 'COMPENSATE') - 0.9) < 1e-9)
})

test('keyword: a phrase of two actions votes for both', () => {
  assert.deepEqual(
    vote('refund').map(v => [v.action, v.confidence]),
    [
      ['REFUND_STATUS', 0.5],
      ['RETURN_REQUEST', 0.5],
    ],
  )
})

test('keyword: confidences sum to 1 at most', () => {
  const votes = vote('螃蟹死了怎么赔 退货 退款 没收到货 refund never arrived')
  const sum = votes.reduce((total, v) => total + v.confidence, 0)
  assert.ok(votes.length >= 4 && sum <= 1 + 1e-9, `${sum}`)
})

test('keyword: a phrase said twice counts once', () => {
  assert.equal(confidence('退货退货退货', 'RETURN_REQUEST'), 0.8)
})

const DENIED = [
  '没坏',
  '没有坏',
  '没有死',
  '并没有破损',
  '没有什么破损',
  '不是坏的',
  '没有一个坏的',
  '没发现破损',
  '一点都没坏',
  '东西没坏，挺好的',
  'not damaged',
  'it is not damaged',
  "isn't broken",
  'isnt broken',
  "the eggs weren't broken",
  'not even slightly damaged',
  'nothing was broken',
  'none of the eggs were broken',
  'no eggs were broken',
  'never damaged',
  'arrived without being damaged',
  'it wasn’t damaged at all',
  'nothing is broken',
]
for (const text of DENIED) {
  test(`keyword: ${JSON.stringify(text)} is no claim of damage`, () => assert.equal(confidence(text, 'COMPENSATE'), 0))
}

const CLAIMED = [
  '坏了',
  '有没有坏的',
  '是不是坏了',
  '螃蟹没有死吗',
  '不好意思，坏了',
  '不知道怎么回事坏了',
  '没想到坏了',
  '没收到货，坏了',
  '不是没坏',
  '坏没坏啊',
  '不但破损还少了',
  '差不多坏了',
  "can't believe it's broken",
  "i don't know why it is broken",
  'not happy, it is broken',
  'not only broken but late',
  "isn't it broken",
  "aren't you ashamed, damaged",
  'no idea why but damaged',
  'it never arrived. the other one is broken',
  'i have not asked before but one of them is broken',
]
for (const text of CLAIMED) {
  test(`keyword: ${JSON.stringify(text)} claims damage`, () => assert.ok(confidence(text, 'COMPENSATE') > 0))
}

for (const text of [
  'no refund yet',
  'still no refund',
  "haven't you sent my refund",
  "why hasn't the refund arrived",
  "didn't get my refund",
]) {
  test(`keyword: ${JSON.stringify(text)} is about the refund all the same`, () => assert.ok(confidence(text, 'REFUND_STATUS') > 0))
}

for (const text of ['不想退货', '不是要退货', '不用退货', "i don't want a refund", 'not asking for a refund', 'i do not need a refund']) {
  test(`keyword: ${JSON.stringify(text)} asks for none`, () => {
    assert.equal(confidence(text, 'RETURN_REQUEST'), 0)
  })
}

test('keyword: what is denied takes from what else speaks for the action', () => {
  const plain = confidence('怎么赔', 'COMPENSATE')
  assert.ok(Math.abs(confidence('没坏,怎么赔', 'COMPENSATE') - plain * 0.5) < 1e-9)
})

test('keyword: the evidence stays short', () => {
  const many = Array.from({ length: 400 }, (_, i) => ({ phrase: `词语${String.fromCharCode(0x4e00 + i)}`, weight: 0.1 }))
  const all = createKeywordVoter({ 'zh-CN': { COMPLAINT: many } }).vote(many.map(m => m.phrase).join(' '))
  assert.ok(all[0]!.evidence!.length <= 500)
})

test('keyword: no phrases, no text, no votes', () => {
  assert.deepEqual(createKeywordVoter({}).vote('螃蟹'), [])
  assert.deepEqual(vote(''), [])
})

test('keyword: a phrase that is blank is refused with its place', () => {
  assert.throws(
    () =>
      createKeywordVoter({
        en: {
          THANKS: [
            { phrase: 'thanks', weight: 1 },
            { phrase: '\u200b', weight: 1 },
          ],
        },
      }),
    error => isFault(error, 'PACK_INVALID') && error.details.file === 'phrases/en.yaml' && error.details.path === 'THANKS.1.phrase',
  )
})

test('automaton: finds just what looking for every pattern at every place finds', () => {
  const random = createRandom(20251103)
  for (let round = 0; round < 400; round++) {
    const alphabet = 'ab螃蟹死了'.slice(0, 2 + Math.floor(random() * 5))
    const string = (longest: number): string =>
      Array.from({ length: 1 + Math.floor(random() * longest) }, () => alphabet[Math.floor(random() * alphabet.length)]).join('')
    const patterns = [...new Set(Array.from({ length: 1 + Math.floor(random() * 30) }, () => string(5)))]
    const text = string(80)
    const { count, data } = createAutomaton(patterns).scan(text)
    const found = Array.from({ length: count }, (_, i) => `${data[3 * i]}-${data[3 * i + 1]} ${patterns[data[3 * i + 2]!]}`).sort()
    const expected = patterns
      .flatMap(pattern =>
        Array.from(text, (_, at) => (text.startsWith(pattern, at) ? [`${at}-${at + pattern.length} ${pattern}`] : [])).flat(),
      )
      .sort()
    assert.deepEqual(found, expected, `round ${round}: ${text}`)
  }
})

test('keyword: agrees with a slow twin on random phrases and texts', () => {
  const random = createRandom(42)
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const pieces = ['蟹', '死', '货', '到', 'ab', 'cd', 'abc', ' ', ' ']
  const string = (longest: number): string => Array.from({ length: 1 + Math.floor(random() * longest) }, () => pick(pieces)).join('')
  for (let round = 0; round < 400; round++) {
    const actions = ['A', 'B', 'C'].map(action => {
      const texts = new Set(Array.from({ length: 1 + Math.floor(random() * 6) }, () => normaliseText(string(3))))
      return [action, [...texts].filter(Boolean).map(phrase => ({ phrase, weight: Math.ceil(random() * 9) / 10 }))] as const
    })
    const text = normaliseText(string(20))
    const votes = createKeywordVoter({ en: Object.fromEntries(actions.map(([a, p]) => [a, [...p]])) }).vote(text)
    assert.deepEqual(
      new Map(votes.map(v => [v.action, v.confidence.toFixed(9)])),
      new Map([...voteSlowly(actions, text)].map(([action, c]) => [action, c.toFixed(9)])),
      `round ${round}: ${JSON.stringify(text)} ${JSON.stringify(actions)}`,
    )
  }
})

type Actions = readonly (readonly [string, readonly { readonly phrase: string; readonly weight: number }[]])[]

function voteSlowly(actions: Actions, text: string): Map<string, number> {
  const isWord = (at: number): boolean => /^[a-z0-9]$/.test(text[at] ?? '')
  const isWhole = (at: number): boolean => !(isWord(at - 1) && isWord(at))
  const spans = actions.flatMap(([action, list]) =>
    list.flatMap(({ phrase, weight }) =>
      Array.from(text, (_, start) => ({ action, phrase, weight, start, end: start + phrase.length })).filter(
        s => text.startsWith(phrase, s.start) && isWhole(s.start) && isWhole(s.end),
      ),
    ),
  )
  const kept = spans.filter(s => !spans.some(o => o.start <= s.start && o.end >= s.end && o.phrase.length > s.phrase.length))
  const confidences = new Map<string, number>()
  for (const [action, list] of actions) {
    const said = list.filter(({ phrase }) => kept.some(k => k.action === action && k.phrase === phrase))
    if (said.length > 0) confidences.set(action, 1 - said.reduce((doubt, { weight }) => doubt * (1 - weight), 1))
  }
  const total = Math.max(
    1,
    [...confidences.values()].reduce((a, b) => a + b, 0),
  )
  return new Map([...confidences].map(([action, c]) => [action, c / total]))
}

test('keyword pool: one ballot a turn, silent where no phrase stands, none once the turn is over', async () => {
  const pool = createKeywordVoters(PHRASES)
  assert.equal(pool.voters[0]?.voter, 'keyword')
  assert.notEqual(pool.voters[0]?.version, createKeywordVoters({}).voters[0]?.version)
  const ask = async (text: string, signal: AbortSignal): Promise<Ballot[]> => {
    const ballots: Ballot[] = []
    await pool.ask({ text, original: text, language: 'zh', locale: 'zh-CN' }, ballot => ballots.push(ballot), signal)
    return ballots
  }
  const [cast] = await ask('螃蟹死了', new AbortController().signal)
  assert.equal(cast?.abstained, false)
  assert.equal(cast?.votes[0]?.action, 'COMPENSATE')
  const [silent] = await ask('你好', new AbortController().signal)
  assert.deepEqual([silent?.abstained, silent?.reason, silent?.votes], [true, 'silent', []])
  assert.deepEqual(await ask('螃蟹死了', AbortSignal.abort()), [])
  await pool.close()
})
