// What each kind of clause weighs: the weights with which pooled clauses (../pool-clauses.ts) tell most of messages that the model had not learned from. These
// are the pack's examples that have several clauses, and some with a courtesy before or behind them, since hardly an example has one. The loss has one valley
// and is gone down by Newton steps: the same examples give the same weights.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { type Clause, clausesOf } from '../clauses.ts'
import { CLAUSE_KINDS, type ClauseWeights, COURTESIES, partsOf } from '../pool-clauses.ts'
import { probabilitiesOf } from '../probabilities.ts'
import type { Random } from './random.ts'

/** A message of several clauses with what a model says of it that has not learned from it. */
export interface ReadMessage {
  readonly language: Language
  readonly label: string
  /** By class, as those of the clauses. */
  readonly logits: Float64Array
  readonly clauses: readonly { readonly clause: Clause; readonly logits: Float64Array }[]
}

type Labelled = Pick<ReadMessage, 'language' | 'label'> & { readonly text: string }

/** One example in so many is read with a courtesy as well. Measured: of none "lovely, but two are broken" stays praise, and more of them harm the others. */
const WITH_COURTESY = 25
/** Of the pull towards the whole alone, in nats over all messages for a squared distance of 1. */
const PULL = 5
const ROUNDS = 30
/** In nats a message: less is no progress. */
const PROGRESS = 1e-7

/** `judge`: the logits of a model that has learned from none of the examples. */
export function readMessages(examples: readonly Labelled[], judge: (text: string) => Float64Array, random: Random): readonly ReadMessage[] {
  return [...examples, ...withCourtesies(examples, random)].flatMap(({ text, language, label }) => {
    const clauses = clausesOf(text, language)
    if (clauses.length < 2) return []
    return [{ language, label, logits: judge(text), clauses: clauses.map(clause => ({ clause, logits: judge(clause.text) })) }]
  })
}

const BETWEEN = { zh: [',', '。', '!', ',不过', ',就是'], en: [', ', '. ', '! ', ' - ', ', but '] } as const

function withCourtesies(examples: readonly Labelled[], random: Random): readonly Labelled[] {
  const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)]! // there are some
  const bare = (text: string): string => text.replace(/[\s\p{P}]+$/u, '')
  const courtesies = Map.groupBy(
    examples.filter(({ label }) => COURTESIES.has(label)),
    ({ language }) => language,
  )
  return examples.flatMap(({ text, language, label }) => {
    const there = courtesies.get(language)
    if (COURTESIES.has(label) || !there || random() >= 1 / WITH_COURTESY) return []
    const courtesy = pick(there).text
    const [first, second] = random() < 0.6 ? [courtesy, text] : [text, courtesy]
    return [{ text: bare(first) + pick(BETWEEN[language]) + second, language, label }]
  })
}

/** `temperature`: of the model, by language. Without messages the whole is all that counts. */
export function fitClauseWeights(
  messages: readonly ReadMessage[],
  classes: readonly string[],
  temperature: Readonly<Record<Language, number>>,
): ClauseWeights {
  const rows = messages.map(message => rowOf(message, classes, temperature[message.language]))
  const right = messages.map(({ label }) => classes.indexOf(label))
  const rest = Float64Array.from(CLAUSE_KINDS, kind => (kind === 'whole' ? 1 : 0))
  const pulled = (at: Float64Array): number =>
    at.reduce(
      (sum, weight, k) => sum + PULL * (weight - rest[k]!) ** 2, // one a kind, here and below
      rows.reduce((sum, row, i) => sum - Math.log(Math.max(1e-300, pooled(row, at, classes.length)[right[i]!]!)), 0), // one a row
    )
  let at = rest
  let loss = pulled(at)
  for (let round = 0; round < ROUNDS; round++) {
    const step = newtonStep(rows, right, at, rest, classes.length)
    let [next, least, share] = [at, loss, 1]
    for (; share > 1e-3 && least >= loss; share /= 2) {
      next = at.map((weight, k) => weight - share * step[k]!)
      least = pulled(next)
    }
    if (loss - least < PROGRESS * rows.length) break
    ;[at, loss] = [next, least]
  }
  return Object.fromEntries(CLAUSE_KINDS.map((kind, k) => [kind, Math.round(at[k]! * 1_000) / 1_000])) as ClauseWeights // of all kinds
}

/** By kind and class: what a weight of 1 adds to the score. */
function rowOf({ logits, clauses }: ReadMessage, classes: readonly string[], temperature: number): Float64Array {
  const reading = {
    whole: probabilitiesOf(logits, temperature),
    clauses: clauses.map(({ clause, logits }) => ({ clause, probabilities: probabilitiesOf(logits, temperature) })),
  }
  const row = new Float64Array(CLAUSE_KINDS.length * classes.length)
  for (const { logs, kinds } of partsOf(reading, classes))
    for (const [kind, value] of kinds) {
      const from = CLAUSE_KINDS.indexOf(kind) * classes.length
      for (let c = 0; c < classes.length; c++) row[from + c]! += value * logs[c]! // one a class
    }
  return row
}

function pooled(row: Float64Array, at: Float64Array, width: number): Float64Array {
  const scores = new Float64Array(width)
  for (let k = 0; k < at.length; k++) for (let c = 0; c < width; c++) scores[c]! += at[k]! * row[k * width + c]! // in range, here and below
  return probabilitiesOf(scores, 1)
}

function newtonStep(
  rows: readonly Float64Array[],
  right: readonly number[],
  at: Float64Array,
  rest: Float64Array,
  width: number,
): Float64Array {
  const count = at.length
  const slope = at.map((weight, k) => 2 * PULL * (weight - rest[k]!))
  const curve = new Float64Array(count * count)
  for (let k = 0; k < count; k++) curve[k * count + k] = 2 * PULL
  for (const [i, row] of rows.entries()) {
    const p = pooled(row, at, width)
    const means = new Float64Array(count)
    for (let k = 0; k < count; k++) for (let c = 0; c < width; c++) means[k]! += p[c]! * row[k * width + c]!
    for (let k = 0; k < count; k++) {
      slope[k]! += means[k]! - row[k * width + right[i]!]!
      for (let j = 0; j <= k; j++) {
        let sum = -means[k]! * means[j]!
        for (let c = 0; c < width; c++) sum += p[c]! * row[k * width + c]! * row[j * width + c]!
        curve[k * count + j]! += sum
      }
    }
  }
  for (let k = 0; k < count; k++) for (let j = 0; j < k; j++) curve[j * count + k] = curve[k * count + j]!
  return solved(curve, slope)
}

/** The x of curve · x = slope, by conjugate gradients: the curve is positive, and there are as many directions as numbers. */
function solved(curve: Float64Array, slope: Float64Array): Float64Array {
  const count = slope.length
  const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0) // as long
  const x = new Float64Array(count)
  const left = Float64Array.from(slope)
  let direction = Float64Array.from(slope)
  for (let turn = 0, squares = dot(left, left); turn < 4 * count && squares > 1e-18; turn++) {
    const bent = slope.map((_, k) => dot(curve.subarray(k * count, (k + 1) * count), direction))
    const length = squares / dot(direction, bent)
    for (let k = 0; k < count; k++) {
      x[k]! += length * direction[k]!
      left[k]! -= length * bent[k]!
    }
    const next = dot(left, left)
    direction = left.map((value, k) => value + (next / squares) * direction[k]!)
    squares = next
  }
  return x
}
