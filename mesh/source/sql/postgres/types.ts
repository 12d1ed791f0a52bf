// PostgreSQL's types, and what their texts are in JSON. The session's settings make the texts: dates as ISO 8601, in UTC.
import { type Value, wholeNumber } from '../values.ts'

/** By the name in pg_type. What is not here is a text. */
const BY_NAME: Readonly<Record<string, Value>> = {
  bool: 'boolean',
  int2: 'integer',
  int4: 'integer',
  int8: 'int64',
  oid: 'int64',
  float4: 'number',
  float8: 'number',
  numeric: 'decimal',
  date: 'date',
  time: 'time',
  timetz: 'time',
  timestamp: 'date-time',
  timestamptz: 'date-time',
  interval: 'duration',
  uuid: 'uuid',
  json: 'json',
  jsonb: 'json',
  bytea: 'bytes',
}
export const valueOfType = (typname: string): Value => BY_NAME[typname] ?? 'string'

/** Numbers of types are the same in every database but for those that somebody has made, which are texts here. */
const BY_NUMBER: ReadonlyMap<number, readonly [Value, isList: boolean]> = new Map(
  (
    [
      [16, 1000, 'bool'],
      [17, 1001, 'bytea'],
      [20, 1016, 'int8'],
      [21, 1005, 'int2'],
      [23, 1007, 'int4'],
      [26, 1028, 'oid'],
      [114, 199, 'json'],
      [700, 1021, 'float4'],
      [701, 1022, 'float8'],
      [1082, 1182, 'date'],
      [1083, 1183, 'time'],
      [1114, 1115, 'timestamp'],
      [1184, 1185, 'timestamptz'],
      [1186, 1187, 'interval'],
      [1266, 1270, 'timetz'],
      [1700, 1231, 'numeric'],
      [2950, 2951, 'uuid'],
      [3802, 3807, 'jsonb'],
      // Texts, in lists: text, varchar, bpchar, name.
      [25, 1009, 'text'],
      [1043, 1015, 'varchar'],
      [1042, 1014, 'bpchar'],
      [19, 1003, 'name'],
    ] as const
  ).flatMap(([one, list, name]): [number, readonly [Value, boolean]][] => [
    [one, [valueOfType(name), false]],
    [list, [valueOfType(name), true]],
  ]),
)

/** What a column's text is in JSON, by the number of its type. `isList`: what a list of a type that somebody has made is. */
export function reader(type: number, isList: boolean): (text: string) => unknown {
  const [value, isKnownList] = BY_NUMBER.get(type) ?? ['string', isList]
  return isKnownList ? text => listOf(text, READ[value]) : READ[value]
}

const asText = (text: string): string => text
const READ: Readonly<Record<Value, (text: string) => unknown>> = {
  string: asText,
  decimal: asText,
  uuid: asText,
  date: asText,
  time: asText,
  duration: asText,
  boolean: text => text === 't',
  integer: wholeNumber,
  int64: wholeNumber,
  // JSON has no NaN and no infinity: they stay texts, and are found not to be numbers.
  number: text => (Number.isFinite(Number(text)) ? Number(text) : text),
  'date-time': text => text.replace(' ', 'T').replace(/\+00$/, 'Z'),
  bytes: text => Buffer.from(text.slice(2), 'hex').toString('base64'),
  json: text => JSON.parse(text),
}

/** A list as PostgreSQL writes it: `{1,NULL,"a \"b\""}`, with lists in lists. */
export function listOf(text: string, read: (text: string) => unknown): unknown[] {
  let at = text.indexOf('{') // bounds may stand before it: [0:1]={…}
  const list = (): unknown[] => {
    const found: unknown[] = []
    at++
    while (text[at] !== '}' && at < text.length) {
      if (text[at] === ',') at++
      else if (text[at] === '{') found.push(list())
      else if (text[at] === '"') {
        let part = ''
        for (at++; text[at] !== '"'; at++) part += text[at] === '\\' ? text[++at] : text[at]
        at++
        found.push(read(part))
      } else {
        const end = /[,}]/g
        end.lastIndex = at
        const part = text.slice(at, end.exec(text)?.index)
        at += part.length
        found.push(part === 'NULL' ? null : read(part))
      }
    }
    at++
    return found
  }
  return list()
}

/** As PostgreSQL reads a value of any type from its text. Null stays null. */
export function textOf(value: unknown, as: Value): string | null {
  if (value === null || value === undefined) return null
  if (as === 'json') return JSON.stringify(value)
  if (Array.isArray(value))
    return `{${value.map(each => (each === null ? 'NULL' : `"${String(each).replaceAll(/["\\]/g, '\\$&')}"`)).join()}}`
  if (as === 'bytes') return `\\x${Buffer.from(String(value), 'base64').toString('hex')}`
  return String(value)
}
