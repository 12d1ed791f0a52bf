// What one query asked of its sources: how often each operation, what of it was there already, how many calls went out for it and how long it took.
// For who looks for the reason of a slow query; nobody else pays for it.
import type { Reader, Reading } from './reader.ts'

export interface TracedReading {
  readonly source: string
  /** `orders.listOrders`; of a batch with ` each`. */
  readonly operation: string
  /** How often the query asked it: once for each object. */
  readonly asked: number
  /** Calls to the source, second attempts not counted. Less than asked where ids went together, or where an answer was kept or on its way. */
  readonly calls: number
  /** From its first question to its last answer. */
  readonly ms: number
}

export function traced(reader: Reader, now: () => number = performance.now.bind(performance)) {
  const begun = now()
  const readings = new Map<string, { source: string; asked: number; calls: number; from: number; to: number }>()
  const tracing: Reader = {
    ...reader,
    async read(reading, args, scope, signal) {
      const known = readings.get(reading.name) ?? { source: reading.source, asked: 0, calls: 0, from: now(), to: now() }
      readings.set(reading.name, known)
      known.asked++
      const counted: Reading = {
        ...reading,
        call(...given) {
          known.calls++
          return reading.call(...given)
        },
      }
      try {
        return await reader.read(counted, args, scope, signal)
      } finally {
        known.to = now()
      }
    },
  }
  const round = (ms: number): number => Math.round(ms * 10) / 10
  return {
    reader: tracing,
    trace: () => ({
      ms: round(now() - begun),
      calls: [...readings.values()].reduce((sum, { calls }) => sum + calls, 0),
      readings: [...readings].map(
        ([operation, { source, asked, calls, from, to }]): TracedReading => ({ source, operation, asked, calls, ms: round(to - from) }),
      ),
    }),
  }
}
