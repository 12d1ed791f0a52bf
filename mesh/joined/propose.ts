// What a document's operations could be in a mesh: joins where a parameter is called as a type is, questions where none is. A proposal, for a person to
// read: names are all that there is to go by.
import { type ApiDocument, type ApiOperation, isObject, type JsonSchema, type Parameter } from '../openapi/document.ts'
import { propertiesOf } from '../openapi/types.ts'
import type { FieldConfig, MeshConfig } from './mesh-config.ts'

export interface Proposal {
  readonly fields: Readonly<Record<string, Partial<FieldConfig>>>
  readonly owners: MeshConfig['owners']
}

const IDS = ['id', 'number', 'code', 'key']
const OWNERS = ['customer', 'customerId', 'customer_id']
/** Types that are the customer. */
const CUSTOMER = /^(customer|client|account|user|member)$/i

/** `others` are the documents of the sources that the mesh has already. */
export function propose(source: string, document: ApiDocument, others: readonly ApiDocument[]): Proposal {
  const types = new Map<string, string>()
  for (const each of [...others, document])
    for (const [name, properties] of typesOf(each)) {
      const id = IDS.find(candidate => candidate in properties)
      if (id !== undefined) types.set(name.toLowerCase(), `${name}.${id}`)
    }
  const fields: Record<string, Partial<FieldConfig>> = {}
  for (const operation of document.operations.values()) {
    if (!operation.answer) continue
    const [path, field] =
      operation.method === 'GET' ? reading(source, document, operation, types) : (changing(source, document, operation) ?? [])
    if (path !== undefined && field && !(path in fields)) fields[path] = field
  }
  const owners: Record<string, string> = {}
  for (const [name, properties] of typesOf(document)) {
    const owner = CUSTOMER.test(name) ? IDS.find(id => id in properties) : OWNERS.find(each => each in properties)
    if (owner !== undefined) owners[name] = owner
  }
  return { fields, owners }
}

function reading(source: string, document: ApiDocument, operation: ApiOperation, types: ReadonlyMap<string, string>) {
  const from = `${source}.${operation.id}`
  const name = fieldName(operation.id)
  const answer = document.resolve(operation.answer ?? {})
  const picked = pickOf(document, answer.schema)
  const pick = picked === undefined ? {} : { pick: picked }
  const required = operation.parameters.filter(({ isRequired, in: place }) => isRequired && place !== 'header')
  // A path's own id stays an argument: `order(number: …)` of a customer.
  const bound = required.find(parameter => parameter.in === 'query' && types.has(thing(parameter)))
  const typeAndId = bound && types.get(thing(bound))?.split('.')
  if (bound && typeAndId) {
    const [type = '', id = ''] = typeAndId
    const key = isList(document, bound) ? keyOf(document, answer.schema, thing(bound)) : undefined
    if (key !== undefined) return [`${type}.${singular(name)}`, { from, with: { [bound.name]: id }, batch: key }] as const
    if (!isList(document, bound)) return [`${type}.${name}`, { from, with: { [bound.name]: id }, ...pick }] as const
  }
  const [only, ...more] = required
  const isCustomer = only !== undefined && more.length === 0 && CUSTOMER.test(answer.name ?? '') && only.in === 'path'
  return [`Query.${name}`, { from, ...pick, ...(isCustomer && { customer: only.name }) }] as const
}

/** Only what is done once for a key can be done for somebody. */
function changing(source: string, document: ApiDocument, { id, parameters, body }: ApiOperation) {
  const key = parameters.find(({ in: place, name }) => place === 'header' && /^idempotency-key$/i.test(name))?.name
  if (key === undefined) return undefined
  const { properties } = propertiesOf(document, document.resolve(body ?? {}).schema)
  const customer = OWNERS.find(each => each in properties || parameters.some(({ name }) => name === each))
  return [`Mutation.${id}`, { from: `${source}.${id}`, ...(customer !== undefined && { customer }), key }] as const
}

const typesOf = (document: ApiDocument): readonly (readonly [string, Readonly<Record<string, JsonSchema>>])[] =>
  document.schemas.map(
    name => [name, propertiesOf(document, document.resolve({ $ref: `#/components/schemas/${name}` }).schema).properties] as const,
  )

/** `order` for a parameter `orders`, `orderId` or `order_ids`. */
const thing = ({ name }: Parameter): string => singular(name.replace(/_?(ids?|numbers?)$/i, '') || name).toLowerCase()

const singular = (name: string): string => name.replace(/ies$/, 'y').replace(/([^s])s$/, '$1')

const isList = (document: ApiDocument, { schema }: Parameter): boolean => document.resolve(schema).schema.type === 'array'

/** The field of a list's objects that says which thing each belongs to. */
function keyOf(document: ApiDocument, { items }: JsonSchema, of: string): string | undefined {
  if (!isObject(items)) return undefined
  const { properties } = propertiesOf(document, document.resolve(items).schema)
  return [of, `${of}Id`, `${of}_id`, `${of}Number`].find(name => name in properties)
}

/** Of a page, the one list in it. */
function pickOf(document: ApiDocument, schema: JsonSchema): string | undefined {
  const lists = Object.entries(propertiesOf(document, schema).properties).filter(([, each]) => {
    const { schema: bare } = document.resolve(each)
    return bare.type === 'array' && isObject(bare.items) && document.resolve(bare.items).schema.type === 'object'
  })
  const isPage = Object.keys(propertiesOf(document, schema).properties).length <= 4
  return lists.length === 1 && isPage ? lists[0]?.[0] : undefined
}

const fieldName = (id: string): string => {
  const name = id.replace(/^(get|list|find|fetch|search|read|query)(?=[A-Z_])/, '').replace(/\W+|^_/g, '')
  return name.charAt(0).toLowerCase() + name.slice(1)
}
