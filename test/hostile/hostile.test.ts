// The hostile suite: whatever a plugin does, the server goes on. All cases in `npm run test:full`, a third of them in `npm test`; PARLEY_SEED
// chooses which third.
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { createRandom } from '../random.ts'
import { type Arena, openArena } from './arena.ts'
import { type Canaries, placeCanaries } from './canaries.ts'
import { ANSWERS } from './cases/answers.ts'
import { ESCAPES } from './cases/escapes.ts'
import { LOOPS } from './cases/loops.ts'
import { MEMORY } from './cases/memory.ts'
import { VOTES } from './cases/votes.ts'

const KINDS = [LOOPS, MEMORY, ESCAPES, ANSWERS, VOTES]
const SEED = Number(process.env.PARLEY_SEED ?? 20261129)
const SHARE = process.env.PARLEY_TEST_FULL ? 1 : 1 / 3

describe(`the hostile suite, seed ${SEED}`, () => {
  let canaries: Canaries
  before(async () => {
    canaries = await placeCanaries(randomUUID())
  })
  after(() => canaries.close())

  const random = createRandom(SEED)
  for (const kind of KINDS) {
    const cases = kind.cases.filter(() => random() < SHARE)
    describe(kind.title, () => {
      let arena: Arena
      before(async () => {
        arena = await openArena(kind, cases, canaries)
      })
      after(() => arena.close())
      for (const one of cases) test(`${kind.rule}: ${one.id}, which ${one.tries}`, () => arena.play(one))
    })
  }
})
