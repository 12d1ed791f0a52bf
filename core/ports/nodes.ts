// The nodes of an installation: which of them live, as this one judges, and whether it may itself begin anything. Each holds a lease that it renews; one
// whose lease has run out by the others' clocks is dead to them, and they finish what it had begun (core/nodes/take-over.ts). Drivers:
// server/drivers/nodes.{alone,nats}.ts.

/** A node's own name among those of its installation, the same after a restart. It stands on each of its appends. */
export type NodeName = string

/**
 * Guarantees, for every driver:
 * - A node knows that its own lease has run out before any other may judge it dead, by clocks that never run backwards; what the wall clock says changes
 *   nothing. A process that was halted finds itself fenced when it goes on.
 * - Nobody is judged by a node that is fenced, or has been within the length of a lease: what it has not heard may be its own fault, or the servers'.
 * - Two nodes may judge differently for a while. Nothing that must hold rests on this port: the log's conditional append decides, and keys do (LOG2, EFF1).
 */
export interface Nodes {
  readonly self: NodeName
  /** True while this node has no lease: others may have taken over what it has in hand, and it begins nothing. */
  readonly isFenced: boolean
  /** Resolves when this node has a lease: at once, where it has one. Rejects when `signal` is aborted first. Once this node has left, never resolves. */
  held(signal: AbortSignal): Promise<void>
  /** False also where this node can't judge. One that has left, or that nobody knows, is dead. */
  isDead(node: NodeName): boolean
  /** Those among whom work of the dead is divided: the living that serve, neither starting nor leaving; this one too, if it does. */
  takers(): readonly NodeName[]
  /**
   * Calls back whenever one more or one less lives, and when this node can judge again: what `isDead` or `takers` say may have changed. `gone` names the
   * one that has died, or left.
   */
  onChange(listener: (gone?: NodeName) => void): void
}
