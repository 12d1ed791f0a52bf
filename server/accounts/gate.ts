// Lets a few through at once and a bounded number wait, in order. What comes beyond that is refused at once instead of late.

/** Gives undefined, without having called `work`, where too many wait already. */
export type Gate = <T>(work: () => Promise<T>) => Promise<{ readonly value: T } | undefined>

export function createGate(atOnce: number, mostWaiting: number): Gate {
  let under = 0
  const waiting: (() => void)[] = []
  return async work => {
    if (under < atOnce) under++
    else if (waiting.length >= mostWaiting) return undefined
    else await new Promise<void>(resolve => waiting.push(resolve)) // whoever leaves hands its place over
    try {
      return { value: await work() }
    } finally {
      const next = waiting.shift()
      if (next) next()
      else under--
    }
  }
}
