// Hive Gateway, the peer: GraphQL Mesh makes one schema of the same three documents (@omnigraph/openapi, @graphql-mesh/compose-cli) with the same joins,
// and Hive Gateway serves it. 792 packages, 528 MB: npm brings them into .cache/ when the bench runs, and the project does not depend on them.
//
// Set up as its documentation says, and where there is a choice, for speed: joins by `@resolveTo` with `keysArg`, so that the ids of one query are one
// call; its cache of parsed and checked documents, and its sharing of calls in flight, are on by their own defaults (the latter is of its GraphQL
// transport, and does nothing for REST, as the count of calls shows); one process; graphql 16, NODE_ENV=production. What the query does not tell of
// (problems) is left out of the documents, so that there are no unions to resolve. Where answers are kept it is its own cache of whole responses, for
// a second. HIVE_ARGS adds to its command line: --jit.
import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { SERVICES } from '@parley/demo-shop/services.ts'
import { parse, stringify } from 'yaml'
import { MESH_FILE } from './parley-mesh.ts'
import { AUTHORIZATION, type ShopAnswer, type Urls } from './shop.ts'

const FOLDER = fileURLToPath(new URL('../../.cache/bench-mesh', import.meta.url))
const PACKAGES = {
  '@graphql-hive/gateway': '2.15.1',
  '@graphql-mesh/compose-cli': '1.8.2',
  '@graphql-mesh/transport-rest': '0.12.2',
  '@omnigraph/openapi': '0.112.4',
  graphql: '16.15.0',
}
export const HIVE_VERSION = `@graphql-hive/gateway ${PACKAGES['@graphql-hive/gateway']}`
const KEPT_MS = 1_000

export const HIVE_QUERY = `query ($id: String!) { getCustomer(id: $id) {
  orders(status: returning) { orders { items { name price } fulfilment { status } refund { progress } } } } }`

interface HiveData {
  readonly getCustomer: {
    readonly orders: {
      readonly orders: readonly {
        readonly items: readonly { readonly name: string; readonly price: string }[]
        readonly fulfilment: { readonly status: string } | null
        readonly refund: { readonly progress: string } | null
      }[]
    }
  } | null
}

/** Its answer in the words of ours. */
export function fromHive({ getCustomer }: HiveData): ShopAnswer {
  const upper = (text: string | undefined): string | null => text?.toUpperCase() ?? null
  if (!getCustomer) return { customer: null }
  const orders = getCustomer.orders.orders.map(({ items, fulfilment, refund }) => ({
    items,
    warehouseStatus: upper(fulfilment?.status),
    refundProgress: upper(refund?.progress),
  }))
  return { customer: { orders } }
}

const COMPOSE = `
import { defineConfig } from '@graphql-mesh/compose-cli'
import { loadOpenAPISubgraph } from '@omnigraph/openapi'
const urls = JSON.parse(process.env.URLS)
export const composeConfig = defineConfig({
  subgraphs: Object.entries(urls).map(([name, endpoint]) => ({
    sourceHandler: loadOpenAPISubgraph(name, {
      source: './' + name + '.openapi.yaml', endpoint, operationHeaders: { authorization: process.env.AUTHORIZATION, 'accept-language': 'en' },
    }),
  })),
  additionalTypeDefs: \`
    extend type Customer {
      orders(status: OrderStatus): OrderPage @resolveTo(sourceName: "orders", sourceTypeName: "Query", sourceFieldName: "listOrders",
        requiredSelectionSet: "{ id }", sourceArgs: { customer: "{root.id}", status: "{args.status}" })
    }
    extend type Order {
      fulfilment: Fulfilment @resolveTo(sourceName: "warehouse", sourceTypeName: "Query", sourceFieldName: "findFulfilments",
        keyField: "number", keysArg: "orders")
      refund: Refund @resolveTo(sourceName: "crm", sourceTypeName: "Query", sourceFieldName: "findRefunds",
        keyField: "number", keysArg: "orders")
    }\`,
})
`
const GATEWAY = `
import { defineConfig } from '@graphql-hive/gateway'
export const gatewayConfig = defineConfig({
  logging: 'error',
  ...(process.env.KEPT_MS && { cache: { type: 'localforage' }, responseCaching: { session: () => null, ttl: Number(process.env.KEPT_MS) } }),
})
`

/** Brings it, and makes the one schema. Says in a line why that cannot be done, where it cannot. */
export function prepareHive(urls: Urls): string | undefined {
  mkdirSync(FOLDER, { recursive: true })
  try {
    if (!existsSync(join(FOLDER, 'node_modules/@graphql-hive/gateway'))) {
      writeFileSync(join(FOLDER, 'package.json'), JSON.stringify({ private: true, type: 'module', dependencies: PACKAGES }))
      execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
        cwd: FOLDER,
        stdio: ['ignore', 'ignore', 'inherit'],
      })
    }
    for (const name of SERVICES) {
      const file = `${name}.openapi.yaml`
      writeFileSync(join(FOLDER, file), withoutProblems(readFileSync(join(dirname(MESH_FILE), file), 'utf8')))
    }
    writeFileSync(join(FOLDER, 'mesh.config.mjs'), COMPOSE)
    writeFileSync(join(FOLDER, 'gateway.config.mjs'), GATEWAY)
    execFileSync(process.execPath, ['node_modules/.bin/mesh-compose', '-c', 'mesh.config.mjs', '-o', 'supergraph.graphql'], {
      cwd: FOLDER,
      env: { ...process.env, URLS: JSON.stringify(urls), AUTHORIZATION },
      stdio: ['ignore', 'ignore', 'inherit'],
    })
    return undefined
  } catch (error) {
    return `${HIVE_VERSION} cannot be brought: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`
  }
}

function withoutProblems(text: string): string {
  const document: { readonly paths: Record<string, Record<string, { responses: Record<string, unknown> }>> } = parse(text)
  for (const operations of Object.values(document.paths))
    for (const operation of Object.values(operations))
      for (const status of Object.keys(operation.responses)) if (!status.startsWith('2')) delete operation.responses[status]
  return stringify(document)
}

export async function startHive(isKeeping: boolean): Promise<{ readonly pid: number; readonly url: string; stop(): void }> {
  const port = await freePort()
  const { KEPT_MS: _, ...env } = process.env
  const child = spawn(
    process.execPath,
    [
      ...['node_modules/.bin/hive-gateway', 'supergraph', 'supergraph.graphql', '-c', 'gateway.config.mjs'],
      ...['--host', '127.0.0.1', '--port', String(port), ...(process.env.HIVE_ARGS?.split(' ') ?? [])],
    ],
    { cwd: FOLDER, stdio: ['ignore', 2, 2], env: { ...env, NODE_ENV: 'production', ...(isKeeping && { KEPT_MS: String(KEPT_MS) }) } },
  )
  const url = `http://127.0.0.1:${port}`
  for (;;) {
    if (child.exitCode !== null) throw new Error(`Hive Gateway ended with ${child.exitCode}`)
    const isThere = await fetch(`${url}/readiness`).then(
      ({ ok }) => ok,
      () => false,
    )
    if (isThere) return { pid: child.pid ?? 0, url, stop: () => child.kill() }
    await new Promise(resolve => setTimeout(resolve, 50))
  }
}

/** Hive Gateway does not tell which one it took. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // one that listens on a port has one
  await new Promise(resolve => server.close(resolve))
  return port
}
