import { parseDocument } from 'yaml'

/** A shop's settings of one plugin as a developer writes them, `{ name: value }` in YAML or JSON; undefined where it is no such thing. */
export function readSettings(text: string): Readonly<Record<string, unknown>> | undefined {
  const document = parseDocument(text)
  const value: unknown = document.errors.length > 0 ? undefined : document.toJS({ maxAliasCount: 0 })
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Readonly<Record<string, unknown>>) : undefined // an object that is no array
}

export const SETTINGS_FORM = 'settings are written { name: value }'
