// Plays the cases of some kinds, each kind in an arena of its own. All cases in `npm run test:full`, a third of them in `npm test`.
import { randomUUID } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { type Arena, openArena } from './arena.ts'
import { type Canaries, placeCanaries } from './canaries.ts'
import { drawShare, SEED } from './draw-share.ts'
import type { Kind } from './hostile-case.ts'

export function playKinds(kinds: readonly Kind[]): void {
  describe(`the hostile suite, seed ${SEED}`, () => {
    let canaries: Canaries
    before(async () => {
      canaries = await placeCanaries(randomUUID())
    })
    after(() => canaries.close())

    for (const kind of kinds) {
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
}
