// The real server in a process of its own, which ends itself with kill -9 at the n-th passing of one label. It loads its code ahead and waits for its
// orders, so that a round of crash.test.ts does not wait for the loading; told to rest, it says when nothing is unfinished any more.
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import { startServer } from '@parley/server/compose.ts'
import { readConfig } from '@parley/server/config.ts'
import { createLogger } from '@parley/server/logger.ts'
import { createSeams, type Label } from './crash-labels.ts'

export interface Orders {
  readonly data: string
  readonly port: number
  /** Where the end comes, and at which passing of it; null: nowhere. */
  readonly death: { readonly label: Label; readonly passing: number; readonly turnsIn: number } | null
  readonly plugins: readonly string[]
}
export type Told = { readonly type: 'loaded' } | { readonly type: 'ready'; readonly url: string } | { readonly type: 'at rest' }

const tell = (told: Told): void => void process.send?.(told)

async function serve({ data, port, death, plugins }: Orders): Promise<void> {
  let passings = 0
  const seams = createSeams(label => {
    if (label === death?.label && ++passings === death.passing) process.kill(process.pid, 'SIGKILL')
  }, death?.turnsIn ?? 0)
  let conversations: Conversations | undefined
  const config = readConfig({ PARLEY_DATA: data }, { port })
  const shops = config.shops.map(shop => ({ ...shop, plugins: [...plugins] }))
  const server = await startServer({ ...config, shops }, createLogger('warn'), undefined, {
    ...seams,
    conversations: stored => (conversations = seams.conversations(stored)),
  })
  process.on('message', async () => {
    // The only message that follows the orders asks to say when nothing is unfinished.
    const isUnfinished = async (): Promise<boolean> => {
      for await (const _ of conversations?.unsettled() ?? []) return true
      return server.engine.turnsUnderWay > 0
    }
    while (await isUnfinished()) await nextTurn()
    tell({ type: 'at rest' })
  })
  process.once('SIGTERM', async () => {
    await server.stop()
    process.exit(0)
  })
  tell({ type: 'ready', url: server.url })
}

process.once('message', (orders: Orders) => void serve(orders))
process.once('disconnect', () => process.exit(1)) // never without its test
tell({ type: 'loaded' })
