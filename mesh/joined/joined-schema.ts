// The one schema over all sources, as the configuration joins them. What is wrong with the configuration is found here, before anybody asks.
import { type GraphQLFieldConfig, GraphQLObjectType, GraphQLSchema } from 'graphql'
import { namesIn } from '../source/names-in.ts'
import { SourceError } from '../upstream/source-error.ts'
import { fieldOf, type MeshContext, type MeshSource } from './field.ts'
import type { MeshConfig } from './mesh-config.ts'
import { createTypes, graphName } from './types.ts'
import { hasField, valueAt } from './value-at.ts'

export interface Joined {
  readonly schema: GraphQLSchema
  /** Of Mutation: which one takes it back, and its arguments by fields of the answer. */
  readonly undo: ReadonlyMap<string, { readonly by: string; readonly with: Readonly<Record<string, string>> }>
  /** What answers are made of, as the sources call it: what can be called out of date. */
  readonly typesOfAnswers: ReadonlySet<string>
}

/** Throws an Error that says what in the configuration is wrong, with its place. */
export function joinedSchema(config: MeshConfig, sources: ReadonlyMap<string, MeshSource>): Joined {
  const fieldsOf = new Map<string, [string, MeshConfig['fields'][string]][]>()
  for (const [path, field] of Object.entries(config.fields)) {
    const [type = '', name = ''] = path.split('.')
    fieldsOf.set(type, [...(fieldsOf.get(type) ?? []), [name, field]])
  }

  /** What is another customer's is not there. What does not say whose it is is none of what the document promises. */
  const seen = (type: string, value: unknown, context: unknown, source: string): unknown => {
    const owner = config.owners[type]
    const { customer } = (context as MeshContext).scope // the context of every query here
    if (owner === undefined || customer === null) return value
    const isTheirs = (each: unknown): boolean => {
      const whose = valueAt(each, owner)
      if (whose === undefined) throw new SourceError('SOURCE_CHANGED', source, { reason: `${type}.${owner}` })
      return whose === customer
    }
    if (Array.isArray(value)) return value.filter(isTheirs)
    return isTheirs(value) ? value : null
  }

  const problems: string[] = []
  const typesOfAnswers = new Set<string>()
  const made = (type: string): Record<string, GraphQLFieldConfig<unknown, unknown>> => {
    const fields: Record<string, GraphQLFieldConfig<unknown, unknown>> = {}
    for (const [name, field] of fieldsOf.get(type) ?? []) {
      const path = `${type}.${name}`
      const [sourceName = ''] = field.from.split('.', 1)
      const source = sources.get(sourceName)
      const operation = source?.catalogue.operations.get(field.from.slice(sourceName.length + 1))
      if (!source || !operation)
        throw new Error(`${path}: there is no ${source ? 'operation' : 'source'} ${source ? field.from : sourceName}`)
      const typesOfAnswer = operation.answer ? namesIn(source.catalogue, operation.answer).map(graphName) : []
      for (const each of typesOfAnswer) typesOfAnswers.add(each)
      const keeps = typesOfAnswer.flatMap(each => config.keep[each] ?? [])
      const keep = {
        ms: keeps.length > 0 ? Math.min(...keeps.map(each => each.ms)) : 0,
        staleMs: keeps.length > 0 ? Math.min(...keeps.map(each => each.staleMs)) : 0,
      }
      const {
        field: resolved,
        typed,
        isOpen,
      } = fieldOf({
        path,
        config: field,
        sourceName,
        source,
        operation,
        types,
        typesOfAnswer,
        keep,
        seen,
        ownerOf: type => config.owners[type],
      })
      const isForShop = (type === 'Query' || type === 'Mutation') && field.customer === undefined
      const isOwned = typed.object !== undefined && config.owners[typed.object] !== undefined
      if (isOpen && !isForShop && !isOwned && type !== 'Mutation')
        problems.push(
          `${path}: it can be asked for anything and gives what belongs to nobody: bind its parameters with \`with\`, or name the owner of ${typed.object ?? 'what it gives'}`,
        )
      // A cast: the context of every query here is a MeshContext.
      fields[name] = resolved as GraphQLFieldConfig<unknown, unknown>
    }
    return fields
  }

  const types = createTypes({ more: made, seen })
  const root = (name: 'Query' | 'Mutation'): GraphQLObjectType | undefined =>
    fieldsOf.has(name) ? new GraphQLObjectType({ name, fields: () => made(name) }) : undefined
  const query = root('Query')
  if (!query) throw new Error('fields: there is no field of Query: nothing can be asked')
  const mutation = root('Mutation')
  const schema = new GraphQLSchema({ query, ...(mutation && { mutation }) })
  for (const type of fieldsOf.keys())
    if (type !== 'Query' && type !== 'Mutation' && !schema.getType(type)) throw new Error(`fields: ${type} is a type that no field gives`)
  for (const [type, owner] of Object.entries(config.owners)) {
    const known = types.named.get(type)
    if (!known || !hasField(known, owner))
      throw new Error(`owners: ${known ? `${type} has no field ${owner}` : `${type} is a type that no field gives`}`)
  }
  for (const [path, field] of Object.entries(config.fields)) {
    const [type = ''] = path.split('.')
    const known = types.named.get(type)
    for (const of of Object.values(field.with)) if (known && !hasField(known, of)) throw new Error(`${path}: ${type} has no field ${of}`)
  }
  if (problems.length > 0) throw new Error(problems.join('\n'))
  const undo = new Map(
    (fieldsOf.get('Mutation') ?? []).flatMap(([name, field]) => {
      if (field.undo === undefined) return []
      if (!mutation?.getFields()[field.undo.by])
        throw new Error(`Mutation.${name}: it is undone by ${field.undo.by}, which is no field of Mutation`)
      return [[name, field.undo] as const]
    }),
  )
  return { schema, undo, typesOfAnswers }
}
