// Asks for what belongs to an object while the object itself is still being fetched. `customer(id: "123") { orders … }` binds the orders to nothing but the
// customer's id, and that is the argument already: both are asked for at once, as one would by hand. What comes then is held to the object that came
// (its owner field must be what was expected), so that nothing else is ever shown. Where none came, what was asked for it is ended.
import { type GraphQLResolveInfo, getArgumentValues, getNamedType, isObjectType, Kind } from 'graphql'
import type { Read } from '../upstream/reader.ts'
import type { MeshContext } from './field.ts'

/** In a field's extensions: asks for it under the object whose `owner` is `value`. Undefined where it needs more of the object than that. */
export const ASK_AHEAD = Symbol('ask ahead')
export type AskAhead = (
  owner: string,
  value: unknown,
  args: Readonly<Record<string, unknown>>,
  context: MeshContext,
  signal: AbortSignal,
) => void

/** What was asked ahead, by the field and all that it asks with. */
export type Ahead = Map<string, Read | Promise<Read>>

export const aheadKey = (path: string, asked: Readonly<Record<string, unknown>>): string => `${path} ${JSON.stringify(asked)}`

/** Only of fields that stand there as they are: what a fragment or a directive decides is asked for in its turn. Gives what ends it. */
export function askAhead(owner: string, value: unknown, info: GraphQLResolveInfo, context: MeshContext): () => void {
  const controller = new AbortController()
  const end = (): void => controller.abort(context.signal?.reason)
  const type = getNamedType(info.returnType)
  if (!isObjectType(type)) return end
  const fields = type.getFields()
  for (const { selectionSet } of info.fieldNodes)
    for (const selection of selectionSet?.selections ?? []) {
      if (selection.kind !== Kind.FIELD || (selection.directives?.length ?? 0) > 0) continue
      const field = fields[selection.name.value]
      const ask = field?.extensions[ASK_AHEAD] as AskAhead | undefined // field.ts puts it there
      if (!field || !ask || context.questionsLeft <= context.ahead.size) continue
      let args: Readonly<Record<string, unknown>>
      try {
        args = getArgumentValues(field, selection, info.variableValues)
      } catch {
        continue // its own field says so
      }
      ask(owner, value, args, context, controller.signal)
    }
  if (context.ahead.size > 0) context.signal?.addEventListener('abort', end, { once: true })
  return end
}
