// Branded names, so that a conversation's id cannot be passed where a customer's is wanted. Made at the edge, trusted inside.

declare const brand: unique symbol
type Brand<T, B extends string> = T & { readonly [brand]: B }

export type ShopId = Brand<string, 'ShopId'>
export type CustomerId = Brand<string, 'CustomerId'>
export type ConversationId = Brand<string, 'ConversationId'>
export type AgentId = Brand<string, 'AgentId'>
/** The client's own id of a message: unique in its conversation for life. */
export type MessageRef = Brand<string, 'MessageRef'>
/** Place of an event in its conversation: 1, 2, 3, … without gaps. */
export type Seq = number
/** The random name of a store's life: new when it is created, restored or rebuilt, the same after a restart. */
export type Epoch = Brand<string, 'Epoch'>

/** A conversation is known by its shop and its id together: ids of two shops may coincide. */
export interface ConversationKey {
  readonly shop: ShopId
  readonly conversation: ConversationId
}

const ID = /^[A-Za-z0-9_-]{1,64}$/

/** True for what may stand as an id of a shop, a customer, a conversation or a message: 1 to 64 of `A-Z a-z 0-9 _ -`. */
export const isId = (value: string): boolean => ID.test(value)

export const asShopId = (value: string): ShopId => checked(value, 'shop') as ShopId
export const asCustomerId = (value: string): CustomerId => checked(value, 'customer') as CustomerId
export const asConversationId = (value: string): ConversationId => checked(value, 'conversation') as ConversationId
export const asAgentId = (value: string): AgentId => checked(value, 'agent') as AgentId

function checked(value: string, what: string): string {
  if (!isId(value)) throw new Error(`not an id of a ${what}: ${JSON.stringify(value.slice(0, 80))}`)
  return value
}
