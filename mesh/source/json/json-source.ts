// A source that is told by example: requests to a plain JSON API, and what it answered.
import { readFileSync } from 'node:fs'
import { posix } from 'node:path'
import { z } from 'zod'
import type { Catalogue } from '../catalogue.ts'
import { connect, HTTP_SETTINGS, httpRules } from '../http/connection.ts'
import { callRest, type RestOperation } from '../http/rest.ts'
import type { Kind } from '../kind.ts'
import { readExamples } from './examples.ts'

const Settings = z
  .strictObject({
    json: z.string().describe('Its requests with examples of what they answer: a file, from the folder of this one.'),
    ...HTTP_SETTINGS,
  })
  .superRefine(httpRules)
type Settings = z.infer<typeof Settings>

export const JSON_BY_EXAMPLE: Kind<Settings> = {
  settings: Settings,
  catalogue: catalogueOf,
  open(name, settings, means) {
    const { operations, ...rest } = catalogueOf(settings, file => readFileSync(means.besides(file), 'utf8'))
    const connection = connect(name, settings, means)
    return {
      catalogue: { operations, ...rest },
      // The caller has the operation from the catalogue.
      call: (operation, asking, signal) => callRest(connection, operations.get(operation)!, asking, signal),
      close: connection.close,
    }
  },
}

/** Files of examples lie beside the file that names them. */
function catalogueOf({ json }: Settings, read: (file: string) => string): Catalogue<RestOperation> {
  return readExamples(read(json), file => read(posix.join(posix.dirname(json), file)))
}
