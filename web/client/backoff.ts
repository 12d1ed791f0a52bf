// How long to wait before connecting again. Full jitter: after a restart of the server thousands of clients must not come back in step.

const FIRST_MS = 600
const CAP_MS = 30_000

/** Milliseconds before attempt number `attempt` (0 is the first): anywhere from 0 to a bound that doubles. The first waits 300 ms on average. */
export const backoffMs = (attempt: number, random: () => number): number => random() * Math.min(CAP_MS, FIRST_MS * 2 ** attempt)
