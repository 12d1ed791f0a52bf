// What a value of a database is in JSON: both databases' types come to one of these.
import type { JsonSchema } from '../catalogue.ts'

export const VALUES = {
  string: { type: 'string' },
  integer: { type: 'integer' },
  int64: { type: 'integer', format: 'int64' },
  number: { type: 'number' },
  /** To the last digit, as money must be: a text. */
  decimal: { type: 'string', format: 'decimal' },
  boolean: { type: 'boolean' },
  date: { type: 'string', format: 'date' },
  time: { type: 'string', format: 'time' },
  'date-time': { type: 'string', format: 'date-time' },
  duration: { type: 'string', format: 'duration' },
  uuid: { type: 'string', format: 'uuid' },
  /** In base64. */
  bytes: { type: 'string', format: 'byte' },
  json: {},
} as const satisfies Readonly<Record<string, JsonSchema>>
export type Value = keyof typeof VALUES
export const VALUE_NAMES = Object.keys(VALUES) as [Value, ...Value[]] // keys of the table

/** A whole number as JSON has it; a text where that would not be exact, which is then found to be no integer. */
export function wholeNumber(text: string): number | string {
  const number = Number(text)
  return Number.isSafeInteger(number) ? number : text
}

const SAMPLES: Partial<Readonly<Record<Value, string | number | boolean>>> = {
  integer: 1,
  int64: 1,
  number: 1,
  decimal: '1',
  boolean: true,
  date: '2000-01-01',
  time: '00:00',
  'date-time': '2000-01-01T00:00:00Z',
  duration: 'P1D',
  uuid: '00000000-0000-0000-0000-000000000000',
}

/** Some value that a parameter may have: to try a query with. */
export const sampleOf = (
  as: Value,
  only: readonly string[] | undefined,
  { default: fallback, minimum }: { readonly default?: string | number | boolean; readonly minimum?: number },
): string | number | boolean => fallback ?? only?.[0] ?? minimum ?? SAMPLES[as] ?? ''
