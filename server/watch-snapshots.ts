// What becomes of snapshots goes to the log and the metrics. A failure is no fault: the conversation is read from the log.
import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'
import type { SnapshotObserver } from './snapshot-keeper.ts'

export const watchSnapshots = (logger: Logger, metrics: Metrics): SnapshotObserver => ({
  opened: from => metrics.conversationsOpened.inc({ from }),
  written: () => metrics.snapshots.inc({ outcome: 'written' }),
  failed(error) {
    metrics.snapshots.inc({ outcome: 'failed' })
    logger.warn({ err: error }, 'a snapshot could not be used; the log is read instead')
  },
})
