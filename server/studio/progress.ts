// How far work is that goes in steps, and how long it may still take.
import type { Progress } from '@parley/core/protocol/studio.ts'

/** Of the whole, where each step begins and ends. Votes that were kept make the asking short: then it goes faster than it said. */
const STEPS: Readonly<Record<Progress['step'], readonly [from: number, to: number]>> = {
  starting: [0, 0.05],
  'reading the log': [0.02, 0.1],
  'asking the voters': [0.1, 0.7],
  judging: [0.7, 1],
  comparing: [0.7, 1],
}
/** Before so much is done, nothing is told of what is left. */
const LEAST_SHARE = 0.08
const LEAST_MS = 2_000

export interface Progressing {
  /** `share` is that of the step. */
  at(step: Progress['step'], share: number): Progress
}

/** Of work that is nothing but reading. */
export const READING = { ...STEPS, 'reading the log': [0, 1] } as const satisfies typeof STEPS

/** `now` in milliseconds. */
export function createProgress(now: () => number, steps: typeof STEPS = STEPS): Progressing {
  const begun = now()
  return {
    at(step, share) {
      const [from, to] = steps[step]
      const whole = Math.min(1, from + (to - from) * share)
      const took = now() - begun
      const isTold = whole >= LEAST_SHARE && took >= LEAST_MS
      return { step, share: whole, secondsLeft: isTold ? Math.ceil((took * (1 - whole)) / whole / 1_000) : null }
    },
  }
}
