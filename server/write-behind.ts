// What is noted often is written together, a little later, and one write after another. What could not be written is tried again with what comes next.
import type { Clock } from '@parley/core/ports/clock.ts'

const FLUSH_MS = 2_000

export interface Taken {
  /** Writes it; rejects where that cannot be done. */
  write(): Promise<void>
  /** Notes it again, before what was noted since. */
  putBack(): void
}

export interface WriteBehind {
  /** Something was noted: it is written before long. */
  soon(): void
  /** After what is being written, and before what is written next. */
  inTurn<T>(work: () => Promise<T>): Promise<T>
  /** Writes what is not written yet. Never rejects. */
  flush(): Promise<void>
}

/** `take`: what was noted so far, which is not noted any more; undefined where there is nothing. `broke` is told once, until something was written again. */
export function createWriteBehind(clock: Clock, take: () => Taken | undefined, broke: (error: unknown) => void): WriteBehind {
  let cancel: (() => void) | undefined
  let last: Promise<unknown> = Promise.resolve()
  let isFailing = false

  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work)
    last = done.catch(() => {}) // whoever asked for it is told
    return done
  }
  async function writeNow(): Promise<void> {
    const taken = take()
    if (!taken) return
    try {
      await taken.write()
      isFailing = false
    } catch (error) {
      taken.putBack()
      if (!isFailing) broke(error)
      isFailing = true
    }
  }
  const flush = (): Promise<void> => {
    cancel?.()
    cancel = undefined
    return inTurn(writeNow)
  }
  return {
    soon() {
      cancel ??= clock.after(FLUSH_MS, () => void flush())
    },
    inTurn,
    flush,
  }
}
