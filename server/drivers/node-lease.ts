// One node's row, taken and held: renewed before its lease runs out, each time on the condition that it stands as this process left it. So of two processes
// that have the same name one is refused while the other lives, and one that was halted for too long finds out that it was replaced.
import { JetStreamApiError } from '@nats-io/jetstream'
import type { KvEntry } from '@nats-io/kv'
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Nats } from './nats.ts'
import type { Bucket } from './nats-buckets.ts'
import { encodeRow, LEASE_MS, type NodeRow, RENEW_MS, rowIn } from './node-rows.ts'

/** How long one renewal waits for its acknowledgement. */
const TRY_MS = 1_000
/** Pause before a renewal that was not taken is tried again. */
const AGAIN_MS = 100
/** How often a row that another process has left is looked at, until it is known that nobody renews it. */
const LOOK_MS = 250
const WRONG_LAST_SEQUENCE = 10071

export interface LeaseParts {
  readonly nats: Nats
  readonly bucket: Bucket
  readonly clock: Clock
  /** The row as it is to be written now; of the same node and instance each time. */
  readonly row: () => NodeRow
  /** The servers have taken the renewal that was sent at `sentAt`. */
  readonly renewed: (sentAt: number) => void
  /** Another process has the name now: this one was halted for longer than its lease. It renews nothing any more. */
  readonly ousted: (by: NodeRow) => void
}

export interface Lease {
  /** Writes the row as it is now, at once. */
  renew(): void
  /** Takes the row away, so that nobody waits for the lease to run out. */
  giveUp(): Promise<void>
}

/** Takes the row, which may have been left by a process that died. Faults: NODE_NAME_TAKEN, LOG_UNAVAILABLE. */
export async function takeLease({ nats, bucket: { kv }, clock, row, renewed, ousted }: LeaseParts): Promise<Lease> {
  const { node, instance } = row()
  const get = (): Promise<KvEntry | null> => kv.get(node)
  const pause = (ms: number): Promise<void> => new Promise(resolve => setTimeout(resolve, ms))
  const taken = ({ url }: NodeRow): Fault => new Fault('NODE_NAME_TAKEN', { node, url: url ?? 'an address that it has not told yet' })
  let revision = await take()
  let isEnding = false
  let cancel = (): void => {}
  let underWay: Promise<void> | undefined

  async function take(): Promise<number> {
    const found = await nats.withinOpening(get)
    const left = await untilLeft(found)
    return nats.withinOpening(async () => {
      const sentAt = clock.monotonic()
      try {
        const seq = await kv.put(node, encodeRow(row()), { previousSeq: left?.revision ?? 0, timeout: TRY_MS })
        renewed(sentAt)
        return seq
      } catch (error) {
        if (!isWrongSequence(error)) throw error
        const now = await get()
        const there = rowIn(now)
        if (now && there?.instance === instance) return now.revision // its acknowledgement was lost
        throw there ? taken(there) : error
      }
    })
  }

  /** The entry of which it is known that nobody renews it. */
  async function untilLeft(found: KvEntry | null): Promise<KvEntry | null> {
    const until = clock.monotonic() + LEASE_MS
    for (let last = found; ; last = await nats.withinOpening(get)) {
      const there = rowIn(last)
      if (!there || clock.monotonic() >= until) return last
      if (last?.revision !== found?.revision) throw taken(there)
      await pause(LOOK_MS)
    }
  }

  async function renewOnce(): Promise<void> {
    const sentAt = clock.monotonic()
    try {
      revision = await kv.put(node, encodeRow(row()), { previousSeq: revision, timeout: TRY_MS })
      renewed(sentAt)
      next(Math.max(0, sentAt + RENEW_MS - clock.monotonic()))
    } catch (error) {
      if (isWrongSequence(error)) await lookWhy().catch(() => {}) // nobody answers: it is tried again
      next(AGAIN_MS)
    }
  }

  /** An earlier renewal was taken after all, or the row is gone, or another's. */
  async function lookWhy(): Promise<void> {
    const entry = await get()
    const there = rowIn(entry)
    if (there && there.instance !== instance) {
      isEnding = true
      return ousted(there)
    }
    revision = entry?.revision ?? 0
  }

  function next(ms: number): void {
    underWay = undefined
    if (!isEnding) cancel = clock.after(ms, renew)
  }

  function renew(): void {
    cancel()
    if (isEnding) return
    if (underWay) void underWay.then(renew)
    else underWay = renewOnce()
  }
  renew()

  return {
    renew,
    async giveUp() {
      if (isEnding) return
      isEnding = true
      cancel()
      await underWay
      await kv.delete(node, { previousSeq: revision }).catch(() => {}) // then the lease runs out
    },
  }
}

const isWrongSequence = (error: unknown): boolean => error instanceof JetStreamApiError && error.code === WRONG_LAST_SEQUENCE
