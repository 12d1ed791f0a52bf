// A source that is a GraphQL endpoint.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { connect, HTTP_SETTINGS, httpRules } from '../http/connection.ts'
import { LARGEST_DOCUMENT } from '../http/fetch-document.ts'
import type { Kind } from '../kind.ts'
import { callGraphQl } from './call.ts'
import { introspect } from './introspect.ts'
import { type GraphQlOperation, readOperations } from './operations.ts'
import { readGraphQlSchema } from './schema.ts'

const Settings = z
  .strictObject({
    graphql: z.string().describe('Its schema: a file with SDL, or with what introspection answers, from the folder of this one.'),
    operations: z.string().describe('The file with what is asked of it: operations with names.'),
    scalars: z
      .record(z.string(), z.enum(['string', 'integer', 'number', 'boolean']))
      .default({})
      .describe("What the schema's own scalars are in JSON: {DateTime: string}. Others may be anything."),
    keyHeader: z.string().optional().describe('The header with the key under which it does a mutation once.'),
    ...HTTP_SETTINGS,
  })
  .superRefine(httpRules)
type Settings = z.infer<typeof Settings>

export const GRAPHQL: Kind<Settings> = {
  settings: Settings,
  catalogue: catalogueOf,
  open(name, settings, means) {
    const { operations, ...rest } = catalogueOf(settings, file => readFileSync(means.besides(file), 'utf8'))
    const connection = connect(name, settings, means)
    return {
      catalogue: { operations, ...rest },
      // The caller has the operation from the catalogue.
      call: (operation, asking, signal) => callGraphQl(connection, operations.get(operation)!, asking, signal),
      close: connection.close,
    }
  },
  async served(name, settings, means, signal) {
    const connection = connect(name, settings, means, LARGEST_DOCUMENT)
    try {
      return new Map([[settings.graphql, await introspect(connection, signal)]])
    } finally {
      connection.close()
    }
  },
}

function catalogueOf(settings: Settings, read: (file: string) => string): Catalogue<GraphQlOperation> {
  const schema = inFile(settings.graphql, () => readGraphQlSchema(read(settings.graphql)))
  return inFile(settings.operations, () => readOperations(schema, read(settings.operations), settings))
}

function inFile<T>(file: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  }
}
