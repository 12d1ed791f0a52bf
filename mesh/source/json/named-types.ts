// Names for the objects of examples, and their schemas: an object under `items` is an Item. What is called alike and looks alike is one thing; what is called
// alike and does not is called by what it stands in: OrderItem.
import { z } from 'zod'
import type { Catalogue, JsonSchema } from '../catalogue.ts'
import { capital, singular } from '../words.ts'
import { areAlike, merge, nothingSeen, type Shape, typeOf } from './infer.ts'

export const Name = z.string().regex(/^[A-Za-z_]\w*$/, 'it must be a name: letters, digits and _')

/** What the file says of types beside what its examples show. */
export const TypesSaid = z
  .record(
    Name,
    z.strictObject({
      description: z.string().optional(),
      fields: z
        .record(
          z.string(),
          z.strictObject({
            description: z.string().optional(),
            enum: z.array(z.string()).min(1).optional(),
            type: Name.optional().describe('What the object at this place is called.'),
          }),
        )
        .default({}),
    }),
  )
  .default({})
export type TypesSaid = z.infer<typeof TypesSaid>

export interface Answered {
  /** Of the operation. */
  readonly id: string
  readonly shape: Shape
  readonly name: string
  /** `said` by the file, `found` by the operation's name; `around`: it stands around a list of what is called so, and has no name itself. */
  readonly called: 'said' | 'found' | 'around'
}

export interface NamedTypes extends Pick<Catalogue, 'schemas' | 'resolve'> {
  answer(answered: Answered): JsonSchema
}

/** Throws an Error where two things could only be called the same. */
export function nameTypes(answers: readonly Answered[], said: TypesSaid): NamedTypes {
  /** All that was seen of the objects of a name. */
  const shapes = new Map<string, Shape>()
  /** What the objects at a place are called: `Order.items`. */
  const places = new Map<string, string>()
  const schemas = new Map<string, JsonSchema>()

  /** One list has one type, and so has one field; so each place is one name, whatever was seen there. */
  const objectsIn = (shape: Shape): Shape | undefined => {
    const type = typeOf(shape)
    return type === 'object' ? shape : type === 'list' && shape.items ? objectsIn(shape.items) : undefined
  }
  const nameAt = (place: string, within: string, name: string, shape: Shape): string => {
    const before = places.get(place)
    const free = [name, `${within}${name}`].find(each => !shapes.has(each) || areAlike(shapes.get(each)!, shape)) // it was asked for
    const called = before ?? free
    if (called === undefined) throw new Error(`two things are called ${name}: say \`answer\` of an operation, or \`type\` of a field`)
    places.set(place, called)
    shapes.set(called, merge(shapes.get(called) ?? nothingSeen(), shape))
    return called
  }
  const fieldPlace = (of: string, field: string): string => `${of}.${field}`
  const visitFields = (shape: Shape, of: string): void => {
    for (const [field, { shape: inner }] of shape.object?.fields ?? []) {
      const objects = objectsIn(inner)
      const name = said[of]?.fields[field]?.type ?? capital(singular(field.replaceAll(/\W+/g, '_')))
      if (objects) visitFields(objects, nameAt(fieldPlace(of, field), of, name, objects))
    }
  }
  const answerPlace = (id: string): string => `${id}()`
  // Whoever says two things to be one is believed, so these come first.
  const saidFirst = answers.toSorted((a, b) => Number(b.called === 'said') - Number(a.called === 'said'))
  for (const { id, shape, name, called } of saidFirst) {
    const objects = objectsIn(shape)
    if (!objects) continue
    if (called === 'said') places.set(answerPlace(id), name)
    visitFields(objects, called === 'around' ? answerPlace(id) : nameAt(answerPlace(id), capital(id), name, objects))
  }

  const schemaOf = (shape: Shape, name: string | undefined): JsonSchema => {
    const type = typeOf(shape)
    if (type === 'list') return { type: 'array', items: shape.items ? schemaOf(shape.items, name) : {} }
    if (type === 'object') return name === undefined ? {} : { $ref: `#/types/${name}` }
    return type ?? {}
  }
  const objectOf = (shape: Shape, called: string): JsonSchema => {
    const properties: Record<string, JsonSchema> = {}
    const required: string[] = []
    for (const [field, { shape: inner, seen }] of shape.object?.fields ?? []) {
      const { description, enum: values } = said[called]?.fields[field] ?? {}
      properties[field] = {
        ...schemaOf(inner, places.get(fieldPlace(called, field))),
        ...(values && { type: 'string', enum: values }),
        ...(description !== undefined && { description }),
      }
      if (seen === shape.object?.seen) required.push(field)
    }
    const description = said[called]?.description
    return { type: 'object', properties, required, ...(description !== undefined && { description }) }
  }
  for (const [name, shape] of shapes) schemas.set(name, objectOf(shape, name))

  return {
    schemas,
    answer: ({ id, shape, called }) =>
      called === 'around' && typeOf(shape) === 'object' ? objectOf(shape, answerPlace(id)) : schemaOf(shape, places.get(answerPlace(id))),
    resolve(given) {
      const name = typeof given.$ref === 'string' ? given.$ref.replace('#/types/', '') : undefined
      const schema = name === undefined ? given : schemas.get(name)
      if (!schema) throw new Error(`${String(given.$ref)} leads nowhere`)
      return { schema, ...(name !== undefined && { name }) }
    },
  }
}
