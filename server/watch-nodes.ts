// What becomes of the nodes that share the log, for the operator: a line for each that comes, goes or dies, and metrics.
import type { EngineObserver } from '@parley/core/engine.ts'
import type { NodeChange } from '@parley/core/nodes/judge.ts'
import type { Logger } from 'pino'
import type { Metrics } from './metrics.ts'

export interface NodesWatch extends Pick<EngineObserver, 'tookOver'> {
  changed(change: NodeChange): void
  /** So many messages of so many were read at the start. */
  catchingUp(read: number, of: number): void
}

/** How often it is told how far this node has read. */
const TOLD_MS = 5_000

export function watchNodes(logger: Logger, metrics: () => Metrics | undefined): NodesWatch {
  let toldAt = performance.now()
  return {
    catchingUp(read, of) {
      if (performance.now() - toldAt < TOLD_MS) return
      toldAt = performance.now()
      logger.info({ read, of }, 'this node reads the log from the streams')
    },
    changed(change) {
      switch (change.type) {
        case 'joined':
          return logger.info({ node: change.node }, 'another node serves')
        case 'returned':
          return logger.info({ node: change.node }, 'a node that was gone is back')
        case 'left':
          return logger.info({ node: change.node }, 'a node has left')
        case 'died':
          return logger.warn({ node: change.node }, 'a node is dead, or halted: its lease has run out, and others finish what it had begun')
        case 'fenced':
          return logger.warn(
            'this node has no lease: it stood still, or the NATS servers do not take its renewals; it begins nothing until they do',
          )
        case 'held':
          return logger.info('this node has its lease')
      }
    },
    tookOver(from, conversations) {
      metrics()?.takenOver.inc(conversations)
      logger.warn({ node: from, conversations }, 'conversations that another node had left unfinished were finished here')
    },
  }
}
