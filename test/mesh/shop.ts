// The facts and effects of the demo shop, over the mesh of its three services: in a folder of their own, on a day of their own.
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import type { TestContext } from 'node:test'
import type { Effects } from '@parley/core/ports/effects.ts'
import type { Fact, Mesh, MeshQuery } from '@parley/core/ports/mesh.ts'
import type { ServiceName } from '@parley/demo-shop/services.ts'
import { createShopSource } from '@parley/mesh/joined/shop-source.ts'
import { type JoinedShop, openJoinedShop } from './joined-shop.ts'
import { patience } from './questions.ts'

export interface TestShop extends Pick<JoinedShop, 'services' | 'bugs'> {
  readonly joined: JoinedShop['mesh']
  readonly mesh: Mesh
  readonly effects: Effects
  /** Another connection to the file of a service. */
  connect(service?: ServiceName): DatabaseSync
}

export interface TestShopOptions {
  readonly deadlines?: Readonly<Record<string, number>>
  /** What the mesh's file says instead. */
  readonly change?: (text: string) => string
  /** A folder of the services that another process has used. */
  readonly folder?: string
}

/** Closed and removed after the test. */
export async function openTestShop(t: Pick<TestContext, 'after'>, { deadlines, change, folder }: TestShopOptions = {}): Promise<TestShop> {
  const { mesh: joined, services, bugs } = await openJoinedShop(t, deadlines, change, folder)
  services.fill()
  const source = createShopSource({ config: joined.config, mesh: async () => joined, customerIn: customer => customer })
  const connections: DatabaseSync[] = []
  t.after(() => {
    for (const connection of connections) if (connection.isOpen) connection.close()
  })
  return {
    ...source,
    joined,
    services,
    bugs,
    connect(service = 'crm') {
      const connection = new DatabaseSync(join(services.folder, `${service}.db`))
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
  return plain(given.value)
}

/** As JSON has it: what GraphQL makes has no prototype. */
export const plain = <T>(value: T): T => (value === undefined ? value : JSON.parse(JSON.stringify(value)))

/** How many rows the statement counts. */
export const count = (database: DatabaseSync, from: string, ...values: string[]): number =>
  (database.prepare(`SELECT count(*) AS n FROM ${from}`).get(...values) as { readonly n: number }).n // the one column named here
