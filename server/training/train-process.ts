// A training of the server's, in a process of its own: it steps back for everything else on the machine, what memory it takes is not the engine's, and
// it ends with the engine, however that ends.
import { setPriority } from 'node:os'
import { isFault } from '@parley/core/faults.ts'
import { openModelStore } from '../model-store/open-model-store.ts'
import { readOrder } from './order.ts'
import { trainModel } from './train-model.ts'

export interface StartTraining {
  readonly data: string
  readonly run: string
  readonly threads: number
}

export type FromTraining =
  | { readonly type: 'progress'; readonly share: number }
  | { readonly type: 'done'; readonly kind: string; readonly version: string }
  | { readonly type: 'failed'; readonly code: string; readonly message: string }

/** The least that a process can ask for. */
const LAST = 19

const tell = (message: FromTraining): Promise<void> => new Promise(resolve => process.send?.(message, () => resolve()))

process.on('disconnect', () => process.exit(1))
process.once('message', async (start: StartTraining) => {
  try {
    setPriority(LAST) // before its threads begin: they inherit it
    await tell(await work(start))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    await tell({ type: 'failed', code: isFault(error) ? error.code : 'INTERNAL', message })
  }
  process.exit()
})

async function work({ data, run, threads }: StartTraining): Promise<FromTraining> {
  const order = readOrder(data, run)
  const { kind } = order.task
  return trainModel(order, { data, threads, onProgress: share => void tell({ type: 'progress', share }) }, async folder => {
    const store = openModelStore(data)
    try {
      return { type: 'done', kind, version: store.add(kind, folder).version }
    } finally {
      await store.close()
    }
  })
}
