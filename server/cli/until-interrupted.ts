// Long work of a command, with its bars, that Ctrl-C ends in peace.
import { progressBar } from './progress-bar.ts'

/** Exit status of a command that was broken off at the keyboard. */
const INTERRUPTED = 130

/** `what` is done at present, `share` of it so far, 0 to 1. */
export type Progress = (what: string, share: number) => void

/**
 * What `work` gives; undefined where Ctrl-C came first, after which `brokenOff` is said and the exit status is 130. The bars are gone when it returns
 * or throws.
 */
export async function untilInterrupted<T extends object>(
  brokenOff: string,
  work: (signal: AbortSignal, onProgress: Progress) => Promise<T>,
): Promise<T | undefined> {
  const stop = new AbortController()
  const interrupt = (): void => stop.abort(new Error('interrupted'))
  process.once('SIGINT', interrupt)
  const bars = progressBars()
  try {
    return await work(stop.signal, bars.show)
  } catch (error) {
    if (!stop.signal.aborted || error !== stop.signal.reason) throw error
    bars.end()
    process.stderr.write(`${brokenOff}\n`)
    process.exitCode = INTERRUPTED
    return undefined
  } finally {
    bars.end()
    process.off('SIGINT', interrupt)
  }
}

/** One bar after the other, each with its own time left. */
function progressBars() {
  let current: { readonly what: string; readonly bar: ReturnType<typeof progressBar> } | undefined
  const end = (): void => {
    current?.bar.end()
    current = undefined
  }
  return {
    show(what: string, share: number): void {
      if (current?.what !== what) {
        end()
        current = { what, bar: progressBar(what) }
      }
      current.bar.show(share, 1)
    },
    end,
  }
}
