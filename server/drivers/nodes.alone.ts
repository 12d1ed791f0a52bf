// The one engine of a data folder: it has no others, and nobody takes its place.
import type { OpenNodes } from './nodes.nats.ts'

export const createAlone = (self = 'alone'): OpenNodes => ({
  self,
  isFenced: false,
  held: async () => {},
  isDead: node => node !== self,
  takers: () => [self],
  alive: () => [self],
  onChange() {},
  tell() {},
  report() {},
  async close() {},
})
