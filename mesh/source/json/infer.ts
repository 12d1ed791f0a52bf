// What JSON examples have in common: the kinds of value that were seen at each place, and how often a field was there.
import { isObject, type JsonSchema } from '../catalogue.ts'

type Scalar = 'string' | 'integer' | 'number' | 'boolean'

export interface Shape {
  readonly scalars: Set<Scalar>
  isNull: boolean
  /** An integer was seen that needs more than 32 bits. */
  isLong: boolean
  /** Objects that were seen there, and their fields; undefined: none. */
  object?: { seen: number; readonly fields: Map<string, { readonly shape: Shape; seen: number }> }
  /** What was seen in lists there; undefined: no list. */
  items?: Shape
}

export const nothingSeen = (): Shape => ({ scalars: new Set(), isNull: false, isLong: false })

/** Adds an example to what was seen. */
export function see(shape: Shape, value: unknown): Shape {
  if (value === null || value === undefined) shape.isNull = true
  else if (Array.isArray(value)) {
    shape.items ??= nothingSeen()
    for (const each of value) see(shape.items, each)
  } else if (isObject(value)) {
    shape.object ??= { seen: 0, fields: new Map() }
    shape.object.seen++
    for (const [name, each] of Object.entries(value)) {
      const field = shape.object.fields.get(name) ?? { shape: nothingSeen(), seen: 0 }
      shape.object.fields.set(name, field)
      field.seen++
      see(field.shape, each)
    }
  } else if (typeof value === 'number') {
    shape.scalars.add(Number.isInteger(value) ? 'integer' : 'number')
    if (Number.isInteger(value) && Math.abs(value) >= 2 ** 31) shape.isLong = true
  } else shape.scalars.add(typeof value === 'boolean' ? 'boolean' : 'string')
  return shape
}

/** The one type of what was seen; undefined where it was nothing but null, or of several types: that may be anything. */
export function typeOf({ scalars, object, items, isLong }: Shape): JsonSchema | 'object' | 'list' | undefined {
  const numbers = scalars.has('number') || scalars.has('integer')
  const kinds = [scalars.has('string'), scalars.has('boolean'), numbers, object !== undefined, items !== undefined]
  if (kinds.filter(Boolean).length !== 1) return undefined
  if (object) return 'object'
  if (items) return 'list'
  if (scalars.has('number')) return { type: 'number' }
  if (numbers) return { type: 'integer', ...(isLong && { format: 'int64' }) }
  return { type: scalars.has('boolean') ? 'boolean' : 'string' }
}

/** Whether two objects seem to be the same thing: half of the fields of the smaller one are the other's too. */
export function areAlike(one: Shape, other: Shape): boolean {
  const [a, b] = [one.object?.fields, other.object?.fields]
  if (!a || !b) return false
  const shared = [...a.keys()].filter(name => b.has(name)).length
  return shared * 2 >= Math.min(a.size, b.size)
}

/** What was seen of both. */
export function merge(into: Shape, from: Shape): Shape {
  for (const each of from.scalars) into.scalars.add(each)
  into.isNull ||= from.isNull
  into.isLong ||= from.isLong
  if (from.items) into.items = merge(into.items ?? nothingSeen(), from.items)
  if (from.object) {
    into.object ??= { seen: 0, fields: new Map() }
    into.object.seen += from.object.seen
    for (const [name, { shape, seen }] of from.object.fields) {
      const field = into.object.fields.get(name) ?? { shape: nothingSeen(), seen: 0 }
      into.object.fields.set(name, field)
      field.seen += seen
      merge(field.shape, shape)
    }
  }
  return into
}
