import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { readClauseWeights, writeClauseWeights } from '@parley/models/clause-weights.ts'
import { clausesOf } from '@parley/models/clauses.ts'
import { CLAUSE_KINDS, type ClauseKind, type ClauseWeights, poolClauses } from '@parley/models/pool-clauses.ts'
import { fitClauseWeights, type ReadMessage, readMessages } from '@parley/models/train/fit-clauses.ts'
import { createRandom } from '@parley/models/train/random.ts'

const CLASSES = ['CANCEL_ORDER', 'OUT_OF_SCOPE', 'PRAISE', 'TRACK_ORDER']
const weights = (given: Partial<ClauseWeights>): ClauseWeights =>
  Object.fromEntries(CLAUSE_KINDS.map(kind => [kind, given[kind] ?? 0])) as ClauseWeights // of all kinds

const texts = (text: string, language: 'zh' | 'en') => clausesOf(text, language).map(({ text }) => text)
const marked = (text: string, language: 'zh' | 'en', mark: 'asks' | 'isDenied' | 'turns') =>
  clausesOf(text, language).flatMap(clause => (clause[mark] ? [clause.text] : []))

test('clauses end at marks and where a sentence turns, and what is too short is none', () => {
  assert.deepEqual(texts('lovely shoes but where is the invoice?', 'en'), ['lovely shoes', 'but where is the invoice'])
  assert.deepEqual(texts('order 4.50, ok', 'en'), ['order 4.50'])
  assert.deepEqual(texts('where is my parcel?', 'en'), ['where is my parcel'])
  assert.deepEqual(texts('不退款,就问什么时候到', 'zh'), ['不退款', '就问什么时候到'])
  assert.deepEqual(texts('鞋子不错可是发票呢', 'zh'), ['鞋子不错', '可是发票呢'])
  assert.deepEqual(texts('', 'zh'), [])
  const [first, middle, last] = clausesOf('hello there, it came, thank you', 'en')
  assert.deepEqual([first?.isFirst, first?.isLast, middle?.isFirst, middle?.isLast, last?.isLast], [true, false, false, false, true])
})

test('of a clause it is told whether it asks, rules something out, or turns', () => {
  assert.deepEqual(marked("i'm not asking for a refund, just tell me when it comes", 'en', 'isDenied'), ["i'm not asking for a refund"])
  assert.deepEqual(marked("i'm not asking for a refund, just tell me when it comes", 'en', 'turns'), ['just tell me when it comes'])
  assert.deepEqual(marked('the coupon is sorted now. where is the sofa', 'en', 'isDenied'), ['the coupon is sorted now'])
  assert.deepEqual(marked('the coupon is sorted now. where is the sofa', 'en', 'asks'), ['where is the sofa'])
  assert.deepEqual(marked('不是要退货,就问发票怎么开', 'zh', 'isDenied'), ['不是要退货'])
  assert.deepEqual(marked('不是要退货,就问发票怎么开', 'zh', 'asks'), ['就问发票怎么开'])
  assert.deepEqual(marked('no refund yet? it is late', 'en', 'isDenied'), [], 'what asks denies nothing')
})

/** As models/pool-clauses.ts says it, a class at a time. */
function poolSlowly(whole: number[], clauses: { text: string; p: number[] }[], language: 'zh' | 'en', by: ClauseWeights): number[] {
  const log = (p: number[], c: number): number => {
    const raised = p.map(value => Math.max(1e-4, value))
    return Math.log(raised[c]! / raised.reduce((sum, value) => sum + value, 0))
  }
  const roles = clausesOf(clauses.map(({ text }) => text).join(', '), language)
  const scores = CLASSES.map((_, c) => {
    let score = by.whole * log(whole, c)
    if (clauses.length < 2) return score
    score += by.wholeCourtesy * whole[2]! * log(whole, c)
    for (const [i, { p }] of clauses.entries()) {
      const { isFirst, isLast, asks, turns, isDenied } = roles[i]!
      let weight = by.clause + by.outOfScope * p[1]! + by.agrees * p.reduce((sum, value, k) => sum + value * whole[k]!, 0)
      if (isFirst) weight += by.first + by.firstCourtesy * p[2]!
      if (asks) weight += by.asks
      if (turns) weight += by.turns
      if (isDenied) weight += by.denied + (isLast ? by.deniedLast : 0)
      score += weight * log(p, c)
    }
    return score
  })
  const total = scores.reduce((sum, score) => sum + Math.exp(score), 0)
  return scores.map(score => Math.exp(score) / total)
}

