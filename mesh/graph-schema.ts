// What can be asked of a shop's systems, and done in them, in the words of GraphQL. `customer` takes no id: it is whoever the engine asks for.
import { buildSchema } from 'graphql'

export const SCHEMA_TEXT = `
type Query {
  "The customer of the conversation."
  customer: Customer
}

type Customer {
  "The five newest, newest first; those of one state where it is given."
  orders(state: OrderState): [Order!]
  "Null where the customer has no such order. Numbers are read as customers write them."
  order(number: String!): Order
  "The newest."
  refund: Refund
  "Compensation cases, newest first; at most five."
  cases: [Case!]
}

type Order {
  number: String!
  "YYYY-MM-DD"
  placedOn: String!
  "As it ends the sentence: order 2024-881 is …"
  status: String!
  state: OrderState!
  items: [Item!]!
  "Text with its currency: ¥324.00"
  total: String!
  "Null before it was sent."
  parcel: Parcel
  "Null where nothing is paid back."
  refund: Refund
}

enum OrderState {
  PAID
  PACKED
  SHIPPED
  OUT_FOR_DELIVERY
  DELIVERED
  CANCELLED
  RETURNED
}

type Item {
  name: String!
  quantity: Int!
}

type Parcel {
  carrier: String
  trackingNumber: String
  "YYYY-MM-DD"
  expectedOn: String
}

type Refund {
  "The order's number."
  order: String!
  amount: String!
  status: String!
  "YYYY-MM-DD"
  expectedOn: String
}

type Case {
  "CP-1007"
  number: String!
  "The order's number."
  order: String!
  count: Int!
  amount: String!
  state: CaseState!
}

enum CaseState {
  OPEN
  PAID
  WITHDRAWN
}

type Mutation {
  "Opens a compensation case for that many of what was bought."
  openCase(order: String!, count: Int!): Case
  "Withdraws one that is not paid."
  withdrawCase(number: String!): Case
}
`

export const SCHEMA = buildSchema(SCHEMA_TEXT)
