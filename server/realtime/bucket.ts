// A token bucket: `burst` at once, refilled at `perSecond`. Two numbers a connection, no timer.

export interface Bucket {
  /** Milliseconds to wait until one may be taken; 0 when it was taken. */
  take(nowMs: number): number
}

export function createBucket(burst: number, perSecond: number): Bucket {
  let level = burst
  let at = Number.NaN
  return {
    take(nowMs) {
      if (!Number.isNaN(at)) level = Math.min(burst, level + ((nowMs - at) / 1000) * perSecond)
      at = nowMs
      if (level < 1) return Math.max(1, Math.ceil(((1 - level) / perSecond) * 1000))
      level -= 1
      return 0
    },
  }
}
