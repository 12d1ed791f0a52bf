// How much a text presses, whatever it is about and however its writer feels: a weight for each feature, learned from examples, made as sure as
// it has been right. It is part of a sentiment model's file, so that what voted is named by one hash. Too few features to be worth a network.
import type { Language } from '@parley/plugin-sdk/vocabulary.ts'
import { z } from 'zod'
import { createRowTable, vectorise } from './rows.ts'

/** What a text can be: it presses, or it can wait. */
export const URGENCIES = ['now', 'whenever'] as const

const PerLanguage = z.strictObject({ zh: z.number(), en: z.number() })

export const UrgencyWeights = z.strictObject({
  /** Hashes of the learned features, ascending: little-endian 32-bit, base64. */
  rows: z.base64(),
  /** One signed byte a row, base64; a weight is this times the scale. */
  weights: z.base64(),
  scale: z.number().positive(),
  bias: z.number(),
  temperature: z.strictObject({ zh: z.number().positive(), en: z.number().positive() }),
  training: z.strictObject({
    /** SHA-256 over every text and label that was learned from. */
    data: z.string(),
    examples: z.int(),
    /** Out of fold. */
    accuracy: PerLanguage,
    macroF1: PerLanguage,
    logLoss: PerLanguage,
  }),
})
export type UrgencyWeights = z.infer<typeof UrgencyWeights>

/** 0 (whenever) to 1 (now): the probability that a text which `normaliseText` gave presses. */
export type Urgency = (text: string, language: Language) => number

export function createUrgency({ rows, weights, scale, bias, temperature }: UrgencyWeights): Urgency {
  const marginOf = createMargin(hashesIn(rows), Int8Array.from(Buffer.from(weights, 'base64')), scale, bias)
  return (text, language) => 1 / (1 + Math.exp(-marginOf(text) / temperature[language]))
}

/** How far a text is on the side of what presses, before any temperature. `weights` has one a hash. */
export function createMargin(hashes: Uint32Array, weights: Int8Array, scale: number, bias: number): (text: string) => number {
  const table = createRowTable(hashes)
  return text => {
    const { ids, values } = vectorise(text, table)
    let sum = 0
    for (let k = 0; k < ids.length; k++) sum += values[k]! * weights[ids[k]!]! // a row of the table
    return scale * sum + bias
  }
}

function hashesIn(rows: string): Uint32Array {
  const bytes = Buffer.from(rows, 'base64')
  return new Uint32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength - (bytes.byteLength % 4)))
}
