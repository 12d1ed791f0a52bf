// A file of declared queries: what is a parameter and what is not, what is refused with which words.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { listOf, textOf } from '@parley/mesh/source/sql/postgres/types.ts'
import { readQueries } from '@parley/mesh/source/sql/query-file.ts'

const one = (text: string, dialect: 'postgres' | 'sqlite' = 'postgres') => readQueries(`-- name: q :many\n${text}`, dialect)[0]!

test('[MESH36] a parameter is found where it is one, and in no text, name, comment or cast', () => {
  const { numbered, parameters } = one(`SELECT ':a', E'\\':b', $$ :c $$, $t$ :d $t$, ":e", x::text, /* :f /* :g */ :h */ 'it''s :i' -- :j
    FROM t WHERE a = :customer AND (b = :other::int4 OR c = :customer);`)
  assert.deepEqual(
    parameters.map(({ name }) => name),
    ['customer', 'other'],
  )
  assert.match(numbered, /WHERE a = \$1 AND \(b = \$2::int4 OR c = \$1\)$/)
  assert.doesNotMatch(numbered, /:j|:f/)
  assert.deepEqual(
    one("SELECT [:a], `:b`, ':c' FROM t WHERE x = :d", 'sqlite').parameters.map(({ name }) => name),
    ['d'],
  )
})

test('what a file says of its queries is read, and what cannot be is refused with the query and the reason', () => {
  const [query] = readQueries(
    `-- name: listOrdersByShop :many
     -- Orders, the newest first.
     -- @param {integer 1..50} [limit=10] - At most so many.
     -- @param {paid|sent} status
     SELECT 1 AS n WHERE :status = 'paid' LIMIT :limit`,
    'postgres',
  )
  assert.deepEqual([query?.type, query?.isMany, query?.description], ['Order', true, 'Orders, the newest first.'])
  assert.deepEqual(query?.parameters, [
    { name: 'status', isRequired: true, isList: false, value: 'string', values: ['paid', 'sent'] },
    {
      name: 'limit',
      isRequired: false,
      isList: false,
      value: 'integer',
      minimum: 1,
      maximum: 50,
      description: 'At most so many.',
      default: 10,
    },
  ])
  for (const [text, message] of [
    ['SELECT 1', /a query begins with a line/],
    ['-- name: a :all\nSELECT 1', /a: behind the name stands :one or :many/],
    ['-- name: a :one\nSELECT 1\n-- name: a :one\nSELECT 2', /a stands there twice/],
    ['-- name: a :one\nSELECT 1; SELECT 2', /a: it is more than one statement/],
    ['-- name: a :one\nSELECT $1', /a: \$1: a parameter is written :name/],
    ['-- name: a :one\n-- @param {text} b\nSELECT :b', /a: \{text\}: there are string/],
    ['-- name: a :one\n-- @param {string} c\nSELECT :b', /a: @param c: there is no :c/],
    ['-- name: a :one\n-- @parm b\nSELECT :b', /there are @param, @column and @returns/],
    ['-- name: a :one\nWITH x AS ( /* */ DELETE FROM t RETURNING *) SELECT * FROM x', /a: it writes \(DELETE\)/],
    ['-- name: a :one\n', /a: there is no statement/],
    ['', /there is no query in it/],
  ] as const)
    assert.throws(() => readQueries(text, 'postgres'), { message }, text)
})

test("PostgreSQL's lists are read and written as it writes and reads them", () => {
  const list = ['a', 'b,c', 'd"e', 'f\\g', '{h}', '', 'NULL', ' ', null]
  assert.equal(textOf(list, 'string'), '{"a","b,c","d\\"e","f\\\\g","{h}","","NULL"," ",NULL}')
  assert.deepEqual(
    listOf(String(textOf(list, 'string')), text => text),
    list,
  )
  assert.deepEqual(listOf('[0:1]={{1,2},{3,NULL}}', Number), [
    [1, 2],
    [3, null],
  ])
  assert.deepEqual(listOf('{}', Number), [])
})
