// What /graphql answers has an end, however much the sources say.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadSecret } from '@parley/server/secret.ts'
import { startServer, temporaryFolder } from './running-server.ts'

const LONG = 'x'.repeat(3_000_000)

test('[MESH15] an answer that is too large is refused with its size, and a smaller one is given', async t => {
  const notes = createServer((_request, response) => void response.end(JSON.stringify({ text: LONG })))
  notes.listen(0, '127.0.0.1')
  await once(notes, 'listening')
  t.after(() => notes.close())
  const folder = temporaryFolder()
  t.after(folder.remove)
  const { port } = notes.address() as AddressInfo // a server that listens on a port has one
  writeFileSync(join(folder.path, 'notes.yaml'), "operations: { getNote: { get: '/notes/{id}', example: { text: short } } }\n")
  writeFileSync(
    join(folder.path, 'mesh.yaml'),
    `sources: { notes: { json: notes.yaml, url: 'http://127.0.0.1:${port}', private: true, deadlineMs: 30000 } }
fields: { Query.note: { from: notes.getNote } }
`,
  )
  writeFileSync(
    join(folder.path, 'parley.yaml'),
    `shops: [{ id: demo, mesh: ${JSON.stringify(join(folder.path, 'mesh.yaml'))}, plugins: [] }]\n`,
  )
  const server = await startServer(join(folder.path, 'data'), { env: { PARLEY_CONFIG: join(folder.path, 'parley.yaml') } })
  t.after(() => server.stop('SIGTERM'))
  const authorization = `Bearer ${loadSecret(join(folder.path, 'data')).keyFor('operator').toString('hex')}`
  const ask = async (query: string) => {
    const headers = { 'content-type': 'application/json', authorization }
    const response = await fetch(`${server.url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query }) })
    return (await response.json()) as { data?: { a: { text: string } }; errors?: { message: string; extensions: { code: string } }[] } // ours
  }
  assert.equal((await ask('{ a: note(id: "1") { text } }')).data?.a.text.length, LONG.length)
  const { data, errors } = await ask('{ a: note(id: "1") { text } b: note(id: "2") { text } }')
  assert.equal(data, undefined)
  assert.match(errors?.[0]?.message ?? '', /^the answer has 6000\d+ characters, more than 4194304: ask for less$/)
  assert.equal(errors?.[0]?.extensions.code, 'QUERY_REFUSED')
})
