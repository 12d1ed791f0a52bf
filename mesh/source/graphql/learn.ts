// What is written for a GraphQL endpoint that somebody wants: its schema, and operations that are proposed of it.
import type { Learned } from '../kind.ts'
import { proposeOperations, proposeScalars } from './propose-operations.ts'
import { readGraphQlSchema } from './schema.ts'

/** `text` is SDL, or what introspection answers. Throws an Error that says what is wrong with it. */
export function learnGraphQl(name: string, text: string, url: string): Learned {
  const schema = readGraphQlSchema(text)
  const [graphql, operations] = [`${name}.${text.trimStart().startsWith('{') ? 'graphql.json' : 'graphql'}`, `${name}.operations.graphql`]
  const scalars = proposeScalars(schema)
  return {
    settings: { graphql, operations, url, ...(Object.keys(scalars).length > 0 && { scalars }) },
    files: new Map([
      [graphql, text],
      [operations, proposeOperations(schema)],
    ]),
    remarks: [`What is asked of it stands in ${operations}: leave there what you need.`],
  }
}
