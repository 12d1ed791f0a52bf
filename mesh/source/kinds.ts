// The kinds of source that there are. A further one is a folder beside this file and a line in this table.
import { z } from 'zod'
import type { Catalogue } from './catalogue.ts'
import { GRAPHQL } from './graphql/graphql-source.ts'
import { JSON_BY_EXAMPLE } from './json/json-source.ts'
import type { Kind, Means, OpenSource } from './kind.ts'
import { OPENAPI } from './openapi/openapi-source.ts'
import { SQL } from './sql/sql-source.ts'

const KINDS = { openapi: OPENAPI, graphql: GRAPHQL, json: JSON_BY_EXAMPLE, sql: SQL }

export type KindName = keyof typeof KINDS
type SettingsOf<K> = K extends Kind<infer Settings> ? Settings : never
/** What the mesh's file says of a source, and of which kind that makes it. */
export type SourceConfig = { [Name in KindName]: { readonly kind: Name } & SettingsOf<(typeof KINDS)[Name]> }[KindName]

const NAMES = Object.keys(KINDS) as KindName[] // keys of the table

export const SourceSettings = z.record(z.string(), z.unknown()).transform((given, context): SourceConfig => {
  const [kind, ...more] = NAMES.filter(name => name in given)
  if (kind === undefined || more.length > 0) {
    const found = kind === undefined ? 'none is there' : `${[kind, ...more].join(' and ')} are there`
    context.addIssue({ code: 'custom', message: `one of ${NAMES.join(', ')} says of which kind it is: ${found}` })
    return z.NEVER
  }
  const parsed = KINDS[kind].settings.safeParse(given)
  if (parsed.success) return { kind, ...parsed.data } as SourceConfig // of the kind that has parsed it
  for (const { path, message } of parsed.error.issues) context.addIssue({ code: 'custom', path, message })
  return z.NEVER
})

// The settings of a source are of its kind: SourceSettings has parsed them with it.
const kindOf = ({ kind }: SourceConfig): Kind<SourceConfig> => KINDS[kind] as Kind<SourceConfig>

/** What it can be asked, without opening it. Throws an Error that says what is wrong with its files, and where. */
export const catalogueOf = (config: SourceConfig, read: (file: string) => string): Catalogue => kindOf(config).catalogue(config, read)

/** Throws as `catalogueOf`, and where a credential's file cannot be read. */
export const openSource = (name: string, config: SourceConfig, means: Means): OpenSource => kindOf(config).open(name, config, means)

/** Its files as it serves them now. Undefined: it cannot be said. Rejects with what went wrong. */
export const servedFiles = async (name: string, config: SourceConfig, means: Means, signal: AbortSignal) =>
  kindOf(config).served?.(name, config, means, signal)
