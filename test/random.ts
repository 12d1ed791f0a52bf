// The seeded random source of tests: a failure names its seed and can be run again.
export { createRandom } from '@parley/models/train/random.ts'
