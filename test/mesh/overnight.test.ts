// A service whose answers are not as its document says any more, field by field: each field that has changed costs itself, and its neighbours stay.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { MeshAnswer } from '@parley/mesh/joined/joined-mesh.ts'
import { FOR_SHOP } from './mesh-scope.ts'
import { patience } from './questions.ts'
import { openWatchedMesh } from './watched-mesh.ts'

const QUERY = `{ customer(id: "123") { id name city language orders(status: RETURNING) {
  number placedOn status total currency items { product name quantity price } warehouseStatus parcel { carrier trackingNumber } refund { amount progress }
} } }`

type Path = readonly (string | number)[]

/** Where a part of an operation's answer is in the answer to the query; the rest of the path follows. `keys` join it to others: they cost what is joined. */
const PLACES: Readonly<Record<string, { readonly keys: readonly string[]; readonly place: (path: Path) => Path }>> = {
  getCustomer: { keys: ['id'], place: path => ['customer', ...path] },
  listOrders: { keys: ['number'], place: path => ['customer', ...path] },
  findFulfilments: {
    keys: ['order'],
    place: ([at, field = '', ...rest]) => ['customer', 'orders', at!, field === 'status' ? 'warehouseStatus' : field, ...rest],
  },
  findRefunds: { keys: ['order'], place: ([at, ...rest]) => ['customer', 'orders', at!, 'refund', ...rest] },
}

/** What a field is overnight. */
const CHANGES: Readonly<Record<string, (value: unknown) => unknown>> = {
  missing: () => undefined,
  null: () => null,
  'a number': value => (typeof value === 'number' ? 'seven' : 7.5),
  'another word': value => (typeof value === 'string' ? { was: value } : 'word'),
  'a list': value => (Array.isArray(value) ? { first: value[0] } : [value]),
}

const pathsIn = (value: unknown, path: Path = []): Path[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([name, each]) => {
        const below = [...path, Array.isArray(value) ? Number(name) : name]
        return [below, ...pathsIn(each, below)]
      })
    : []

function changed(value: unknown, [first, ...rest]: Path, change: (value: unknown) => unknown): unknown {
  if (first === undefined) return change(value)
  if (Array.isArray(value)) return value.map((each, at) => (at === first ? changed(each, rest, change) : each))
  const { [first]: found, ...others } = value as Record<string, unknown> // the path is of it
  const now = changed(found, rest, change)
  return now === undefined ? others : { ...others, [first]: now }
}

/** Paths at which the second is not as the first. */
function differences(one: unknown, other: unknown, path: Path = []): Path[] {
  if (typeof one !== 'object' || one === null || typeof other !== 'object' || other === null || Array.isArray(one) !== Array.isArray(other))
    return one === other ? [] : [path]
  if (Array.isArray(one) && one.length !== (other as unknown[]).length) return [path]
  return Object.keys(one).flatMap(name =>
    differences(one[name as never], other[name as never], [...path, Array.isArray(one) ? Number(name) : name]),
  )
}

const begins = (path: Path, with_: Path): boolean => with_.every((part, at) => path[at] === part)

test('[MESH12] a field that its source has changed overnight, in whatever way, costs itself alone', { timeout: 240_000 }, async t => {
  const answers = new Map<string, unknown>()
  let spoil: ((operation: string, answer: unknown) => unknown) | undefined
  const { mesh, bugs } = await openWatchedMesh(t, async ({ operation }, ask) => {
    const answer = await ask()
    if (!spoil) answers.set(operation, answer)
    return spoil ? spoil(operation, answer) : answer
  })
  const ask = async (): Promise<MeshAnswer> => {
    for (const type of mesh.typesOfAnswers) mesh.reader.outdate(type)
    return JSON.parse(JSON.stringify(await mesh.ask({ query: QUERY }, FOR_SHOP, patience())))
  }
  const whole = await ask()
  assert.equal(whole.errors, undefined)
  assert.deepEqual([...answers.keys()].toSorted(), ['findFulfilments', 'findRefunds', 'getCustomer', 'listOrders'])
  let [tried, told] = [0, 0]
  for (const [operation, answer] of answers)
    for (const path of pathsIn(answer))
      for (const [how, change] of Object.entries(CHANGES)) {
        const what = `${operation} ${path.join('.')} ${how}`
        spoil = (of, given) => (of === operation ? changed(given, path, change) : given)
        const { data, errors = [] } = await ask()
        const { keys, place } = PLACES[operation]!
        // Of a list that a batch gives a thing is found by its key, wherever it stands.
        const isKey = keys.includes(String(path.at(-1)))
        const isEntry = typeof path.at(-1) === 'number'
        const cost = place(isKey || isEntry ? path.slice(0, -1) : path)
        const at = operation.startsWith('find') ? cost.slice(0, isEntry || isKey ? 2 : undefined) : cost
        const lost = [...differences(whole.data, data), ...errors.map(({ path: of = [] }) => of)]
        for (const each of lost) assert.ok(begins(each, at), `${what} costs ${each.join('.')}`)
        for (const { extensions } of errors) assert.equal(extensions?.code, 'SOURCE_CHANGED', what)
        tried++
        if (errors.length > 0) told++
      }
  assert.ok(tried > 300 && told > tried / 3, `${tried} were tried, ${told} were told`)
  assert.deepEqual(bugs, [])
})
