// The demo shop's thread. SQLite blocks, and a flush may take as long as the disk likes: here that holds up nobody but the shop.
import { mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { parentPort, workerData } from 'node:worker_threads'
import { createRunEffect } from './cases.ts'
import { openDatabase } from './database.ts'
import { createOrderBook } from './order-book.ts'
import { createFindShopper } from './shoppers.ts'
import type { FromThread, Results, ThreadData, ToThread, Work } from './work.ts'

const { file, today, adopts } = workerData as ThreadData // shop-thread.ts starts it with these
const port = parentPort! // this file runs in a thread only
const tell = (message: FromThread): void => port.postMessage(message)
const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

function open() {
  mkdirSync(dirname(file), { recursive: true })
  const database = openDatabase(file, today)
  const findShopper = createFindShopper(database, adopts)
  return { database, findShopper, book: createOrderBook(database), runEffect: createRunEffect(database, findShopper) }
}

type Shop = ReturnType<typeof open>

function answer({ findShopper, book, runEffect }: Shop, work: Work): Results[Work['type']] {
  switch (work.type) {
    case 'facts': {
      // The empty id is no customer's: who is unknown has no orders, and is answered like one who has none.
      const shopper = findShopper(work.query.customer) ?? ''
      const { order } = work.query.slots
      const read = {
        orders: () => book.orders(shopper, work.telling),
        order: () => book.order(shopper, order, work.telling),
        refund: () => book.refund(shopper, order, work.telling),
        cases: () => book.cases(shopper),
      }
      return Object.fromEntries(work.names.map(name => [name, read[name]()]))
    }
    case 'orders':
      return book.orders(findShopper(work.customer) ?? '', work.telling, -1) // SQLite's word for no limit
    case 'effect':
      return runEffect(work.request)
  }
}

try {
  const shop = open()
  port.on('message', (message: ToThread) => {
    if (message.type === 'close') {
      shop.database.close()
      port.close()
      return
    }
    try {
      tell({ type: 'result', result: answer(shop, message.work) })
    } catch (error) {
      tell({ type: 'failure', reason: reasonOf(error) })
    }
  })
  tell({ type: 'ready' })
} catch (error) {
  tell({ type: 'unusable', reason: reasonOf(error) })
  port.close()
}
