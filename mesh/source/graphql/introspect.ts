// Asks a GraphQL endpoint for its schema.
import { buildClientSchema, getIntrospectionQuery, type IntrospectionQuery, printSchema } from 'graphql'
import { SourceError } from '../../upstream/source-error.ts'
import type { Connection } from '../http/connection.ts'
import { callGraphQl } from './call.ts'

/** Its SDL. Rejects with a SourceError, or with the signal's reason. */
export async function introspect(connection: Connection, signal: AbortSignal): Promise<string> {
  const text = getIntrospectionQuery()
  const operation = { id: 'IntrospectionQuery', isSafe: true, text, parameters: [] }
  const answer = await callGraphQl(connection, operation, { args: {}, headers: {} }, signal)
  try {
    return `${printSchema(buildClientSchema(answer as IntrospectionQuery))}\n` // which checks what it is given
  } catch (cause) {
    throw new SourceError('SOURCE_CHANGED', connection.source, { reason: 'its schema is none' }, { cause })
  }
}
