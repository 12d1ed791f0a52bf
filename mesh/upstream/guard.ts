// Keeps one source's troubles its own: a deadline over all attempts, a second attempt where that is safe, no more calls at once than it can bear, and
// after some failures in a row a pause in which it is left alone. cockatiel does the counting.
import {
  BrokenCircuitError,
  BulkheadRejectedError,
  bulkhead,
  ConsecutiveBreaker,
  circuitBreaker,
  ExponentialBackoff,
  handleWhen,
  retry,
  wrap,
} from 'cockatiel'
import { isFailing, isPassing, SourceError } from './source-error.ts'

export interface GuardSettings {
  /** For one answer, with all its attempts. */
  readonly deadlineMs: number
  /** Attempts after the first, of what can be asked twice. */
  readonly retries: number
  /** Calls under way; as many again as `waiting` stand in line, and more are refused. */
  readonly atOnce: number
  readonly waiting: number
  /** So many failures in a row, and the source is left alone for `pauseMs`; then one call tries. */
  readonly failures: number
  readonly pauseMs: number
}

export const GUARD: GuardSettings = { deadlineMs: 800, retries: 1, atOnce: 64, waiting: 1_000, failures: 5, pauseMs: 5_000 }

export interface Guard {
  /**
   * `attempt` is to reject with a SourceError, or with the signal's reason. `isSafe`: it may be made again, since it changes nothing. Rejects with a
   * SourceError, or with the reason of `signal` when that aborts.
   */
  call<T>(attempt: (signal: AbortSignal) => Promise<T>, isSafe: boolean, signal?: AbortSignal): Promise<T>
}

/** Milliseconds before a second attempt, at the least: drawn, so that many do not come back at one time. */
const FIRST_WAIT_MS = 20
const LONGEST_WAIT_MS = 400

export function createGuard(source: string, settings: GuardSettings = GUARD): Guard {
  const breaker = circuitBreaker(
    handleWhen(error => error instanceof SourceError && isFailing(error)),
    { halfOpenAfter: settings.pauseMs, breaker: new ConsecutiveBreaker(settings.failures) },
  )
  const inTurn = wrap(breaker, bulkhead(settings.atOnce, settings.waiting))
  const again = wrap(
    retry(
      handleWhen(error => error instanceof SourceError && isPassing(error) && (error.details.retryAfterMs ?? 0) <= LONGEST_WAIT_MS),
      // cockatiel draws each wait: decorrelated jitter.
      { maxAttempts: settings.retries, backoff: new ExponentialBackoff({ initialDelay: FIRST_WAIT_MS, maxDelay: LONGEST_WAIT_MS }) },
    ),
    inTurn,
  )

  return {
    call: (attempt, isSafe, signal) =>
      new Promise((resolve, reject) => {
        const controller = new AbortController()
        const { signal: ended } = controller
        const timer = setTimeout(() => controller.abort(new SourceError('SOURCE_TIMEOUT', source)), settings.deadlineMs)
        const leave = (): void => controller.abort(signal?.reason)
        const stay = (): void => {
          clearTimeout(timer)
          signal?.removeEventListener('abort', leave)
        }
        // A call that stands in line is not told of its deadline by the line.
        const end = (): void => {
          stay()
          reject(ended.reason)
        }
        ended.addEventListener('abort', end, { once: true })
        if (signal?.aborted) leave()
        else signal?.addEventListener('abort', leave, { once: true })
        const policy = isSafe && settings.retries > 0 ? again : inTurn
        policy
          .execute(() => withReason(attempt, ended), ended)
          .then(
            value => {
              stay()
              resolve(value)
            },
            error => {
              stay()
              if (error instanceof BrokenCircuitError) reject(new SourceError('SOURCE_DOWN', source, { retryAfterMs: settings.pauseMs }))
              else if (error instanceof BulkheadRejectedError) reject(new SourceError('SOURCE_BUSY', source))
              else reject(error)
            },
          )
      }),
  }
}

/** An attempt that was ended rejects with why: so the breaker sees a deadline as one, and a caller who left as nothing of the source's. */
async function withReason<T>(attempt: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  try {
    return await attempt(signal)
  } catch (error) {
    throw signal.aborted ? signal.reason : error
  }
}
