// What is told in few large steps, shown as if it went on evenly; of what was gone on with, only what was left is counted, since the time left is told by the
// speed so far.
const TICK_MS = 250
/** How far ahead of the last step that ended the bar may go. */
const MOST_AHEAD = 0.06

/** Between the ends of two steps the bar goes on at the speed so far. */
export function steadyProgress(show: (share: number) => void): { reached(share: number, before: number): void; end(): void } {
  const started = performance.now()
  let share = 0
  let at = started
  const timer = setInterval(() => {
    const speed = at === started ? 0 : share / (at - started)
    show(Math.min(0.99, share + Math.min(MOST_AHEAD, speed * (performance.now() - at))))
  }, TICK_MS)
  return {
    reached(now, before) {
      share = (now - before) / (1 - before)
      at = performance.now()
      show(share)
    },
    end: () => clearInterval(timer),
  }
}
