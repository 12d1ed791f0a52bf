// What the desk shows of a customer: one stored query, asked in the customer's own scope, and how its answer is to be read. The query is the shop's own
// (`panel` of mesh.yaml), or made of what the customer leads to; in either case it is checked when the mesh is opened, before anybody looks at it.
import type { CustomerPanel, PanelField, PanelGap } from '@parley/core/protocol/customer-panel.ts'
import type { Locale } from '@parley/plugin-sdk/vocabulary.ts'
import { type DocumentNode, type FieldNode, GraphQLError, Kind, parse, validate } from 'graphql'
import type { Scope } from '../upstream/scope.ts'
import { isPassingCode, type Trouble } from '../upstream/source-error.ts'
import { derivedPanel } from './derived-panel.ts'
import type { JoinedMesh, MeshAnswer } from './joined-mesh.ts'
import type { MeshConfig } from './mesh-config.ts'
import { layoutOf } from './panel-layout.ts'

export interface Panel {
  readonly query: string
  /** Never rejects because of a source; by the signal's deadline at the latest. `scope` is a customer's. */
  ask(scope: Scope, signal: AbortSignal): Promise<CustomerPanel>
}

/** Undefined where nothing in the mesh is a customer's. Throws an Error that says what of a declared query is wrong. */
export function createPanel(config: MeshConfig, mesh: JoinedMesh): Panel | undefined {
  const declared = config.panel?.query
  const query = declared ?? derivedPanel(config, mesh.schema, candidate => problemOf(candidate, config, mesh) === undefined)
  if (query === undefined) return undefined
  const problem = problemOf(query, config, mesh)
  if (problem !== undefined) throw new Error(`panel.query: ${problem}`)
  const document = parse(query)
  const ids = new Set(
    Object.entries(config.fields).flatMap(([path, field]) => Object.values(field.with).map(of => `${path.split('.', 1)[0]}.${of}`)),
  )
  const layouts = new Map<Locale, readonly PanelField[]>()
  return {
    query,
    async ask(scope, signal) {
      if (scope.customer === null) throw new Error('a panel is of one customer')
      const { locale } = scope
      const fields = layouts.get(locale) ?? layoutOf({ document, schema: mesh.schema, words: wordsIn(config, locale), ids })
      layouts.set(locale, fields)
      const answer = await mesh.ask({ query, variables: { customer: scope.customer } }, scope, signal)
      return panelOf(fields, answer, source => config.sources[source]?.title?.[locale] ?? source)
    },
  }
}

/** What people call things in this locale: `Type.field` or `field`, and the values of enums alike. */
const wordsIn = (config: MeshConfig, locale: Locale): Readonly<Record<string, string>> => config.panel?.words[locale] ?? {}

function panelOf(
  fields: readonly PanelField[],
  { data, errors = [], extensions }: MeshAnswer,
  titleOf: (source: string) => string,
): CustomerPanel {
  return {
    fields,
    data: data ?? {},
    gaps: errors.map(({ path = [], extensions: { code, source } = {} }): PanelGap => {
      const isPassing = code === 'DEADLINE' || isPassingCode(code as Trouble) // another code is none that passes
      return { path, isPassing, ...(typeof source === 'string' && { source: titleOf(source) }) }
    }),
    stale: (extensions?.stale ?? []).map(({ path, source, ageMs }) => ({
      path: path.split('.').map(part => (/^\d+$/.test(part) ? Number(part) : part)),
      source: titleOf(source),
      ageMs,
    })),
  }
}

/** Why a query cannot be asked for a customer; undefined where it can. */
function problemOf(query: string, config: MeshConfig, mesh: JoinedMesh): string | undefined {
  let document: DocumentNode
  try {
    document = parse(query, { maxTokens: 4_000 })
  } catch (error) {
    if (error instanceof GraphQLError) return error.message
    throw error
  }
  const operations = document.definitions.filter(each => each.kind === Kind.OPERATION_DEFINITION)
  const [operation] = operations
  if (!operation || operations.length > 1 || document.definitions.length > 1) return 'it must be one query, without fragments'
  if (operation.operation !== 'query') return 'it must be a query: what is shown changes nothing'
  const others = (operation.variableDefinitions ?? []).map(each => each.variable.name.value).filter(name => name !== 'customer')
  if (others.length > 0) return `nothing gives $${others[0]}: $customer alone is given`
  const anybodys = operation.selectionSet.selections.find(
    each => each.kind !== Kind.FIELD || config.fields[`Query.${each.name.value}`]?.customer === undefined,
  )
  if (anybodys)
    return `${(anybodys as FieldNode).name?.value ?? 'a fragment'} is not a customer's: only fields with \`customer\` can begin it`
  const scope: Pick<Scope, 'customer'> = { customer: 'somebody' as Scope['customer'] }
  return validate(mesh.schema, document, mesh.rules(scope as Scope), { maxErrors: 1 })[0]?.message // the rules look at the customer alone
}
