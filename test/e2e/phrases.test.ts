// A shop's phrases by command line and operator API, while the real server runs.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const SETTINGS = { deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, shops: [{ id: 'demo', plugins: [] }] }

test('[PHR1] [PHR2] a phrase is added, listed and removed while the server runs, and votes from the next turn on', {
  timeout: 120_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  const env = { PARLEY_CONFIG: config, PARLEY_DATA: data.path }
  const server = await startServer(data.path, { env })
  t.after(() => server.stop('SIGKILL'))
  const key = loadSecret(data.path).keyFor('operator').toString('hex')
  const operator = (path: string, method = 'GET', body?: object): Promise<Response> =>
    fetch(`${server.url}/v1/operator${path}`, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  let turns = 0
  const keywordVotes = async (text: string) => {
    line.send({ type: 'say', ref: `m${turns++}`, text })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    const answer = await operator(`/shops/demo/conversations/${visitor.conversation}/decisions`)
    const { decisions } = (await answer.json()) as { readonly decisions: readonly Decision[] } // our own server's answer
    return decisions.at(-1)?.votes.find(({ voter }) => voter === 'keyword')?.votes
  }

  assert.deepEqual(await keywordVotes('zorbligation'), [])
  const added = await parley(['phrases', 'add', 'zorbligation', '--action', 'COUPON_HELP', '--weight', '0.9', '--url', server.url], { env })
  assert.equal(added.status, 0, added.stderr)
  assert.match(added.stdout, /The running server has it\./)
  assert.deepEqual(await keywordVotes('zorbligation'), [{ action: 'COUPON_HELP', confidence: 0.9, evidence: 'zorbligation 0.90' }])

  const changed = await operator('/shops/demo/phrases', 'POST', { phrase: 'zorbligation', action: 'COUPON_HELP', weight: 0.5 })
  assert.deepEqual(await changed.json(), { isNew: true })
  assert.equal((await keywordVotes('Zorbligation'))?.[0]?.confidence, 0.5)
  const refused = await operator('/shops/demo/phrases', 'POST', { phrase: 'zorb', action: 'DANCE' })
  assert.equal(((await refused.json()) as { readonly code: string }).code, 'PHRASE_INVALID')
  assert.equal(((await (await operator('/shops/nowhere/phrases')).json()) as { readonly code: string }).code, 'UNKNOWN_SHOP')

  const listed = await parley(['phrases', 'list', '--json'], { env })
  assert.deepEqual(
    (JSON.parse(listed.stdout) as readonly { readonly phrase: string; readonly weight: number }[]).map(({ phrase, weight }) => [
      phrase,
      weight,
    ]),
    [['zorbligation', 0.5]],
  )
  const removed = await parley(['phrases', 'remove', 'zorbligation', '--action', 'COUPON_HELP', '--url', server.url], { env })
  assert.equal(removed.status, 0, removed.stderr)
  assert.deepEqual(await keywordVotes('zorbligation'), [])
  const again = await parley(['phrases', 'remove', 'zorbligation', '--action', 'COUPON_HELP', '--url', server.url], { env })
  assert.match(again.stderr, /UNKNOWN_PHRASE/)
  line.socket.close()
})
