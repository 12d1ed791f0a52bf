// A node without a lease begins nothing: others may have taken over what it has in hand. What it wanted to begin waits until it has one again, or is given up.
import type { Effects } from '../ports/effects.ts'
import type { Jobs } from '../ports/jobs.ts'
import type { Nodes } from '../ports/nodes.ts'

export const fencedEffects = (effects: Effects, nodes: Nodes): Effects => ({
  has: (shop, name) => effects.has(shop, name),
  async run(request, signal) {
    await nodes.held(signal)
    return effects.run(request, signal)
  },
})

export const fencedJobs = (jobs: Jobs, nodes: Nodes): Jobs => ({
  add: job => jobs.add(job),
  cancel: id => jobs.cancel(id),
  list: filter => jobs.list(filter),
  handle: (kind, handler) =>
    jobs.handle(kind, async run => {
      await nodes.held(run.signal)
      await handler(run)
    }),
  close: () => jobs.close(),
})
