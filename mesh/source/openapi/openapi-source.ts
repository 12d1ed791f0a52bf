// A source that has an OpenAPI document.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { connect, HTTP_SETTINGS, httpRules } from '../http/connection.ts'
import { callRest } from '../http/rest.ts'
import type { Kind } from '../kind.ts'
import { readDocument } from './document.ts'

const Settings = z
  .strictObject({ openapi: z.string().describe('Its OpenAPI document: a file, from the folder of this one.'), ...HTTP_SETTINGS })
  .superRefine(httpRules)

export const OPENAPI: Kind<z.infer<typeof Settings>> = {
  settings: Settings,
  catalogue: ({ openapi }, read) => readDocument(read(openapi)),
  open(name, settings, means) {
    const catalogue = readDocument(readFileSync(means.besides(settings.openapi), 'utf8'))
    const connection = connect(name, settings, means)
    return {
      catalogue,
      // The caller has the operation from the catalogue.
      call: (operation, asking, signal) => callRest(connection, catalogue.operations.get(operation)!, asking, signal),
      close: connection.close,
    }
  },
}