test('pooled clauses are what the weights of their kinds make of them, as a slow twin has it', () => {
  const random = createRandom(7)
  const drawn = (): number[] => {
    const raw = CLASSES.map(() => random() ** 4)
    const total = raw.reduce((sum, value) => sum + value, 0)
    return raw.map(value => value / total)
  }
  const said = ["i don't want to cancel", 'but where is it', 'no refund please', 'lovely shoes']
  for (let round = 0; round < 200; round++) {
    const by = weights(Object.fromEntries(CLAUSE_KINDS.map((kind: ClauseKind) => [kind, 2 * random() - 0.5])))
    const clauses = said.slice(0, 1 + (round % said.length)).map(text => ({ text, p: drawn() }))
    const whole = drawn()
    const roles = clausesOf(clauses.map(({ text }) => text).join(', '), 'en')
    assert.equal(roles.length, clauses.length)
    const pooled = poolClauses({ whole, clauses: clauses.map(({ p }, i) => ({ clause: roles[i]!, probabilities: p })) }, CLASSES, by)
    for (const [c, p] of poolSlowly(whole, clauses, 'en', by).entries()) assert.ok(Math.abs(pooled[c]! - p) < 1e-9)
  }
})

test('a message of one clause is what the model says of the whole', () => {
  const whole = [0.1, 0.2, 0.3, 0.4]
  const pooled = poolClauses({ whole, clauses: [] }, CLASSES, weights({ whole: 1, clause: 5 }))
  for (const [c, p] of whole.entries()) assert.ok(Math.abs(pooled[c]! - p) < 1e-9)
})

test('fitted: what is denied counts against what it names, where the examples say so; without examples the whole alone counts', () => {
  const logits = (c: number): Float64Array => Float64Array.from(CLASSES, (_, i) => (i === c ? 3 : 0))
  const [denied, wish] = clausesOf("i don't want to cancel, where is it", 'en')
  const messages: ReadMessage[] = [0, 3].flatMap(first =>
    Array.from({ length: 200 }, () => ({
      language: 'en' as const,
      label: CLASSES[3 - first]!,
      logits: logits(first),
      clauses: [
        { clause: denied!, logits: logits(first) },
        { clause: wish!, logits: logits(3 - first) },
      ],
    })),
  )
  const fitted = fitClauseWeights(messages, CLASSES, { zh: 1, en: 1 })
  assert.ok(fitted.denied < 0 && fitted.asks > 0, JSON.stringify(fitted))
  assert.deepEqual(fitClauseWeights([], CLASSES, { zh: 1, en: 1 }), weights({ whole: 1 }))
})

test('messages to fit on are the examples of several clauses, and some with a courtesy', () => {
  const examples = [
    { text: "i don't want it, where is it", language: 'en' as const, label: 'TRACK_ORDER' },
    ...Array.from({ length: 500 }, () => ({ text: 'where is it', language: 'en' as const, label: 'TRACK_ORDER' })),
    { text: 'thank you', language: 'en' as const, label: 'THANKS' },
  ]
  const read = readMessages(examples, () => new Float64Array(CLASSES.length), createRandom(1))
  assert.equal(read.filter(({ clauses }) => clauses[0]?.clause.isDenied).length, 1)
  assert.ok(read.length > 5 && read.length < 60, `${read.length}`)
  assert.ok(read.every(({ label }) => label === 'TRACK_ORDER'))
})

test('weights are kept beside the models, and a file that is none is refused', () => {
  const folder = mkdtempSync(join(tmpdir(), 'parley-clauses-'))
  try {
    const kept = weights({ whole: 1.1, denied: -0.3 })
    writeClauseWeights(folder, kept, 'hash')
    const { weights: read, data } = readClauseWeights(folder)
    assert.deepEqual([read, data], [kept, 'hash'])
    writeFileSync(join(folder, 'clauses.json'), '{"format": 1}')
    assert.throws(
      () => readClauseWeights(folder),
      (error: unknown) => isFault(error) && error.code === 'MODEL_INVALID',
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})
