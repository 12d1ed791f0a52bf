// A system is added by its document: what the names propose for the demo shop's three, one after the other.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { type Added, addSource } from '@parley/mesh/joined/add-source.ts'
import { parse } from 'yaml'
import { DEMO_MESH } from './joined-shop.ts'

const documentOf = (file: string): string => readFileSync(join(dirname(DEMO_MESH), file), 'utf8')
const add = (text: string, name: string): Added => {
  const documentFile = `${name}.openapi.yaml`
  const settings = { openapi: documentFile, url: `https://${name}.shop.example` }
  return addSource('mesh.yaml', text, { name, settings, files: new Map() }, documentOf)
}

test("the demo shop's systems, added one after the other, propose the joins that its file has", () => {
  const crm = add('# ours\n', 'crm')
  assert.ok(crm.fields.some(({ path }) => path === 'Query.customer'))
  const orders = add(crm.text, 'orders')
  const warehouse = add(orders.text, 'warehouse')
  assert.match(warehouse.text, /^# ours$/m)
  const { fields, owners } = parse(warehouse.text)
  const expected = parse(readFileSync(DEMO_MESH, 'utf8'))
  for (const path of [
    'Query.customer',
    'Query.stock',
    'Customer.orders',
    'Customer.order',
    'Customer.cases',
    'Customer.coupons',
    'Mutation.openCase',
  ]) {
    const { undo: _, ...field } = expected.fields[path]
    assert.deepEqual(fields[path], field, path)
  }
  assert.deepEqual(fields['Order.fulfilment'], { from: 'warehouse.findFulfilments', with: { orders: 'number' }, batch: 'order' })
  assert.deepEqual(owners, expected.owners)
})

test('a name that is there already and a document that is none are refused, and nothing is written', () => {
  const { text } = add('', 'crm')
  assert.throws(() => add(text, 'crm'), { code: 'CONFIG_INVALID', message: /there is a source of this name already/ })
  const settings = { openapi: 'e', url: 'https://erp.shop.example' }
  const source = { name: 'erp', settings, files: new Map([['e', 'swagger: "2.0"']]) }
  assert.throws(() => addSource('mesh.yaml', text, source, documentOf), {
    code: 'CONFIG_INVALID',
    message: /sources\.erp\.openapi: it is a document of version 2\.0/,
  })
})
