// The one engine of a data folder: it has no others, and nobody takes its place.
import type { Nodes } from '@parley/core/ports/nodes.ts'

export const createAlone = (self = 'alone'): Nodes => ({
  self,
  isFenced: false,
  held: async () => {},
  isDead: node => node !== self,
  takers: () => [self],
  onChange() {},
})
