// The small shop of the contract of sources as real servers on loopback: REST, and GraphQL over HTTP by graphql-http.
import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestContext } from 'node:test'
import { answerBadly } from '@parley/demo-shop/knob.ts'
import { buildSchema, type GraphQLSchema } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { CUSTOMERS, type Fault, ORDERS } from './source.ts'

export const TOKEN = 'token-of-the-contract'

export interface ContractServer {
  readonly url: string
  readonly secrets: readonly string[]
  asked(): number
  fail(fault: Fault | 'none'): Promise<void>
}

/** What goes wrong the same for all that is HTTP is done here; `answer` knows of the other faults. */
export async function serveHttp(
  t: Pick<TestContext, 'after'>,
  answer: (request: IncomingMessage, response: ServerResponse, fault: Fault | 'none') => void,
): Promise<ContractServer> {
  let fault: Fault | 'none' = 'none'
  let asked = 0
  const listener: RequestListener = (request, response) => {
    asked++
    if (fault === 'expired' || request.headers.authorization !== `Bearer ${TOKEN}`) return answerBadly(response, 'expired')
    if (fault === 'slow') return answerBadly(response, 'hang')
    if (fault === 'cut' || fault === 'error' || fault === 'busy') return answerBadly(response, fault)
    answer(request, response, fault)
  }
  let server = createServer(listener)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // a server that listens on a port has one
  const close = async (): Promise<void> => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    await once(server, 'close')
  }
  t.after(close)
  return {
    url: `http://127.0.0.1:${port}`,
    secrets: [TOKEN, '127.0.0.1', String(port)],
    asked: () => asked,
    async fail(next) {
      fault = next
      if (next === 'down') await close()
      else if (!server.listening) {
        server = createServer(listener)
        server.listen(port, '127.0.0.1')
        await once(server, 'listening')
      }
    },
  }
}

const customerOf = (id: string) => CUSTOMERS.find(customer => customer.id === id) ?? null
const ordersOf = (customer: string) => ORDERS.filter(order => order.customer === customer).toReversed()
const ordersBy = (numbers: readonly string[]) => ORDERS.filter(({ number }) => numbers.includes(number))

/** `/customers/{id}`, `/orders?customer=`, `/orders/by-number?numbers=1,2` */
export function answerRest(request: IncomingMessage, response: ServerResponse, fault: Fault | 'none'): void {
  if (fault === 'changed') return answerBadly(response, 'shape')
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://shop')
  const say = (body: unknown): void => {
    const wrong = fault === 'wrong-type' && body !== null && !Array.isArray(body) ? { ...body, name: 7 } : body
    response
      .writeHead(wrong === null ? 404 : 200, { 'content-type': 'application/json' })
      .end(JSON.stringify(wrong ?? { error: 'unknown' }))
  }
  const id = /^\/customers\/([^/]+)$/.exec(pathname)?.[1]
  if (id !== undefined) say(customerOf(decodeURIComponent(id)))
  else if (pathname === '/orders') say(ordersOf(searchParams.get('customer') ?? ''))
  else if (pathname === '/orders/by-number') say(ordersBy((searchParams.get('numbers') ?? '').split(',')))
  else say(null)
}

const SDL = `
"A person who buys."
type Customer { id: ID!, name: String!, "Number of the latest order." latest: String }
type Order { number: String!, customer: String!, total: Float!, isPaid: Boolean! }
type Query {
  "One customer."
  getCustomer("Whose id it is." id: ID!): Customer
  listOrders(customer: ID!): [Order!]!
  findOrders(numbers: [String!]!): [Order]!
}`

export const GRAPHQL_SDL = SDL
export const GRAPHQL_OPERATIONS = `
query getCustomer($id: ID!) { getCustomer(id: $id) { id name latest } }
query listOrders($customer: ID!) { listOrders(customer: $customer) { ...OrderFields } }
query findOrders($numbers: [String!]!) { findOrders(numbers: $numbers) { ...OrderFields } }
fragment OrderFields on Order { number customer total isPaid }
`

export function answerGraphQl(): (request: IncomingMessage, response: ServerResponse, fault: Fault | 'none') => void {
  const handlerOf = (schema: GraphQLSchema, isWrong = false) => {
    const wrong = (customer: ReturnType<typeof customerOf>) => (customer && isWrong ? { ...customer, name: 7 } : customer)
    return createHandler({
      schema,
      rootValue: {
        getCustomer: ({ id }: { id: string }) => wrong(customerOf(id)),
        listOrders: ({ customer }: { customer: string }) => ordersOf(customer),
        // Null for one that there is not, as many a schema has it.
        findOrders: ({ numbers }: { numbers: readonly string[] }) => numbers.map(number => ordersBy([number])[0] ?? null),
      },
    })
  }
  const usual = handlerOf(buildSchema(SDL))
  const changed = handlerOf(buildSchema(SDL.replace('name: String!', 'fullName: String').replaceAll('isPaid', 'paid')))
  const wrong = handlerOf(buildSchema(SDL.replace('name: String!', 'name: Int')), true)
  return (request, response, fault) => {
    void (fault === 'changed' ? changed : fault === 'wrong-type' ? wrong : usual)(request, response)
  }
}
