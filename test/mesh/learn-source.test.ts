// A system is learned from its own address: documents of several kinds as they are served in the world, and what is told where that does not go.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { addSource } from '@parley/mesh/joined/add-source.ts'
import { learnSource, type Wanted } from '@parley/mesh/source/learn.ts'
import { stringify } from 'yaml'
import { TOKEN } from '../contracts/source-servers.ts'
import { startTestServices, TOKENS } from './demo-services.ts'
import { serveGraphQlCrm } from './graphql-crm.ts'
import { DEMO_MESH, GUARDED } from './joined-shop.ts'
import { patience } from './questions.ts'

/** By the shape of the pet store that every generator is shown with: version 3.0, a key in a header, `nullable`, references everywhere. */
const PET_STORE = {
  openapi: '3.0.4',
  info: { title: 'Pets', version: '1' },
  servers: [{ url: '/api/v3' }],
  paths: {
    '/pet/{petId}': {
      get: {
        operationId: 'getPetById',
        summary: 'One pet.',
        parameters: [{ name: 'petId', in: 'path', required: true, schema: { type: 'integer', format: 'int64' } }],
        responses: { 200: { $ref: '#/components/responses/Pet' }, 404: { description: 'none' } },
        security: [{ api_key: [] }],
      },
    },
    '/pet/findByStatus': {
      get: {
        operationId: 'findPetsByStatus',
        parameters: [{ name: 'status', in: 'query', schema: { type: 'string', enum: ['available', 'sold'], default: 'available' } }],
        responses: {
          200: {
            description: 'x',
            content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Pet' } } } },
          },
        },
      },
    },
    '/store/inventory': {
      get: {
        operationId: 'getInventory',
        responses: {
          200: {
            description: 'x',
            content: { 'application/json': { schema: { type: 'object', additionalProperties: { type: 'integer' } } } },
          },
        },
      },
    },
    '/pet': {
      post: {
        operationId: 'addPet',
        requestBody: { $ref: '#/components/requestBodies/Pet' },
        responses: { 200: { $ref: '#/components/responses/Pet' } },
      },
    },
  },
  components: {
    schemas: {
      Category: { type: 'object', properties: { id: { type: 'integer', format: 'int64' }, name: { type: 'string' } } },
      Pet: {
        type: 'object',
        required: ['name'],
        properties: {
          id: { type: 'integer', format: 'int64' },
          name: { type: 'string', nullable: true },
          category: { $ref: '#/components/schemas/Category' },
          tags: { type: 'array', items: { allOf: [{ $ref: '#/components/schemas/Category' }] } },
        },
      },
    },
    responses: {
      Pet: {
        description: 'x',
        content: { 'application/xml': {}, 'application/json; charset=utf-8': { schema: { $ref: '#/components/schemas/Pet' } } },
      },
    },
    requestBodies: { Pet: { content: { 'application/json': { schema: { $ref: '#/components/schemas/Pet' } } } } },
    securitySchemes: { api_key: { type: 'apiKey', name: 'X-Api-Key', in: 'header' } },
  },
}

