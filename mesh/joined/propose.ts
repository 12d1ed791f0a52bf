// What a source's operations could be in a mesh: joins where a parameter is called as a type is, questions where none is. A proposal, for a person to
// read: names are all that there is to go by.
import { type Catalogue, isObject, type JsonSchema, type Operation, type Parameter, propertiesOf } from '../source/catalogue.ts'
import { nounOf, singular } from '../source/words.ts'
import type { FieldConfig, MeshConfig } from './mesh-config.ts'

export interface Proposal {
  readonly fields: Readonly<Record<string, Partial<FieldConfig>>>
  readonly owners: MeshConfig['owners']
}

const IDS = ['id', 'number', 'code', 'key']
const OWNERS = ['customer', 'customerId', 'customer_id']
/** Under which something is done once: as a header, or as a parameter. */
const KEY = /^(idempotency[-_]?key|client[-_]?mutation[-_]?id)$/i
/** Types that are the customer. */
const CUSTOMER = /^(customer|client|account|user|member)$/i

/** `others` are the catalogues of the sources that the mesh has already. */
export function propose(source: string, catalogue: Catalogue, others: readonly Catalogue[]): Proposal {
  const types = new Map<string, string>()
  for (const each of [...others, catalogue])
    for (const [name, properties] of typesOf(each)) {
      const id = IDS.find(candidate => candidate in properties)
      if (id !== undefined) types.set(name.toLowerCase(), `${name}.${id}`)
    }
  const fields: Record<string, Partial<FieldConfig>> = {}
  for (const operation of catalogue.operations.values()) {
    if (!operation.answer) continue
    const [path, field] = operation.isSafe ? reading(source, catalogue, operation, types) : (changing(source, catalogue, operation) ?? [])
    if (path !== undefined && field && !(path in fields)) fields[path] = field
  }
  const owners: Record<string, string> = {}
  for (const [name, properties] of typesOf(catalogue)) {
    const owner = CUSTOMER.test(name) ? IDS.find(id => id in properties) : OWNERS.find(each => each in properties)
    const path = owner === undefined ? undefined : idWithin(catalogue, owner, properties[owner] ?? {})
    if (path !== undefined) owners[name] = path
  }
  return { fields, owners }
}

function reading(source: string, catalogue: Catalogue, operation: Operation, types: ReadonlyMap<string, string>) {
  const from = `${source}.${operation.id}`
  const name = nounOf(operation.id)
  const answer = catalogue.resolve(operation.answer ?? {})
  const picked = pickOf(catalogue, answer.schema)
  const pick = picked === undefined ? {} : { pick: picked }
  const required = operation.parameters.filter(({ isRequired, in: place }) => isRequired && place !== 'header')
  // A path's own id stays an argument: `order(number: …)` of a customer.
  const bound = required.find(parameter => parameter.in === 'query' && types.has(thing(parameter)))
  const typeAndId = bound && types.get(thing(bound))?.split('.')
  if (bound && typeAndId) {
    const [type = '', id = ''] = typeAndId
    const key = isList(catalogue, bound) ? keyOf(catalogue, answer.schema, thing(bound)) : undefined
    // `listItemsByOrder` gives the items of an order, `findRefunds` the refund of one.
    const own = name.replace(/(By|Of|For)[A-Z]\w*$|_(by|of|for)_\w*$/, '')
    const isMany = /^list(?=[A-Z_])/.test(operation.id)
    if (key !== undefined && isMany) return [`${type}.${own}`, { from, with: { [bound.name]: id }, batch: key, many: true }] as const
    if (key !== undefined) return [`${type}.${singular(own)}`, { from, with: { [bound.name]: id }, batch: key }] as const
    if (!isList(catalogue, bound)) return [`${type}.${name}`, { from, with: { [bound.name]: id }, ...pick }] as const
  }
  const [only, ...more] = required
  const isCustomer = only !== undefined && more.length === 0 && CUSTOMER.test(answer.name ?? '') && only.in === 'path'
  return [`Query.${name}`, { from, ...pick, ...(isCustomer && { customer: only.name }) }] as const
}

/** Only what is done once for a key can be done for somebody. */
function changing(source: string, catalogue: Catalogue, { id, parameters, body }: Operation) {
  const { properties } = propertiesOf(catalogue, catalogue.resolve(body ?? {}).schema)
  const key = [...parameters.map(({ name }) => name), ...Object.keys(properties)].find(name => KEY.test(name))
  if (key === undefined) return undefined
  const customer = OWNERS.find(each => each in properties || parameters.some(({ name }) => name === each))
  return [`Mutation.${id}`, { from: `${source}.${id}`, ...(customer !== undefined && { customer }), key }] as const
}

/** `customer`, or `customer.id` where an object stands there; undefined where that has no id. */
function idWithin(catalogue: Catalogue, owner: string, schema: JsonSchema): string | undefined {
  const { schema: bare } = catalogue.resolve(schema)
  if (bare.properties === undefined && bare.allOf === undefined) return owner
  const { properties } = propertiesOf(catalogue, bare)
  const id = IDS.find(each => each in properties)
  return id === undefined ? undefined : `${owner}.${id}`
}

const typesOf = (catalogue: Catalogue): readonly (readonly [string, Readonly<Record<string, JsonSchema>>])[] =>
  [...catalogue.schemas].map(([name, schema]) => [name, propertiesOf(catalogue, schema).properties] as const)

/** `order` for a parameter `orders`, `orderId` or `order_ids`. */
const thing = ({ name }: Parameter): string => singular(name.replace(/_?(ids?|numbers?)$/i, '') || name).toLowerCase()

const isList = (catalogue: Catalogue, { schema }: Parameter): boolean => catalogue.resolve(schema).schema.type === 'array'

/** The field of a list's objects that says which thing each belongs to. */
function keyOf(catalogue: Catalogue, { items }: JsonSchema, of: string): string | undefined {
  if (!isObject(items)) return undefined
  const { properties } = propertiesOf(catalogue, catalogue.resolve(items).schema)
  return [of, `${of}Id`, `${of}_id`, `${of}Number`].find(name => name in properties)
}

/** Of a page, the one list in it. */
function pickOf(catalogue: Catalogue, schema: JsonSchema): string | undefined {
  const lists = Object.entries(propertiesOf(catalogue, schema).properties).filter(([, each]) => {
    const { schema: bare } = catalogue.resolve(each)
    return bare.type === 'array' && isObject(bare.items) && catalogue.resolve(bare.items).schema.type === 'object'
  })
  const names = Object.keys(propertiesOf(catalogue, schema).properties)
  // What has an id is a thing that has a list, and no page of one.
  const isPage = names.length <= 4 && !IDS.some(id => names.includes(id))
  return lists.length === 1 && isPage ? lists[0]?.[0] : undefined
}
