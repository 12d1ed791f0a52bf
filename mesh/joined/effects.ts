// The effects of a mesh's file: what the catalogue's actions do, each one field of Mutation, and what takes it back, as that field says.
import type { EffectOutcome } from '@parley/core/ports/effects.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type FieldNode, type GraphQLObjectType, getNamedType, print } from 'graphql'
import { shaped } from './facts.ts'
import type { MeshAnswer } from './joined-mesh.ts'
import type { Joined } from './joined-schema.ts'
import { type Part, partsAt, valueAt } from './parts.ts'
import { fieldsIn, type Ground, placeAt, READ, readStored, rootPlace, valuesOf } from './stored-document.ts'

export interface StoredEffect {
  readonly text: string
  /** Where the answer is. */
  readonly path: readonly string[]
  readonly parts: readonly Part[]
  /** Of a do by its slots, of an undo by the result of what it undoes; or why it cannot be asked for. */
  variables(given: Given): { readonly values: Readonly<Record<string, unknown>> } | { readonly refused: string }
}

interface Given {
  readonly slots: Readonly<Record<string, string>>
  readonly undoes?: Readonly<Record<string, string>>
}

/** By the names of effects and of undos. Throws an Error that names the effect and says what is wrong with it. */
export function readEffects(ground: Ground, undo: Joined['undo']): ReadonlyMap<string, StoredEffect> {
  const effects = new Map<string, StoredEffect>()
  for (const [name, config] of Object.entries(ground.config.effects)) {
    try {
      const mutation = ground.schema.getMutationType()
      const document = readStored(config.mutation, 'mutation', ground)
      const [field, ...others] = fieldsIn(document.operation.selectionSet)
      if (!mutation || !field || others.length > 0) throw new Error('it must be of one field: one key has one effect')
      const path = [(field.alias ?? field.name).value]
      const parts = partsAt(placeAt(rootPlace(document, mutation), path, ground), config.result, ground)
      if (name === config.undo || effects.has(name) || effects.has(config.undo)) throw new Error('two things are called so')
      effects.set(name, {
        text: document.text,
        path,
        parts,
        variables({ slots }) {
          const read = valuesOf(document, slots)
          return 'lacks' in read ? { refused: read.lacks.refused } : read
        },
      })
      effects.set(config.undo, undoOf(field, mutation, parts, undo, ground))
    } catch (error) {
      throw new Error(`effects.${name}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  return effects
}

/** What the field says under `undo`, with the values that the result of the effect has under names of its own. */
function undoOf(
  field: FieldNode,
  mutation: GraphQLObjectType,
  parts: readonly Part[],
  undo: Joined['undo'],
  { schema, rules, config }: Ground,
): StoredEffect {
  const back = undo.get(field.name.value)
  const by = back && mutation.getFields()[back.by]
  if (!by) throw new Error(`Mutation.${field.name.value} cannot be undone: say by what, under undo`)
  const selected = fieldsIn(field.selectionSet)
  const given = Object.entries(back.with).map(([argument, from]) => {
    const key = selected.find(({ name }) => name.value === from)
    const part = parts.find(
      ({ paths: [only = [], ...more] }) => more.length === 0 && only.length === 1 && only[0] === (key?.alias ?? key?.name)?.value,
    )
    const type = by.args.find(({ name }) => name === argument)?.type
    if (!part || !type) throw new Error(`result: its undo needs ${from}`)
    return { argument, part: part.name, type: String(type), read: READ[String(type).replace('!', '') as keyof typeof READ] ?? READ.String }
  })
  const isSame = getNamedType(by.type) === getNamedType(mutation.getFields()[field.name.value]?.type)
  const text = `mutation (${given.map(({ argument, type }) => `$${argument}: ${type}`).join(', ')}) {
    undone: ${back.by}(${given.map(({ argument }) => `${argument}: $${argument}`).join(', ')}) ${isSame && field.selectionSet ? print(field.selectionSet) : '{ __typename }'}
  }`
  // It takes no slots: the document is held to the schema alone.
  readStored(text, 'mutation', {
    schema,
    rules,
    config: { ...config, slots: Object.fromEntries(given.map(({ argument }) => [argument, { as: '$0', refused: 'unknown' }])) },
  })
  return {
    text,
    path: ['undone'],
    parts: isSame ? parts : [],
    variables({ undoes = {} }) {
      const values: Record<string, unknown> = {}
      for (const { argument, part, read } of given) {
        const value = read(undoes[part])
        if (value === undefined) return { refused: 'unknown' }
        values[argument] = value
      }
      return { values }
    },
  }
}

/** Undefined where it is not known whether it was done. */
export function outcomeOf({ path, parts }: StoredEffect, answer: MeshAnswer, locale: Locale): EffectOutcome | undefined {
  const refused = answer.errors?.find(({ extensions }) => extensions?.code === 'SOURCE_REFUSED')
  if (refused) {
    const reason = refused.extensions?.reason
    return { state: 'refused', reason: typeof reason === 'string' ? reason : 'refused' }
  }
  const given = valueAt(answer.data, path) ?? null
  if (answer.errors || given === null) return undefined
  const result = parts.length === 0 ? {} : (shaped(given, parts, locale) as Readonly<Record<string, unknown>>) // of an object, with parts
  return { state: 'done', result: Object.fromEntries(Object.entries(result).map(([name, value]) => [name, String(value)])) }
}
