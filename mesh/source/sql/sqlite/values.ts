// What SQLite's values are in JSON: by the type that a column is declared with, or that the file of queries says, since a value may be of any type there.
import { type Value, wholeNumber } from '../values.ts'

/** Of a declared type, by SQLite's own rules of affinity, and by what people mean by the names that these do not know. */
export function valueOfType(declared: string): Value {
  const type = declared.toUpperCase()
  if (/BOOL/.test(type)) return 'boolean'
  if (/INT/.test(type)) return 'int64'
  if (/DATETIME|TIMESTAMP/.test(type)) return 'date-time'
  if (/^DATE\b/.test(type)) return 'date'
  if (/^TIME\b/.test(type)) return 'time'
  if (/JSON/.test(type)) return 'json'
  if (/UUID/.test(type)) return 'uuid'
  if (/CHAR|CLOB|TEXT/.test(type)) return 'string'
  if (/BLOB/.test(type)) return 'bytes'
  if (/REAL|FLOA|DOUB/.test(type)) return 'number'
  if (/DEC|NUMERIC/.test(type)) return 'decimal'
  return 'string'
}

/** The value as the mesh wants it. One that is of another kind stays as it is, and is found to be none. */
export function readValue(value: unknown, as: Value, scale: number | undefined): unknown {
  if (value === null) return null
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value === 'bigint') {
    if (as === 'boolean' && (value === 0n || value === 1n)) return value === 1n
    if (as === 'decimal') return scale === undefined ? String(value) : `${value}${scale > 0 ? `.${'0'.repeat(scale)}` : ''}`
    return wholeNumber(String(value))
  }
  if (typeof value === 'number' && as === 'decimal') return scale === undefined ? String(value) : value.toFixed(scale)
  if (typeof value === 'string' && as === 'json')
    try {
      return JSON.parse(value)
    } catch {
      return value
    }
  return value
}

/** Of `DECIMAL(10,2)` the 2. */
export const scaleOf = (declared: string | null): number | undefined => {
  const scale = /\(\s*\d+\s*,\s*(\d{1,2})\s*\)/.exec(declared ?? '')?.[1]
  return scale === undefined ? undefined : Number(scale)
}
