// The demo shop's customers and orders as a GraphQL endpoint: what such a thing has that REST has not, served by graphql-http.
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { TestContext } from 'node:test'
import { shopData, totalOf } from '@parley/demo-shop/shop-data.ts'
import { buildSchema, GraphQLError, type GraphQLObjectType, type GraphQLUnionType } from 'graphql'
import { createHandler } from 'graphql-http/lib/use/http'
import { serveHttp } from '../contracts/source-servers.ts'
import { TODAY } from './questions.ts'

export const CRM_SDL = `
"A point in time, as ISO 8601 has it."
scalar DateTime
scalar Money
enum Status { PAID, PACKED, SHIPPED, OUT_FOR_DELIVERY, DELIVERED, CANCELLED, RETURNED }
"Who buys."
type Customer {
  id: ID!
  name: String!
  "Orders, the newest first."
  orders(first: Int): [Order]!
  "Fails for everybody."
  score: Int
}
"What was bought at one time."
type Order { number: ID!, customer: Customer!, status: Status!, total: Money, placedOn: DateTime!, way: Way, note: String }
"How it comes to the customer."
union Way = Parcel | Pickup
type Parcel { carrier: String!, trackingNumber: String! }
type Pickup { shop: String! }
"What a case is about."
input CaseInput { "Number of the order." order: ID!, count: Int = 1, words: [String!] }
type Case { number: ID!, order: ID!, count: Int!, words: [String!] }
type Problem { code: String!, message: String! }
type CasePayload { case: Case, userErrors: [Problem!]! }
type Query {
  "One customer."
  customer("Whose id it is." id: ID!): Customer
  order(number: ID!): Order
  ordersByNumber("Numbers of orders." numbers: [ID!]!): [Order]!
  "Gives the error with this code."
  fail(code: String, message: String): String
  "Likewise, where null is not allowed, so that nothing is left of the answer."
  failWhole(code: String, message: String): String!
}
type Mutation {
  "Opens a case."
  openCase(customer: ID!, input: CaseInput!, clientMutationId: ID): CasePayload
  old: String @deprecated(reason: "gone")
}`

export interface CrmServer {
  readonly url: string
  /** Keys that mutations came with: by header, by variable. */
  readonly keys: (readonly [string | undefined, string | undefined])[]
  readonly bodies: { readonly query: string; readonly operationName: string; readonly variables: unknown }[]
}

export async function serveGraphQlCrm(t: Pick<TestContext, 'after'>): Promise<CrmServer> {
  const schema = buildSchema(CRM_SDL)
  const { customers, orders } = shopData(TODAY)
  const keys: CrmServer['keys'] = []
  const bodies: CrmServer['bodies'] = []
  const way = schema.getType('Way') as GraphQLUnionType // as the schema has it
  way.resolveType = value => ('carrier' in Object(value) ? 'Parcel' : 'Pickup')

  const customerOf = (id: string) => {
    const found = customers.find(customer => customer.id === id)
    return found && { id: found.id, name: found.name, __orders: orders.filter(({ customer }) => customer.id === id) }
  }
  const orderOf = (number: string) => {
    const found = orders.find(order => order.number === number)
    return (
      found && {
        number,
        customer: customerOf(found.customer.id),
        status: found.status.toUpperCase().replaceAll('-', '_'),
        total: { amount: totalOf(found) / 100 },
        placedOn: TODAY,
        way: found.parcel ? { carrier: found.parcel.carrier.en, trackingNumber: found.parcel.trackingNumber } : { shop: 'Suzhou' },
      }
    )
  }
  const { orders: ordersField, score } = (schema.getType('Customer') as GraphQLObjectType).getFields()
  // The schema has both.
  ordersField!.resolve = (customer, { first = 10 }) => [
    null,
    ...customer.__orders.slice(0, first).map(({ number }: { number: string }) => orderOf(number)),
  ]
  score!.resolve = () => {
    throw new GraphQLError('no score today', { extensions: { code: 'INTERNAL_SERVER_ERROR' } })
  }
  const fail = ({ code, message = 'something about a customer' }: { code?: string; message?: string }) => {
    throw new GraphQLError(message, code === undefined ? {} : { extensions: { code } })
  }
  const handler = createHandler({
    schema,
    context: ({ raw }) => ({ key: raw.headers['idempotency-key'] }),
    onSubscribe: (_, { operationName, query, variables }) => void bodies.push({ query, operationName: operationName ?? '', variables }),
    rootValue: {
      customer: ({ id }: { id: string }) => customerOf(id),
      order: ({ number }: { number: string }) => orderOf(number),
      ordersByNumber: ({ numbers }: { numbers: readonly string[] }) => numbers.map(number => orderOf(number)),
      fail,
      failWhole: fail,
      openCase(
        { customer, input, clientMutationId }: { customer: string; input: { order: string; count: number }; clientMutationId?: string },
        { key }: { key?: string },
      ) {
        keys.push([key, clientMutationId])
        const order = orderOf(input.order)
        if (order?.customer?.id !== customer) return { case: null, userErrors: [{ code: 'UNKNOWN_ORDER', message: 'There is none.' }] }
        return { case: { number: 'CP-1', ...input }, userErrors: [] }
      },
    },
  })
  const { url } = await serveHttp(t, (request: IncomingMessage, response: ServerResponse) => void handler(request, response))
  return { url: `${url}/graphql`, keys, bodies }
}
