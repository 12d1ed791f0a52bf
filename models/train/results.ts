// What the steps of a training give, by the step's name, and what is read off several of them.
import type { View } from '../encoder/view.ts'
import { AUGMENTATIONS, type Augmentation } from './augmentations.ts'
import type { Finished } from './finish.ts'
import type { Split } from './split.ts'
import { reportOf, type Trial, type TrialReport } from './trials.ts'

/** Shares of what is learned from, for the learning curve; the whole is the first fold. */
export const CURVE = [0.1, 0.3] as const

export interface Judged {
  /** One for each sentence that was judged, in the order of the classes. */
  readonly logits: readonly Float64Array[]
  readonly distances: readonly number[]
}

export interface FinalModel {
  readonly classes: readonly string[]
  readonly onnx: Uint8Array
  readonly hashes: Uint32Array
  /** Where it stands on an encoder: how it sees that one's vectors. */
  readonly view?: View
  /** By place in the locked part. */
  readonly test: Judged
  /** Sentiment: logits of the pack's requests. */
  readonly requests: readonly Float64Array[]
}

export interface CurvePoint {
  readonly sentences: number
  readonly hits: number
  readonly judged: number
}

/** Results by step. */
export type Results = {
  split: Split
  /** With an encoder: how many texts were encoded ahead, of those written and of those made of them. */
  [written: `encode-written-${number}`]: number
  [rewritten: `encode-rewritten-${number}`]: number
  [fold: `fold-${number}`]: Judged
  [curve: `curve-${number}`]: CurvePoint
  final: FinalModel
  finish: Finished
} & { [A in Augmentation | 'none' as `trial-${A}`]: Trial }
export type StepId = keyof Results & string

/** Gives the result of a step that is done. */
export type Read = <S extends StepId>(step: S) => Results[S]

export const trialReports = (read: Read): readonly TrialReport[] => {
  const without = read('trial-none')
  return AUGMENTATIONS.map(augmentation => reportOf(augmentation, without, read(`trial-${augmentation}`)))
}

/** The augmentations that a model is given. */
export const thosePaying = (read: Read): readonly Augmentation[] =>
  trialReports(read).flatMap(({ augmentation, pays }) => (pays ? [augmentation] : []))
