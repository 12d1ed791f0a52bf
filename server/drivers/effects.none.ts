// The effects of a shop that has no provider: nothing is offered, so nothing is ever run.
import type { Effects } from '@parley/core/ports/effects.ts'

export const noEffects: Effects = {
  has: () => false,
  run: async ({ name }) => {
    throw new Error(`no provider does ${name}`)
  },
}