async function serveDocuments(t: Pick<TestContext, 'after'>, documents: Readonly<Record<string, string>>): Promise<string> {
  const server = createServer((request, response) => {
    const path = request.url ?? '/'
    if (path === '/elsewhere') response.writeHead(302, { location: '/pets.json' }).end()
    else if (path === '/locked') response.writeHead(401).end('{}')
    else if (path === '/slow') response.writeHead(200).write('{')
    else if (documents[path] === undefined) response.writeHead(404).end('nothing here')
    else response.writeHead(200, { 'content-type': path.endsWith('yaml') ? 'text/plain' : 'application/octet-stream' }).end(documents[path])
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => {
    server.close()
    server.closeAllConnections()
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}` // a server that listens on a port has one
}

const MEANS = {
  ...GUARDED,
  environment: { TOKEN, ORDERS: TOKENS.orders, CRM: TOKENS.crm, WAREHOUSE: TOKENS.warehouse },
  besides: (file: string) => file,
}
const learn = (wanted: Pick<Wanted, 'name' | 'kind'> & Partial<Wanted>, signal = patience()) =>
  learnSource({ gets: [], settings: { private: true }, ...wanted }, MEANS, signal)
const add = (name: string, learned: Awaited<ReturnType<typeof learn>>, text = '') =>
  addSource('mesh.yaml', text, { name, ...learned }, file => assert.fail(`${file} was read`))

test('[MESH26] a document of the world is learned from its address: 3.0 and 3.1, JSON and YAML, with where it is and how its key goes', async t => {
  const of31 = stringify({
    ...PET_STORE,
    openapi: '3.1.1',
    servers: [{ url: 'https://{region}.pets.example/v1', variables: { region: { default: 'eu' } } }],
  })
  const url = await serveDocuments(t, { '/pets.json': JSON.stringify(PET_STORE), '/pets.yaml': of31 })
  const of30 = await learn({ name: 'pets', kind: 'openapi', place: new URL(`${url}/pets.json`) })
  assert.deepEqual(of30.settings, {
    openapi: 'pets.openapi.json',
    openapiUrl: `${url}/pets.json`,
    url: `${url}/api/v3`,
    tokenHeader: 'X-Api-Key',
    private: true,
  })
  assert.deepEqual([...of30.files.keys()], ['pets.openapi.json'])
  const added = add('pets', of30)
  assert.deepEqual(
    added.fields.map(({ path, how }) => `${path}: ${how}`),
    ['Query.petById: pets.getPetById', 'Query.petsByStatus: pets.findPetsByStatus', 'Query.inventory: pets.getInventory'],
  )
  assert.deepEqual(added.leftOut, [])
  const { settings, files } = await learn({ name: 'pets', kind: 'openapi', place: new URL(`${url}/pets.yaml`) })
  assert.deepEqual([settings.url, [...files.keys()]], ['https://eu.pets.example/v1', ['pets.openapi.yaml']])
  const told = await learn({ name: 'pets', kind: 'openapi', place: new URL(`${url}/pets.yaml`), url: 'https://pets.shop.example' })
  assert.equal(told.settings.url, 'https://pets.shop.example')
})

test('a document that does not come, or is none, is told as what it is', async t => {
  const outside = { ...PET_STORE, paths: { '/a': { get: { parameters: [{ $ref: 'common.yaml#/Id' }] } } } }
  const within = structuredClone(PET_STORE) as { components: { schemas: Record<string, object> } }
  within.components.schemas.Category = { $ref: './category.yaml' }
  const url = await serveDocuments(t, {
    '/pets.json': JSON.stringify(PET_STORE),
    '/outside.json': JSON.stringify(outside),
    '/within.json': JSON.stringify(within),
    '/page': '<!doctype html><title>API</title>',
    '/swagger.json': '{"swagger": "2.0", "paths": {}}',
    '/cut.json': JSON.stringify(PET_STORE).slice(0, 300),
    '/text.yaml': 'all: "of this',
    '/no-server.json': JSON.stringify({ ...PET_STORE, servers: [] }),
  })
  for (const [path, message] of [
    ['/elsewhere', new RegExp(`its document is elsewhere: ${url}/pets\\.json`)],
    ['/locked', /it does not show its document to us \(status 401\)/],
    ['/nothing', /its document is answered with status 404/],
    ['/page', /it is a page, and no OpenAPI document/],
    ['/swagger.json', /version 2\.0 \(Swagger\): it must be OpenAPI 3\.0 or 3\.1/],
    ['/cut.json', /JSON/],
    ['/text.yaml', /quote/],
    ['/outside.json', /common\.yaml#\/Id is outside of the document: put all into one file/],
    ['/no-server.json', /it does not say where the source is: --url/],
  ] as const)
    await assert.rejects(learn({ name: 'pets', kind: 'openapi', place: new URL(url + path) }), { message }, path)
  const place = new URL(`${url}/pets.json`)
  await assert.rejects(learn({ name: 'pets', kind: 'openapi', place, settings: {} }), /its address is a private one/)
  await assert.rejects(learn({ name: 'pets', kind: 'openapi', place: new URL(`${url}/slow`) }, AbortSignal.timeout(200)), {
    name: 'TimeoutError',
  })
  const withKey = new URL(`${url.replace('//', '//me:secret@')}/pets.json`)
  await assert.rejects(learn({ name: 'pets', kind: 'openapi', place: withKey }), {
    message: 'url: a key is no part of the address: tokenEnv, tokenFile',
  })
  const elsewhere = await learn({ name: 'pets', kind: 'openapi', place: withKey, url: 'https://pets.example' })
  assert.throws(() => add('pets', elsewhere), { message: /sources\.pets\.openapiUrl: a key is no part of the address/ })
  await assert.rejects(
    learn({ name: 'pets', kind: 'openapi', place, settings: { tokenHeader: 'a b' } }),
    /tokenHeader: it must be the name of a header/,
  )
  const unresolved = await learn({ name: 'pets', kind: 'openapi', place: new URL(`${url}/within.json`) })
  assert.throws(() => add('pets', unresolved), {
    code: 'CONFIG_INVALID',
    message: /sources\.pets\.openapi: \.\/category\.yaml is outside of the document/,
  })
})

test('a document of six hundred operations is learned, and what cannot be is left out', async t => {
  const paths: Record<string, object> = {}
  const schemas: Record<string, object> = {}
  for (let i = 0; i < 600; i++) {
    const answer = i % 100 === 0 ? {} : { content: { 'application/json': { schema: { $ref: `#/components/schemas/Thing${i}` } } } }
    paths[`/things${i}/{id}`] = {
      get: {
        operationId: `getThing${i}`,
        parameters: [
          { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
          ...(i % 500 === 1 ? [{ name: 'X-Odd', in: 'header', required: true }] : []),
        ],
        responses: { 200: { description: 'x', ...answer } },
      },
    }
    schemas[`Thing${i}`] = {
      type: 'object',
      properties: { id: { type: 'string' }, other: { $ref: `#/components/schemas/Thing${(i + 1) % 600}` } },
    }
  }
  const document = { openapi: '3.1.0', servers: [{ url: 'https://things.example' }], paths, components: { schemas } }
  const url = await serveDocuments(t, { '/big.json': JSON.stringify(document) })
  const added = add('things', await learn({ name: 'things', kind: 'openapi', place: new URL(`${url}/big.json`) }))
  assert.equal(added.fields.length, 600 - 6 - 2)
  assert.deepEqual(added.leftOut.map(({ field, reason }) => [field, reason]).at(0), [
    'Query.thing1',
    'Query.thing1: things.getThing1 needs the header X-Odd, which nothing gives',
  ])
})

test("[MESH25] a source's credential goes to the source, and not to where its document lies", async t => {
  const seen: (string | undefined)[] = []
  const server = createServer((request, response) => {
    seen.push(request.headers.authorization)
    response.end(JSON.stringify(PET_STORE))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.after(() => server.close())
  const place = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}/pets.json`) // a server that listens on a port has one
  const settings = { private: true, tokenEnv: 'TOKEN' }
  await learn({ name: 'pets', kind: 'openapi', place, url: `${place.origin}/v3`, settings })
  await learn({ name: 'pets', kind: 'openapi', place, url: 'https://pets.example', settings })
  assert.deepEqual(seen, [`Bearer ${TOKEN}`, undefined])
})

test('[MESH27] a GraphQL endpoint is learned by introspection, with operations that are fields of the mesh', async t => {
  const { url } = await serveGraphQlCrm(t)
  const learned = await learn({ name: 'crm', kind: 'graphql', place: new URL(url), settings: { private: true, tokenEnv: 'TOKEN' } })
  const { graphql, operations, ...rest } = learned.settings
  assert.deepEqual([graphql, operations], ['crm.graphql', 'crm.operations.graphql'])
  assert.deepEqual(rest, { url, scalars: { DateTime: 'string' }, private: true, tokenEnv: 'TOKEN' })
  const added = add('crm', learned)
  assert.match(added.text, /^ {2}Query\.customer: \{ from: crm\.customer, customer: id \}$/m)
  assert.match(added.text, /^ {2}Order: customer\.id$/m)
  assert.deepEqual(
    added.fields.map(({ path, how }) => `${path}: ${how}`),
    [
      'Query.customer: crm.customer, of the customer (id)',
      'Query.order: crm.order',
      'Query.ordersByNumber: crm.ordersByNumber',
      'Query.fail: crm.fail',
      'Query.failWhole: crm.failWhole',
      'Mutation.openCase: crm.openCase, of the customer (customer)',
    ],
  )
  await assert.rejects(learn({ name: 'crm', kind: 'graphql', place: new URL(url) }), { code: 'SOURCE_LOCKED' })
  await assert.rejects(learn({ name: 'crm', kind: 'graphql', text: 'type Query { a: String }' }), /--url/)
})

test('[MESH28] a plain API is learned by asking it; its paths have parameters then, and nothing that was answered is written down', async t => {
  const { services } = await startTestServices(t)
  const gets = [
    '/customers/123',
    '/customers/demo-lin',
    '/cases?customer=123',
    '/coupons?customer=123&limit=5',
    '/refunds?orders=2024-123,2024-124',
  ]
  const learned = await learn({
    name: 'crm',
    kind: 'json',
    place: new URL(services.crm.url),
    gets,
    settings: { private: true, tokenEnv: 'CRM' },
  })
  assert.deepEqual(learned.settings, { json: 'crm.examples.yaml', url: services.crm.url, private: true, tokenEnv: 'CRM' })
  const text = learned.files.get('crm.examples.yaml') ?? ''
  assert.doesNotMatch(text, /沈一帆|Lin|Suzhou|129|758/)
  assert.match(text, /get: \/customers\/\{id\}\n {4}parameters:\n {6}id: demo-lin\n/)
  const { fields, leftOut } = add('crm', learned)
  assert.deepEqual(
    fields.map(({ path, how }) => `${path}: ${how}`),
    [
      'Query.customer: crm.getCustomer, of the customer (id)',
      'Query.refunds: crm.listRefunds',
      'Customer.cases: crm.listCases, customer = id',
      'Customer.coupons: crm.listCoupons, customer = id',
    ],
  )
  assert.deepEqual(leftOut, [])
  for (const [wrong, message] of [
    [['/customers/nobody'], /\/customers\/nobody: there is nothing/],
    [['customers/1'], /begins with \//],
    [[], /--get/],
  ] as const)
    await assert.rejects(
      learn({ name: 'crm', kind: 'json', place: new URL(services.crm.url), gets: wrong, settings: { private: true, tokenEnv: 'CRM' } }),
      message,
    )
})

test("the demo shop's own documents, served over HTTP, propose what they propose as files", async t => {
  const file = (name: string): string => readFileSync(join(DEMO_MESH, '..', `${name}.openapi.yaml`), 'utf8')
  const url = await serveDocuments(t, Object.fromEntries(['orders', 'crm', 'warehouse'].map(name => [`/${name}.yaml`, file(name)])))
  for (const name of ['orders', 'crm', 'warehouse']) {
    const served = add(name, await learn({ name, kind: 'openapi', place: new URL(`${url}/${name}.yaml`) }))
    const { openapiUrl: _, ...settings } = (await learn({ name, kind: 'openapi', text: file(name) })).settings
    const asFile = addSource('mesh.yaml', '', { name, settings, files: new Map([[`${name}.openapi.yaml`, file(name)]]) }, assert.fail)
    assert.deepEqual(served.fields, asFile.fields)
  }
})
