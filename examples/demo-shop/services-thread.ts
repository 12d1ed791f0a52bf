// The three services in a thread of their own: SQLite blocks, and whoever asks them over HTTP should not be held up by it. A thread that dies is
// replaced, on the same ports and with the same tokens: who asks them finds them where they were.
import { Worker } from 'node:worker_threads'
import type { ServiceName } from './services.ts'

export interface ThreadStart {
  readonly folder: string
  readonly tokens: Readonly<Record<ServiceName, string>>
  /** The date in the shop, `YYYY-MM-DD`; the machine's, where none is given. */
  readonly today?: string
  /** Free ones where none are given. */
  readonly ports?: Readonly<Record<ServiceName, number>>
}

export interface ServicesThread {
  readonly urls: Readonly<Record<ServiceName, string>>
  close(): Promise<void>
}

const WORKER = new URL('./services-worker.ts', import.meta.url)
/** A thread that dies is tried again after twice as long each time, until one listens. */
const RETRY_MS = 50
const LONGEST_RETRY_MS = 5_000

/** On 127.0.0.1. Rejects where the thread ends before they listen for the first time. `onFailure` is told of every thread that ends by itself later. */
export async function startServicesThread(start: ThreadStart, onFailure: (reason: string) => void = () => {}): Promise<ServicesThread> {
  let isClosed = false
  let retryMs = RETRY_MS
  let retry: NodeJS.Timeout | undefined
  let worker: Worker
  let ended: Promise<void>

  /** Resolves with where they listen. */
  const run = (given: ThreadStart): Promise<ServicesThread['urls']> => {
    const next = new Worker(WORKER, { name: 'demo-services', workerData: given, execArgv: ['--disable-warning=ExperimentalWarning'] })
    worker = next
    return new Promise((resolve, reject) => {
      let reason = 'the thread ended'
      next.on('error', error => {
        reason = error instanceof Error ? error.message : String(error)
      })
      ended = new Promise(end =>
        next.once('exit', () => {
          reject(new Error(reason))
          end()
        }),
      )
      next.once('message', resolve)
    })
  }

  const urls = await run(start)
  worker!.unref() // run has set it
  const ports = Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, Number(new URL(url).port)])) as Readonly<
    Record<ServiceName, number>
  > // of the same names

  const watch = (): void => {
    void ended.then(() => {
      if (isClosed) return
      onFailure("the demo shop's services ended")
      again()
    })
  }
  const again = (): void => {
    retry = setTimeout(() => {
      run({ ...start, ports }).then(
        () => {
          worker.unref()
          retryMs = RETRY_MS
          watch()
        },
        (error: Error) => {
          if (isClosed) return
          onFailure(error.message)
          again()
        },
      )
    }, retryMs)
    retry.unref()
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)
  }
  watch()

  return {
    urls,
    async close() {
      if (isClosed) return ended
      isClosed = true
      clearTimeout(retry)
      worker.ref()
      worker.postMessage('close')
      await ended
    },
  }
}
