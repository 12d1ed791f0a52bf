// Keeps the demo shop's thread at work: hands it one piece of work after another, ends a waiting when its signal says so, and replaces a thread that
// dies. Work that waits here has not begun; so what nobody waits for any more is taken out of the line and costs the thread nothing.

import { Worker } from 'node:worker_threads'
import { Fault } from '@parley/core/faults.ts'
import type { FromThread, Results, ThreadData, ToThread, Work } from './work.ts'

const SOURCE = 'demo-shop'
const WORKER = new URL('./shop-worker.ts', import.meta.url)
/** A thread that dies is tried again after twice as long each time, until one has done some work. */
const RETRY_MS = 50
const LONGEST_RETRY_MS = 5_000

export interface ShopThread {
  /** Faults: SOURCE_UNAVAILABLE, when `signal` ended the waiting, the thread died or has not been replaced yet, or SQLite failed. */
  run<W extends Work>(work: W, signal: AbortSignal): Promise<Results[W['type']]>
  /** Waits for what the thread is doing; what has not begun is given up. */
  close(): Promise<void>
}

export interface ShopThreadOptions {
  readonly file: string
  readonly adopts: boolean
  readonly today: () => string
  /** A thread died, or one in its place could not open the file; another is tried soon. */
  readonly onFailure: (reason: string) => void
}

interface Errand {
  readonly work: Work
  readonly settle: (answer: Extract<FromThread, { type: 'result' | 'failure' }>) => void
}

/** Resolves when the file is open, made and filled. Faults: SOURCE_INVALID where it cannot be. */
export async function startShopThread({ file, adopts, today, onFailure }: ShopThreadOptions): Promise<ShopThread> {
  const line = new Set<Errand>()
  let atWork: Errand | undefined
  /** The thread that is ready for work. */
  let ready: Worker | undefined
  let newest: Worker | undefined
  let retry: NodeJS.Timeout | undefined
  let retryMs = RETRY_MS
  let isClosed = false

  const sendNext = (): void => {
    const next = line.values().next().value
    if (!ready || atWork || !next) return
    line.delete(next)
    atWork = next
    ready.postMessage({ type: 'work', work: next.work } satisfies ToThread)
  }

  const giveUpAll = (reason: string): void => {
    const all = [...(atWork ? [atWork] : []), ...line]
    atWork = undefined
    line.clear()
    for (const errand of all) errand.settle({ type: 'failure', reason })
  }

  /** `onEnd` gets why the thread ended. */
  const start = (onReady: () => void, onEnd: (reason: string) => void): Worker => {
    const worker = new Worker(WORKER, {
      name: 'demo-shop', // what `top -H` shows
      workerData: { file, adopts, today: today() } satisfies ThreadData,
      execArgv: ['--disable-warning=ExperimentalWarning'],
    })
    let reason = 'the thread ended'
    worker.on('message', (message: FromThread) => {
      if (message.type === 'unusable') reason = message.reason
      else if (message.type === 'ready') {
        ready = worker
        onReady()
      } else {
        retryMs = RETRY_MS
        const errand = atWork
        atWork = undefined
        errand?.settle(message)
      }
      sendNext()
    })
    worker.on('error', error => {
      reason = error instanceof Error ? error.message : String(error)
    })
    worker.on('exit', () => {
      if (ready === worker) ready = undefined
      giveUpAll(reason)
      onEnd(reason)
    })
    return worker
  }

  const replace = (reason: string): void => {
    if (isClosed) return
    onFailure(reason)
    retry = setTimeout(() => {
      newest = start(() => {}, replace)
    }, retryMs)
    retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS)
  }

  let isOpened = false
  await new Promise<void>((resolve, reject) => {
    const opened = (): void => {
      isOpened = true
      resolve()
    }
    // Before it was open nobody has been promised anything, and the operator can be told at once.
    newest = start(opened, reason => (isOpened ? replace(reason) : reject(new Fault('SOURCE_INVALID', { source: SOURCE, file, reason }))))
  })

  return {
    run<W extends Work>(work: W, signal: AbortSignal): Promise<Results[W['type']]> {
      return new Promise((resolve, reject) => {
        const fail = (reason: string): void => reject(new Fault('SOURCE_UNAVAILABLE', { source: SOURCE, reason }))
        if (signal.aborted) return fail('no answer by the deadline')
        if (isClosed) return fail('it is closed')
        if (!ready) return fail('it is being started again')
        const end = (): void => {
          line.delete(errand)
          fail('no answer by the deadline')
        }
        const errand: Errand = {
          work,
          settle(answer) {
            signal.removeEventListener('abort', end)
            // The thread answers each work with the result of its kind.
            if (answer.type === 'result') resolve(answer.result as Results[W['type']])
            else fail(answer.reason)
          },
        }
        signal.addEventListener('abort', end, { once: true })
        line.add(errand)
        sendNext()
      })
    },
    async close() {
      if (isClosed) return
      isClosed = true
      clearTimeout(retry)
      const waiting = [...line]
      line.clear()
      for (const errand of waiting) errand.settle({ type: 'failure', reason: 'it is closed' })
      if (!newest || newest.threadId === -1) return // the last one has ended
      const ended = new Promise(resolve => newest?.once('exit', resolve))
      // One that is ready does what it has begun and closes its file; one that is still opening it has nothing to keep.
      if (ready === newest) newest.postMessage({ type: 'close' } satisfies ToThread)
      else void newest.terminate()
      await ended
    },
  }
}
