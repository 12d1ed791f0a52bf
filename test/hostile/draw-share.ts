import { createRandom } from '../random.ts'

/** PARLEY_SEED chooses the third of the suite that `npm test` plays; `npm run test:full` plays all of it. */
export const SEED = Number(process.env.PARLEY_SEED ?? 20261129)

export function drawShare<T>(all: readonly T[]): readonly T[] {
  if (process.env.PARLEY_TEST_FULL) return all
  const random = createRandom(SEED + all.length) // so that lists are not drawn at the same places
  return all.filter(() => random() < 1 / 3)
}
