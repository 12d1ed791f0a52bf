// What a remote voter may cost: requests at a time and in a minute, tokens in a day. What is beyond is not asked; nothing waits in a line, since a turn
// has no time for one.
import type { Clock } from '@parley/core/ports/clock.ts'
import { createBucket } from '../realtime/bucket.ts'

export interface BudgetLimits {
  readonly concurrent: number
  readonly requestsPerMinute: number
  readonly tokensPerDay: number
}

export interface Budget {
  /** Takes one request, or says why not. Whoever took one gives it back with `end`. */
  take(): string | undefined
  end(): void
  spend(tokens: number): void
  tokensToday(): number
}

const DAY_MS = 86_400_000

export function createBudget(
  { concurrent, requestsPerMinute, tokensPerDay }: BudgetLimits,
  clock: Pick<Clock, 'now' | 'monotonic'>,
): Budget {
  const bucket = createBucket(requestsPerMinute, requestsPerMinute / 60)
  let underWay = 0
  let day = Number.NaN
  let tokens = 0
  const tokensToday = (): number => {
    const today = Math.floor(clock.now() / DAY_MS)
    if (today !== day) tokens = 0
    day = today
    return tokens
  }
  return {
    take() {
      if (underWay >= concurrent) return `${underWay} requests are under way (concurrent)`
      if (tokensToday() >= tokensPerDay) return 'the tokens of today are spent (tokensPerDay)'
      if (bucket.take(clock.monotonic()) > 0) return 'the requests of this minute are spent (requestsPerMinute)'
      underWay++
      return undefined
    },
    end() {
      underWay--
    },
    spend(more) {
      tokens = tokensToday() + more
    },
    tokensToday,
  }
}
