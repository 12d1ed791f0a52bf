import type { Conversations } from '@parley/core/ports/conversations.ts'
import type { Metrics } from './metrics.ts'

/** Whoever comes back should be answered from memory: the metric says whether it was so. */
export const countingReads = (conversations: Conversations, { logReads }: Metrics): Conversations => ({
  ...conversations,
  read(key, after) {
    logReads.inc()
    return conversations.read(key, after)
  },
  open(key) {
    logReads.inc()
    return conversations.open(key)
  },
})
