// A demo shop in a folder of its own, on a day of its own.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import type { Worker } from 'node:worker_threads'
import type { Fact, Mesh, MeshQuery } from '@parley/core/ports/mesh.ts'
import { type DemoShop, type DemoShopOptions, openDemoShop } from '@parley/mesh/demo-shop/demo-shop.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { patience, TODAY } from './questions.ts'

export interface TestShop extends DemoShop {
  readonly file: string
  /** The thread that was started last, by whichever shop of the test: to be killed, as nothing in the shop itself would. */
  thread(): Worker
  /** Another connection to the file. */
  connect(): DatabaseSync
}

/** Closed and removed after the test. */
export async function openTestShop(t: TestContext, options: Partial<DemoShopOptions> = {}): Promise<TestShop> {
  const folder = temporaryFolder()
  const file = options.file ?? join(folder.path, 'demo-shop', 'shop.db')
  let newest: Worker | undefined
  const watch = (worker: Worker): void => {
    newest = worker
  }
  process.on('worker', watch)
  const shop = await openDemoShop({ file, today: () => TODAY, adopts: false, ...options })
  const connections: DatabaseSync[] = []
  const close = async (): Promise<void> => {
    process.off('worker', watch)
    for (const connection of connections.splice(0)) if (connection.isOpen) connection.close()
    await shop.close()
  }
  t.after(async () => {
    await close()
    folder.remove()
  })
  return {
    ...shop,
    close,
    file,
    thread: () => newest!, // openDemoShop has started it
    connect() {
      const connection = new DatabaseSync(file)
      connections.push(connection)
      return connection
    },
  }
}

export async function fact(mesh: Mesh, name: string, asked: MeshQuery): Promise<unknown> {
  const { [name]: given } = await mesh.facts([name], asked, patience())
  return known(given)
}

export function known(given: Fact | undefined): unknown {
  if (!given?.isKnown) throw new Error(`the fact is not known: ${JSON.stringify(given)}`)
  return given.value
}

/** How many rows the statement counts. */
export const count = (database: DatabaseSync, from: string, ...values: string[]): number =>
  (database.prepare(`SELECT count(*) AS n FROM ${from}`).get(...values) as { readonly n: number }).n // the one column named here
