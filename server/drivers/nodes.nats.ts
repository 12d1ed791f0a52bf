// The nodes that share a log on NATS, each with a row that it renews through the servers' consensus (node-rows.ts, node-lease.ts): a node that is cut off from
// most of the servers, or was halted, has no lease and knows it. Who lives is judged by core/nodes/judge.ts.
import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { Fault } from '@parley/core/faults.ts'
import { createJudge, type NodeChange } from '@parley/core/nodes/judge.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { NodeName, Nodes } from '@parley/core/ports/nodes.ts'
import { systemClock } from './clock.system.ts'
import type { Nats } from './nats.ts'
import { takeLease } from './node-lease.ts'
import { hearRows, LEASE_MS, listRows, type NodeFigures, type NodeRow, openRows, type RowsSettings } from './node-rows.ts'

/** How often the clock is looked at: a death is known this much after the lease at most. */
const LOOK_MS = 50

export interface NodesParts extends RowsSettings {
  readonly node: string
  /** What the others are told of it. */
  readonly about: Pick<NodeRow, 'version' | 'jobs' | 'shops'>
  readonly changed: (change: NodeChange) => void
  /** Another process has this node's name now. It stays fenced, and has to end. */
  readonly ousted: (fault: Fault) => void
  readonly clock?: Clock
}

export interface OpenNodes extends Nodes {
  /** The living, this one among them; nobody, while it has no lease itself and can't know. */
  alive(): readonly NodeName[]
  /** Tells the others where it listens, and how it stands. */
  tell(news: Partial<Pick<NodeRow, 'url' | 'state'>>): void
  /** Tells with each renewal from now on what this gives. */
  report(figures: () => NodeFigures): void
  /** Gives the row up: from then on it is fenced, and what it has left is another's. */
  close(): Promise<void>
}

/**
 * Takes this node's row, once it is known that no other process has it. Nodes whose jobs lie in their data folders are alone, or not at all. Faults:
 * NODE_NAME_TAKEN, JOBS_NOT_SHARED, LOG_REFUSED, LOG_UNAVAILABLE.
 */
export async function openNatsNodes(nats: Nats, parts: NodesParts): Promise<OpenNodes> {
  const { node: self, name, about, changed, clock = systemClock } = parts
  const own = { node: self, instance: randomBytes(8).toString('hex'), startedAt: clock.now() }
  let told: Pick<NodeRow, 'url' | 'state'> = { url: null, state: 'joining' }
  let figures = (): NodeFigures => ({ turns: null, upTo: [], inForce: {} })
  const rows = new Map<string, NodeRow>()
  const listeners = new Set<(gone?: NodeName) => void>()
  const waiting = new Set<() => void>()
  let isClosed = false
  const changedHere = (gone?: NodeName): void => {
    for (const listen of listeners) listen(gone)
  }
  const judge = createJudge({
    now: clock.monotonic,
    leaseMs: LEASE_MS,
    changed(change) {
      changed(change)
      if (change.type === 'held') for (const wake of waiting) wake()
      if (change.type === 'died' || change.type === 'left') changedHere(change.node)
      else if (change.type !== 'held' && change.type !== 'fenced') changedHere()
    },
  })
  const isFenced = (): boolean => isClosed || judge.isFenced
  const bucket = await openRows(nats, parts)
  const deaf = await hearRows(nats, name, {
    renewed(row) {
      if (row.node === self) {
        if (row.instance === own.instance) judge.echoed()
        return
      }
      const before = rows.get(row.node)?.state
      rows.set(row.node, row)
      judge.heard(row.node)
      if (before !== row.state) changedHere()
    },
    gone(node) {
      rows.delete(node)
      if (node !== self) judge.left(node)
    },
  })
  let cancelLook = (): void => {}
  const look = (): void => {
    judge.look()
    cancelLook = clock.after(LOOK_MS, look)
  }
  const stop = (): void => {
    isClosed = true
    cancelLook()
    deaf()
  }

  /** Jobs in a data folder are known to one node alone. Of two that come at once the one whose name comes first stays. */
  async function refuseUnshared(): Promise<void> {
    const until = clock.monotonic() + LEASE_MS
    for (;;) {
      const concerned = [...rows.values()].filter(({ jobs }) => jobs === 'embedded' || about.jobs === 'embedded')
      const living = concerned.filter(({ node }) => judge.alive().includes(node))
      const other = living.find(({ node, state }) => state !== 'joining' || node < self)
      if (other) throw new Fault('JOBS_NOT_SHARED', { node: self, other: other.node })
      if (concerned.length === 0 || (living.length === 0 && clock.monotonic() >= until)) return
      await delay(LOOK_MS)
    }
  }

  const held: Nodes['held'] = signal =>
    new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        waiting.delete(wake)
        signal.removeEventListener('abort', wake)
        settle()
      }
      const wake = (): void => {
        if (signal.aborted) end(() => reject(signal.reason))
        else if (!isFenced()) end(resolve)
      }
      waiting.add(wake)
      signal.addEventListener('abort', wake)
      wake()
    })
  try {
    const lease = await takeLease({
      nats,
      bucket,
      clock,
      row: () => ({ ...about, ...own, ...told, ...figures(), renewedAt: clock.now() }),
      renewed: judge.renewed,
      ousted(by) {
        stop()
        parts.ousted(new Fault('NODE_NAME_TAKEN', { node: self, url: by.url ?? 'an address that it has not told yet' }))
      },
    })
    look()
    const close = async (): Promise<void> => {
      stop()
      await lease.giveUp()
    }
    try {
      const found = await nats.withinOpening(() => listRows(nats, bucket, name))
      for (const row of found) {
        if (row.node === self) continue
        if (!rows.has(row.node)) rows.set(row.node, row)
        judge.found(row.node)
      }
      await refuseUnshared()
    } catch (error) {
      await close()
      throw error
    }
    const tell: OpenNodes['tell'] = news => {
      told = { ...told, ...news }
      lease.renew()
      changedHere()
    }
    tell({ state: 'starting' })
    return {
      self,
      get isFenced() {
        return isFenced()
      },
      held,
      isDead: node => node !== self && !isClosed && judge.isDead(node),
      takers() {
        const living = judge.alive().filter(node => rows.get(node)?.state === 'serving')
        return told.state !== 'serving' || isFenced() ? living : [...living, self]
      },
      alive: () => (isFenced() ? [] : [...judge.alive(), self]),
      onChange: listener => void listeners.add(listener),
      tell,
      report(given) {
        figures = given
      },
      close,
    }
  } catch (error) {
    stop()
    throw error
  }
}
