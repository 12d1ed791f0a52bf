// A source that has an OpenAPI document.
import type { Source } from '../source.ts'
import { type Connection, callOperation } from './call.ts'
import { readDocument } from './document.ts'

/** `document` is its text, YAML or JSON. Throws an Error that says what is wrong with it, and where. */
export function openApiSource(document: string, connection: Connection): Source {
  const catalogue = readDocument(document)
  return {
    catalogue,
    // The caller has the operation from the catalogue.
    call: (operation, asking, signal) => callOperation(connection, catalogue.operations.get(operation)!, asking, signal),
  }
}
