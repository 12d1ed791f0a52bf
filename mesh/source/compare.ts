// What has changed between what a source could be asked before and what it can be asked now.
import { type Catalogue, isObject, type JsonSchema, type Operation, propertiesOf } from './catalogue.ts'

export interface Change {
  readonly what: 'gone' | 'new' | 'changed'
  /** An operation (`getOrder`), a parameter of one (`getOrder(limit)`), or a field of a type (`Order.note`). */
  readonly place: string
  /** `string → integer` */
  readonly detail?: string
  /** Of which operation, or of which type. */
  readonly of: { readonly operation: string } | { readonly type: string }
  /** Whoever asks as before may not be answered as before. */
  readonly isBreaking: boolean
}

/** In the order of the documents: what is gone and changed, then what is new. */
export function changesBetween(before: Catalogue, after: Catalogue): readonly Change[] {
  const changes: Change[] = []
  for (const [id, operation] of before.operations) {
    const now = after.operations.get(id)
    if (now) changes.push(...operationChanges(before, operation, after, now))
    else changes.push({ what: 'gone', place: id, of: { operation: id }, isBreaking: true })
  }
  for (const id of after.operations.keys())
    if (!before.operations.has(id)) changes.push({ what: 'new', place: id, of: { operation: id }, isBreaking: false })
  for (const [name, schema] of before.schemas) {
    const now = after.schemas.get(name)
    // A type that no operation gives any more is told by its operations.
    if (now) changes.push(...fieldChanges(before, schema, after, now, name, { type: name }))
  }
  return changes.toSorted((a, b) => Number(a.what === 'new') - Number(b.what === 'new'))
}

function operationChanges(before: Catalogue, was: Operation, after: Catalogue, now: Operation): readonly Change[] {
  const of = { operation: was.id }
  const changes: Change[] = []
  const [had, has] = [takes(before, was), takes(after, now)]
  for (const [name, { type }] of had) {
    const place = `${was.id}(${name})`
    const other = has.get(name)
    if (!other) changes.push({ what: 'gone', place, of, isBreaking: true })
    else if (other.type !== type) changes.push({ what: 'changed', place, detail: `${type} → ${other.type}`, of, isBreaking: true })
  }
  for (const [name, { isRequired }] of has) {
    const place = `${was.id}(${name})`
    if (!had.has(name)) changes.push({ what: 'new', place, ...(isRequired && { detail: 'it must be given' }), of, isBreaking: isRequired })
    else if (isRequired && !had.get(name)?.isRequired)
      changes.push({ what: 'changed', place, detail: 'it must be given now', of, isBreaking: true })
  }
  const [gave, gives] = [textOf(before, was.answer), textOf(after, now.answer)]
  if (gave !== gives) changes.push({ what: 'changed', place: was.id, detail: `it gave ${gave} and gives ${gives}`, of, isBreaking: true })
  else if (was.answer && now.answer && before.resolve(was.answer).name === undefined)
    changes.push(...fieldChanges(before, was.answer, after, now.answer, `${was.id} answer`, of))
  return changes
}

function takes(
  catalogue: Catalogue,
  { parameters, body }: Operation,
): ReadonlyMap<string, { readonly type: string; readonly isRequired: boolean }> {
  const found = new Map<string, { readonly type: string; readonly isRequired: boolean }>()
  for (const { name, schema, isRequired } of parameters) found.set(name, { type: textOf(catalogue, schema), isRequired })
  const { properties, required } = propertiesOf(catalogue, catalogue.resolve(body ?? {}).schema)
  for (const [name, schema] of Object.entries(properties))
    found.set(name, { type: textOf(catalogue, schema), isRequired: required.has(name) })
  return found
}

function fieldChanges(
  before: Catalogue,
  was: JsonSchema,
  after: Catalogue,
  now: JsonSchema,
  place: string,
  of: Change['of'],
): readonly Change[] {
  const [had, has] = [
    propertiesOf(before, before.resolve(was).schema).properties,
    propertiesOf(after, after.resolve(now).schema).properties,
  ]
  const changes: Change[] = []
  for (const [name, schema] of Object.entries(had)) {
    const other = has[name]
    if (!other) changes.push({ what: 'gone', place: `${place}.${name}`, of, isBreaking: true })
    else {
      const [then, since] = [textOf(before, schema), textOf(after, other)]
      if (then !== since) changes.push({ what: 'changed', place: `${place}.${name}`, detail: `${then} → ${since}`, of, isBreaking: true })
    }
  }
  for (const name of Object.keys(has)) if (!(name in had)) changes.push({ what: 'new', place: `${place}.${name}`, of, isBreaking: false })
  return changes
}

/** What values there are, in a word: `string`, `[Order]`, `one of paid, packed`. */
function textOf(catalogue: Catalogue, schema: JsonSchema | undefined): string {
  if (!schema) return 'nothing'
  const { name, schema: bare } = catalogue.resolve(schema)
  const any = bare.anyOf ?? bare.oneOf
  if (Array.isArray(any)) {
    const others = any.filter(isObject).filter(each => catalogue.resolve(each).schema.type !== 'null')
    return others.map(each => textOf(catalogue, each)).join(' or ')
  }
  if (Array.isArray(bare.enum)) return `one of ${bare.enum.join(', ')}`
  if (bare.type === 'array') return `[${textOf(catalogue, isObject(bare.items) ? bare.items : {})}]`
  if (name !== undefined && (bare.properties !== undefined || bare.allOf !== undefined)) return name
  const types = (Array.isArray(bare.type) ? bare.type : [bare.type]).filter(type => type !== 'null' && type !== undefined)
  return types.length > 0 ? types.join(' or ') : bare.properties !== undefined || bare.allOf !== undefined ? 'object' : 'anything'
}
