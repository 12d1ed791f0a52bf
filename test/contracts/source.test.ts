// The contract of sources, run by each kind that there is.
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { registerSourceContract } from './source.ts'
import { answerGraphQl, answerRest, GRAPHQL_OPERATIONS, GRAPHQL_SDL, serveHttp, TOKEN } from './source-servers.ts'

const withToken = { private: true, tokenEnv: 'TOKEN' }
const environment = { TOKEN }

registerSourceContract({
  kind: 'openapi',
  async serve(t, folder) {
    const { url, ...served } = await serveHttp(t, answerRest)
    cpSync(fileURLToPath(new URL('./source.openapi.yaml', import.meta.url)), join(folder, 'shop.yaml'))
    return { ...served, settings: { openapi: 'shop.yaml', url, ...withToken }, environment }
  },
})

registerSourceContract({
  kind: 'graphql',
  async serve(t, folder) {
    const { url, ...served } = await serveHttp(t, answerGraphQl())
    writeFileSync(join(folder, 'shop.graphql'), GRAPHQL_SDL)
    writeFileSync(join(folder, 'operations.graphql'), GRAPHQL_OPERATIONS)
    const settings = { graphql: 'shop.graphql', operations: 'operations.graphql', url: `${url}/graphql`, ...withToken }
    return { ...served, settings, environment }
  },
})

registerSourceContract({
  kind: 'json',
  async serve(t, folder) {
    const { url, ...served } = await serveHttp(t, answerRest)
    writeFileSync(join(folder, 'ann.json'), JSON.stringify({ id: 'ann', name: 'Ann', latest: '3' }))
    writeFileSync(
      join(folder, 'shop.yaml'),
      `
operations:
  getCustomer:
    get: /customers/{id}
    examples: [ann.json, { id: eve, name: Eve, latest: null }]
  listOrders:
    get: /orders
    parameters: { customer: ann }
    example: [{ number: '1', customer: ann, total: 12.5, isPaid: true }]
  findOrders:
    get: /orders/by-number
    parameters: { numbers: ['1', '2'] }
    example: [{ number: '1', customer: ann, total: 3, isPaid: true }]
`,
    )
    return { ...served, settings: { json: 'shop.yaml', url, ...withToken }, environment }
  },
})
