// How far a long command has come and how long it still takes, on a terminal alone: a script's output stays clean.
const WIDTH = 30
/** A terminal need not be written to more often. */
const EVERY_MS = 100

/** `label [######------]  41 %  00:12 left`; without a time until there is one to tell. */
export function barOf(label: string, done: number, total: number, elapsedMs: number): string {
  const share = total === 0 ? 1 : Math.min(done / total, 1)
  const full = Math.floor(share * WIDTH)
  const left = share === 0 ? '' : `  ${clock((elapsedMs / share) * (1 - share))} left`
  return `${label} [${'#'.repeat(full)}${'-'.repeat(WIDTH - full)}] ${String(Math.floor(share * 100)).padStart(3)} %${left}`
}

function clock(ms: number): string {
  const seconds = Math.ceil(ms / 1000)
  const two = (value: number): string => String(value).padStart(2, '0')
  const minutes = `${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return seconds < 3600 ? minutes : `${Math.floor(seconds / 3600)}:${minutes}`
}

export interface ProgressBar {
  readonly show: (done: number, total: number) => void
  /** Clears the line. */
  end(): void
}

export function progressBar(label: string, out: NodeJS.WriteStream = process.stderr): ProgressBar {
  if (!out.isTTY) return { show() {}, end() {} }
  const started = performance.now()
  let shownAt = Number.NEGATIVE_INFINITY
  return {
    show(done, total) {
      const now = performance.now()
      if (now - shownAt < EVERY_MS && done < total) return
      shownAt = now
      out.write(`\r${barOf(label, done, total, now - started)}\u001b[K`)
    },
    end: () => void out.write('\r\u001b[K'),
  }
}
