// A bucket for each of many: addresses, names. Only so many are kept; the one unused for longest goes first, which at worst gives it a full one again.
import { type Bucket, createBucket } from './bucket.ts'

const MOST = 10_000

export interface Buckets {
  /** Milliseconds to wait until this one may take; 0 when it was taken. */
  take(whose: string, nowMs: number): number
}

export function createBuckets(burst: number, perSecond: number): Buckets {
  const kept = new Map<string, Bucket>()
  return {
    take(whose, nowMs) {
      const bucket = kept.get(whose) ?? createBucket(burst, perSecond)
      kept.delete(whose)
      kept.set(whose, bucket)
      if (kept.size > MOST) kept.delete(kept.keys().next().value as string) // size > 0: there is a first key
      return bucket.take(nowMs)
    },
  }
}
