// Time comes from outside, so that a turn can be replayed and a test need not wait.

export interface Clock {
  /** Milliseconds since 1970. May jump; only for what people read. */
  now(): number
  /** Milliseconds that never run backwards; only for differences. */
  monotonic(): number
  /** Calls back after `ms`, unless cancelled by the function it returns. */
  after(ms: number, callback: () => void): () => void
}
