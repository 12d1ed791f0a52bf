// The three services in a thread of their own: SQLite blocks, and whoever asks them over HTTP should not be held up by it.
import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import type { ServiceName } from './services.ts'

export interface ThreadStart {
  readonly folder: string
  readonly tokens: Readonly<Record<ServiceName, string>>
  /** The date in the shop, `YYYY-MM-DD`; the machine's unless given. */
  readonly today?: string
}

export interface ServicesThread {
  readonly urls: Readonly<Record<ServiceName, string>>
  close(): Promise<void>
}

const WORKER = new URL('./services-worker.ts', import.meta.url)

/** On free ports of 127.0.0.1. Rejects where the thread ends before they listen. `onEnd` is told when it ends by itself later. */
export async function startServicesThread(start: ThreadStart, onEnd: (error?: Error) => void = () => {}): Promise<ServicesThread> {
  const worker = new Worker(WORKER, { name: 'demo-services', workerData: start, execArgv: ['--disable-warning=ExperimentalWarning'] })
  let isClosed = false
  const ended = once(worker, 'exit')
  worker.on('error', error => {
    if (!isClosed) onEnd(error)
  })
  const [urls] = (await Promise.race([
    once(worker, 'message'),
    ended.then(() => {
      throw new Error("the demo shop's services ended before they listened")
    }),
  ])) as [ServicesThread['urls']] // what the worker says once it listens
  worker.unref()
  return {
    urls,
    async close() {
      isClosed = true
      worker.ref()
      worker.postMessage('close')
      await ended
    },
  }
}
