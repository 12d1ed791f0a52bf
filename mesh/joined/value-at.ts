// What a configuration names by a path: `customer`, or `customer.id` where a source gives an object for it.
import { type GraphQLObjectType, getNamedType, isObjectType } from 'graphql'
import { isObject } from '../source/catalogue.ts'
import { SourceError } from '../upstream/source-error.ts'
import { graphName } from './types.ts'

/** Undefined where there is none; a SourceError where the source could not give it. */
export function valueAt(value: unknown, path: string): unknown {
  if (!path.includes('.')) return isObject(value) ? value[path] : undefined
  let at = value
  for (const part of path.split('.')) {
    if (at instanceof SourceError) return at
    at = isObject(at) ? at[part] : undefined
  }
  return at
}

/** Whether objects of the type have it. */
export function hasField(type: GraphQLObjectType, path: string): boolean {
  const [first = '', ...rest] = path.split('.')
  const field = type.getFields()[graphName(first)]
  if (!field || rest.length === 0) return field !== undefined
  const below = getNamedType(field.type)
  return isObjectType(below) && hasField(below, rest.join('.'))
}
