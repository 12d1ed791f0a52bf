// Finds types and fields by their name and by what their sources say of them: a developer looks for "refund" before knowing what it is called.
import { type GraphQLNamedType, type GraphQLSchema, isEnumType, isInputObjectType, isObjectType } from 'graphql'

export interface Found {
  readonly type: GraphQLNamedType
  /** Undefined where it is the type itself. */
  readonly field?: string
  readonly description: string
}

const MOST = 60

/** What is called so comes first, then what begins so, then what has it in its name or description. */
export function find(schema: GraphQLSchema, sought: string): readonly Found[] {
  const wanted = sought.trim().toLowerCase()
  if (wanted === '') return []
  const all = typesOf(schema).flatMap((type): Found[] => [
    { type, description: type.description ?? '' },
    ...fieldsOf(type).map(({ name, description }) => ({ type, field: name, description: description ?? '' })),
  ])
  const rankOf = ({ type, field, description }: Found): number => {
    const name = (field ?? type.name).toLowerCase()
    const path = `${type.name}.${field ?? ''}`.toLowerCase()
    if (name === wanted || path === wanted) return 0
    if (name.startsWith(wanted)) return 1
    if (path.includes(wanted)) return 2
    return description.toLowerCase().includes(wanted) ? 3 : 4
  }
  return all
    .map(found => [rankOf(found), found] as const)
    .filter(([rank]) => rank < 4)
    .sort(([a], [b]) => a - b)
    .slice(0, MOST)
    .map(([, found]) => found)
}

/** Those of the mesh, without GraphQL's own. */
export const typesOf = (schema: GraphQLSchema): readonly GraphQLNamedType[] =>
  Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'))

export const fieldsOf = (type: GraphQLNamedType): readonly { readonly name: string; readonly description?: string | null | undefined }[] =>
  isObjectType(type) || isInputObjectType(type) ? Object.values(type.getFields()) : isEnumType(type) ? type.getValues() : []
