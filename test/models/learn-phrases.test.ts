import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createKeywordVoter } from '@parley/models/keyword/keyword-voter.ts'
import { learnPhrases, phrasesIn } from '@parley/models/train/learn-phrases.ts'

/** Sentences that have nothing in common but what is to be learned. */
const WORDS = 'crab fish lamp sofa coat phone mug chair table kettle pillow mirror'.split(' ')
const PLACES = 'london bristol jupiter quebec fyzabad oxhill vienna kampala zurich doncaster wigan hobart'.split(' ')
const examples = WORDS.flatMap((word, i) => [
  { text: `please gift ${PLACES[i]} ${word}`, label: 'WRAP', language: 'en' as const },
  { text: `${PLACES[(i + 5) % 12]} late ${word}`, label: 'TRACK', language: 'en' as const },
  { text: `please explain ${word} ${PLACES[(i + 9) % 12]}`, label: 'INFO', language: 'en' as const },
])

test('[PHR3] what stands under one action alone is learned for it; what stands under all, or seldom, is not', () => {
  const { en, zh } = learnPhrases(examples)
  const of = (action: string): readonly string[] => (en[action] ?? []).map(({ phrase }) => phrase)
  assert.ok(of('WRAP').includes('gift') && of('TRACK').includes('late'), JSON.stringify(en))
  const all = Object.values(en).flat()
  assert.ok(!all.some(({ phrase }) => phrase === 'please' || WORDS.includes(phrase)))
  assert.ok(all.every(({ weight }) => weight >= 0.5 && weight < 1))
  assert.deepEqual(zh, {})
  assert.deepEqual(learnPhrases(examples), { en, zh }, 'the same examples give the same phrases')
})

test('[PHR3] a phrase that is said again and again in nearly the same words is one occurrence', () => {
  const repeated = Array.from({ length: 8 }, (_, i) => ({
    text: `blue ribbon on it please${'!'.repeat(i)}`,
    label: 'WRAP',
    language: 'en' as const,
  }))
  const { en } = learnPhrases([...examples.filter(({ label }) => label !== 'WRAP'), ...repeated])
  assert.equal(en.WRAP, undefined)
})

test('[PHR3] phrases are runs of characters and of words, as they stand in the text', () => {
  assert.deepEqual([...phrasesIn('退货,好')], ['退货'])
  assert.deepEqual([...phrasesIn('track it 88')], ['track', 'track it', 'track it 88', 'it', 'it 88'])
})

test('[PHR4] what somebody has written stands above what was learned, and the evidence says which and how much', () => {
  const voter = createKeywordVoter(
    { en: { RETURN: [{ phrase: 'send it back', weight: 0.8 }], WRAP: [{ phrase: 'gift', weight: 0.6 }] } },
    {
      en: {
        TRACK: [
          { phrase: 'can i send it back to', weight: 0.9 },
          { phrase: 'where is', weight: 0.7 },
          { phrase: 'is my order', weight: 0.75 },
        ],
        INFO: [{ phrase: 'gift', weight: 0.9 }],
      },
    },
  )
  assert.deepEqual(voter.vote('can i send it back to you'), [{ action: 'RETURN', confidence: 0.8, evidence: 'send it back 0.80' }])
  assert.deepEqual(voter.vote('a gift'), [{ action: 'WRAP', confidence: 0.6, evidence: 'gift 0.60' }])
  assert.deepEqual(voter.vote('where is my order'), [
    { action: 'TRACK', confidence: 0.75, evidence: 'where is 0.70 learned, is my order 0.75 learned' },
  ])
})
