// Makes a file of examples from requests that were made by hand: what was answered, with its values made unrecognisable. Nothing that a customer has is
// written into a configuration.
import { stringify } from 'yaml'
import { isObject } from '../catalogue.ts'
import { capital, singular } from '../words.ts'

export interface Recorded {
  /** With its query, as it was asked: `/orders?customer=123`. */
  readonly asked: string
  readonly answer: unknown
}

interface Told {
  readonly id: string
  readonly path: string
  readonly parameters: Readonly<Record<string, unknown>>
  readonly repeated: readonly string[]
}

/** The text of a file of examples, and what was guessed. */
export function learnExamples(recorded: readonly Recorded[]): { readonly text: string; readonly remarks: readonly string[] } {
  const operations = new Map<
    string,
    {
      readonly told: Told
      readonly parameters: Record<string, unknown>
      readonly times: Map<string, number>
      asked: number
      readonly examples: unknown[]
    }
  >()
  for (const { asked, answer } of recorded) {
    const told = tell(asked, answer)
    const known = operations.get(told.id)
    const operation =
      known?.told.path === told.path ? known : { told, parameters: {}, times: new Map<string, number>(), asked: 0, examples: [] }
    operations.set(known && known !== operation ? `${told.id}${operations.size}` : told.id, operation)
    operation.asked++
    Object.assign(operation.parameters, told.parameters)
    for (const name of Object.keys(told.parameters)) operation.times.set(name, (operation.times.get(name) ?? 0) + 1)
    operation.examples.push(withoutValues(answer))
  }
  const remarks: string[] = []
  const told = Object.fromEntries(
    [...operations].map(
      ([
        id,
        {
          told: { path, repeated },
          parameters,
          times,
          asked,
          examples,
        },
      ]) => {
        remarks.push(`${id} is GET ${path}`)
        // What one of several requests went without can be left out.
        const optional = Object.keys(parameters).filter(name => !path.includes(`{${name}}`) && times.get(name)! < asked)
        const different = [...new Map(examples.map(each => [JSON.stringify(each), each])).values()]
        return [
          id,
          {
            get: path,
            ...(Object.keys(parameters).length > 0 && { parameters }),
            ...(optional.length > 0 && { optional }),
            ...(repeated.length > 0 && { repeated }),
            ...(different.length === 1 ? { example: different[0] } : { examples: different }),
          },
        ]
      },
    ),
  )
  const head = '# Requests, with examples of what they answer: docs/mesh-sources.md. Values are made up: their kinds are what counts.\n'
  return { text: head + stringify({ operations: told }, { lineWidth: 150 }), remarks }
}

const WORD = /^(?:[a-z]+(?:[-_][a-z]+)*|v\d+|api)$/i

/** What of a path is an id becomes a parameter: `/customers/123` is `/customers/{id}`, or `{number}` where the answer has that under `number`. */
function tell(asked: string, answer: unknown): Told {
  const { pathname, searchParams } = new URL(asked, 'http://source')
  const parameters: Record<string, unknown> = {}
  const parts = pathname.split('/').filter(Boolean).map(decodeURIComponent)
  const nouns: string[] = []
  const path = parts.map((part, at) => {
    const isLast = at === parts.length - 1
    // What is a word alone is no id, unless the answer says so.
    const field =
      isLast && isObject(answer) ? Object.entries(answer).find(([, value]) => String(value) === part && part.length > 0)?.[0] : undefined
    const isId = at > 0 && ((field !== undefined && /^(id|number|code|key|.*Id)$/.test(field)) || !WORD.test(part))
    if (!isId) {
      nouns.push(part)
      return part
    }
    const before = singular(nouns.at(-1) ?? '').replaceAll(/\W+/g, '_')
    let name = isLast ? (field ?? 'id') : before || 'id'
    while (name in parameters) name += '_'
    parameters[name] = part
    if (nouns.length > 0) nouns[nouns.length - 1] = singular(nouns.at(-1) ?? '')
    return `{${name}}`
  })
  const repeated: string[] = []
  for (const name of new Set(searchParams.keys())) {
    const values = searchParams.getAll(name)
    if (values.length > 1) repeated.push(name)
    const [value = ''] = values
    parameters[name] = values.length > 1 ? values : value.includes(',') ? value.split(',') : plain(name, value)
  }
  const isOne = path.at(-1)?.startsWith('{') === true
  const noun = nouns
    .filter(part => !/^(api|v\d+)$/i.test(part))
    .flatMap(part => part.split(/[^A-Za-z0-9]+/))
    .filter(Boolean)
    .map(capital)
    .join('')
  return { id: `${isOne || !isList(answer) ? 'get' : 'list'}${noun || 'Root'}`, path: `/${path.join('/')}`, parameters, repeated }
}

/** A page of a list is a list too. */
const isList = (answer: unknown): boolean =>
  Array.isArray(answer) || (isObject(answer) && Object.values(answer).filter(Array.isArray).length === 1 && Object.keys(answer).length <= 4)

/** What looks like a number is an id more often than not: a count alone is one. */
const COUNT = /^(limit|first|last|top|take|skip|offset|page|size|count|per_?page|page_?size|quantity|year|month|days?)$/i
const plain = (name: string, value: string): unknown => (COUNT.test(name) && /^\d{1,9}$/.test(value) ? Number(value) : value)

/** The same kinds of values at the same places; of a list one entry of each kind of object. */
function withoutValues(value: unknown): unknown {
  if (Array.isArray(value)) return [...new Map(value.map(withoutValues).map(each => [JSON.stringify(each), each])).values()]
  if (isObject(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, withoutValues(each)]))
  if (typeof value === 'boolean') return true
  if (typeof value === 'number') return Number.isInteger(value) ? (Math.abs(value) < 2 ** 31 ? 1 : 2 ** 40) : 1.5
  if (typeof value !== 'string') return null
  return value
    .replace(/^\d{4}-\d{2}-\d{2}/, '2024-01-31')
    .replace(/^2024-01-31[T ]\S+$/, '2024-01-31T12:00:00Z')
    .replace(/^(?!2024-01-31).*$/s, 'text')
}
