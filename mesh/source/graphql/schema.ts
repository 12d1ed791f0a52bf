// Reads what a GraphQL endpoint says of itself: its schema as text (SDL), or what introspection answers as JSON.
import { buildClientSchema, buildSchema, type GraphQLSchema, type IntrospectionQuery } from 'graphql'
import { isObject } from '../catalogue.ts'

/** Throws an Error that says what is wrong, and where. */
export function readGraphQlSchema(text: string): GraphQLSchema {
  if (!text.trimStart().startsWith('{')) return buildSchema(text)
  const json: unknown = JSON.parse(text)
  const introspected = isObject(json) && isObject(json.data) ? json.data : json
  if (!isObject(introspected) || !isObject(introspected.__schema))
    throw new Error('it is JSON, and not what introspection answers: there is no __schema')
  return buildClientSchema(introspected as unknown as IntrospectionQuery) // which checks what it is given, and says what is wrong
}
