// A source that has an OpenAPI document.
import { readFileSync } from 'node:fs'
import { z } from 'zod'
import { connect, HTTP_SETTINGS, hasCredential, httpRules, NO_CREDENTIAL } from '../http/connection.ts'
import { fetchDocument } from '../http/fetch-document.ts'
import { callRest } from '../http/rest.ts'
import type { Kind } from '../kind.ts'
import { readDocument } from './document.ts'

const Settings = z
  .strictObject({
    openapi: z.string().describe('Its OpenAPI document: a file, from the folder of this one.'),
    openapiUrl: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe('Where it serves that document: `mesh check` and `mesh update` compare the file with it.'),
    ...HTTP_SETTINGS,
  })
  .superRefine(httpRules)
  .refine(({ openapiUrl = '' }) => !hasCredential(openapiUrl), { path: ['openapiUrl'], message: NO_CREDENTIAL })

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
  async served(name, settings, means, signal) {
    const { openapi, openapiUrl } = settings
    if (openapiUrl === undefined) return undefined
    return new Map([[openapi, await fetchDocument(name, new URL(openapiUrl), settings, means, signal)]])
  },
}
