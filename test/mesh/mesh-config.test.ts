// What is wrong with a mesh's file or a document is found when it is read, with its place.
import assert from 'node:assert/strict'
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { openMesh } from '@parley/mesh/joined/read-mesh.ts'
import { readDocument } from '@parley/mesh/source/openapi/document.ts'
import { printSchema } from 'graphql'
import { temporaryFolder } from '../e2e/running-server.ts'
import { DEMO_MESH, GUARDED } from './joined-shop.ts'

test('[MESH14] a file that does not fit the documents, or under which a customer could reach anything, is refused with the place', t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  for (const name of ['orders', 'crm', 'warehouse'])
    cpSync(join(dirname(DEMO_MESH), `${name}.openapi.yaml`), join(folder.path, `${name}.openapi.yaml`))
  const text = readFileSync(DEMO_MESH, 'utf8')
  const file = join(folder.path, 'mesh.yaml')
  const open = (from: string, to: string): string => {
    assert.ok(text.includes(from), from)
    writeFileSync(file, text.replace(from, to))
    const mesh = openMesh(file, { environment: {}, ...GUARDED })
    mesh.close()
    return printSchema(mesh.schema)
  }
  for (const [from, to, message] of [
    ['orders.listOrders', 'orders.listOrder', /Query\.orders: there is no operation orders\.listOrder/],
    ['from: crm.listCases', 'from: erp.listCases', /Query\.cases: there is no source erp/],
    ['pick: status', 'pick: state', /Order\.warehouseStatus: the answer has no field state/],
    ['with: { customer: id }, pick', 'with: { client: id }, pick', /orders\.listOrders has no parameter client/],
    ['Order.parcel:', 'Parcels.parcel:', /Parcels is a type that no field gives/],
    ['Order: customer', 'Order: owner', /owners: Order has no field owner/],
    ['Order: customer', 'Orders: customer', /owners: Orders is a type that no field gives/],
    ['    private: true', '    privat: true', /sources\.orders.*privat/],
    ['url: http://127.0.0.1:8101', 'url: http://me:secret@127.0.0.1:8101', /a key is no part of the address/],
    ['Query.stock: { from: warehouse.getStock }', 'Query.stock: { from: crm.openCase }', /crm\.openCase changes something/],
    ['by: withdrawReturn', 'by: withdraw', /it is undone by withdraw, which is no field of Mutation/],
    ['  Order: customer\n', '', /Query\.orders: it can be asked for anything and gives what belongs to nobody/],
    ['Query.customer', 'Query.nobody.customer', /fields\.Query\.nobody\.customer/],
    ['at: refunds.0', 'at: refund.0', /facts\.refund: refund is not asked for/],
    ['at: refunds.0', 'at: refunds.0.amount.0', /facts\.refund: refunds\.0\.amount\.0 is not asked for/],
    ['          RETURNING: returned\n', '', /facts\.orders: state: values: there is none for RETURNING/],
    ['carrier: parcel.carrier', 'carrier: parcel.name', /facts\.orders: carrier: parcel\.name is not asked for/],
    ['query ($order: String) {', 'query ($order: [String!]) {', /facts\.refund: .*\$order.*\[String!\]/],
    ['query ($order: String) { refunds', 'query ($number: String) { refunds', /facts\.refund: .*order/],
    [
      "'{ cases(limit: 5) {",
      '\'{ stock(product: "kettle") { onHand } cases(limit: 5) {',
      /facts\.cases: Query\.stock is for the shop alone/,
    ],
    ["'{ cases(limit: 5) {", "'mutation { cases(limit: 5) {", /facts\.cases: it is a mutation, not a query/],
    [
      "query: '{ cases(limit: 5) { number order count amount currency state } }'",
      'query: cases.graphql',
      /facts\.cases\.query: it is no document, and there is no file/,
    ],
    ["'{ cases(limit: 5) {", "'{ __schema { description } cases(limit: 5) {", /facts\.cases: GraphQL introspection/],
    ['  count: { read:', '  pieces: { read:', /effects\.open-compensation: \$count is no slot/],
    ["read: '^", "read: '(^", /slots\.count\.read: it is no regular expression/],
    ['undo: withdraw-compensation', 'undo: open-compensation', /effects\.open-compensation: two things are called so/],
    [', undo: { by: withdrawCase, with: { case: number } }', '', /effects\.open-compensation: Mutation\.openCase cannot be undone/],
    ['      case: number\n', '', /effects\.open-compensation: result: its undo needs number/],
    ['openapi: crm.openapi.yaml', 'openapi: none.yaml', /sources\.crm\.openapi: .*none\.yaml/],
    ['openapi: crm.openapi.yaml', 'raml: crm.raml', /sources\.crm: one of openapi.* says of which kind it is: none is there/],
    ['tokenEnv: DEMO_CRM_TOKEN', 'tokenEnv: A\n    tokenFile: b', /sources\.crm\.tokenFile: give either/],
    ['tokenEnv: DEMO_CRM_TOKEN', 'tokenFile: no-such-file', /sources\.crm.*no-such-file/],
    ['tokenEnv: DEMO_CRM_TOKEN', 'headers: { Authorization: x }', /sources\.crm\.headers\.Authorization: the mesh says this header/],
    ['tokenEnv: DEMO_CRM_TOKEN', 'tokenHeader: X-Key\n    headers: { x-key: x }', /sources\.crm\.headers\.x-key/],
  ] as const)
    assert.throws(() => open(from, to), { code: 'CONFIG_INVALID', message }, `${from}: ${to}`)
  const schema = open('Query', 'Query')
  assert.match(schema, /Where the goods are, as the warehouse sees it\./)
  assert.match(schema, /"""Only orders of this status\."""\s+status: OrderStatus/)
  assert.match(schema, /openCase\([^)]*key: ID[^!)]*customer: ID[^!)]*order: String![^)]*count: Int!\s+\): Case/)
})

test('a document that is none, or leads nowhere, is refused with what is wrong', () => {
  const document = (more: string): string => `openapi: 3.0.3\ninfo: { title: T, version: "1" }\npaths:\n${more}`
  for (const [text, message] of [
    ['swagger: "2.0"', /OpenAPI 3\.0 or 3\.1/],
    ['{', /./],
    [document('  /a: { get: { parameters: [{ $ref: "#/components/parameters/None" }] } }'), /leads nowhere/],
    [document('  /a: { get: { parameters: [{ $ref: "other.yaml#/a" }] } }'), /outside of the document/],
    [document('  /a: { get: { operationId: x } }\n  /b: { get: { operationId: x } }'), /x stands there twice/],
  ] as const)
    assert.throws(() => readDocument(text), message)
  const read = readDocument(document('  /orders/{number}/items: { get: { responses: {} } }'))
  assert.deepEqual([...read.operations.keys()], ['getOrdersNumberItems'])
})
