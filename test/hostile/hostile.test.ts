// The hostile suite: whatever a plugin does, the server goes on. All cases in `npm run test:full`, a third of them in `npm test`; PARLEY_SEED
// chooses which third.
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Arena, openArena } from './arena.ts'
import { type Canaries, placeCanaries } from './canaries.ts'
import { ANSWERS } from './cases/answers.ts'
import { ESCAPES } from './cases/escapes.ts'
import { LOOPS } from './cases/loops.ts'
import { MEMORY } from './cases/memory.ts'
import { VOTES } from './cases/votes.ts'
import { drawShare, SEED } from './draw-share.ts'

const KINDS = [LOOPS, MEMORY, ESCAPES, ANSWERS, VOTES]

describe(`the hostile suite, seed ${SEED}`, () => {
  let canaries: Canaries
  before(async () => {
    canaries = await placeCanaries(randomUUID())
  })
  after(() => canaries.close())

  for (const kind of KINDS) {
    const cases = drawShare(kind.cases)
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
