// Webhooks of the real server: killed with kill -9 between append and delivery, its queue and its webhooks' store taken away, and what the operator's
// commands tell and do.
import assert from 'node:assert/strict'
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { WebhookView } from '@parley/server/http/operator-webhooks.ts'
import type { Delivery } from '@parley/server/webhooks/webhook-store.ts'
import { Webhook as Verifier } from 'standardwebhooks'
import { until } from '../contracts/jobs.ts'
import { startReceiver } from '../webhook-receiver.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

test('[HOOK1] [HOOK2] [JOB8] kill -9 between append and delivery, data/jobs and data/webhooks gone: delivered by the next start', {
  timeout: 180_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const secret = (await parley(['webhooks', 'secret'])).stdout.trim()
  assert.match(secret, /^whsec_[A-Za-z0-9+/]{43}=$/)
  writeFileSync(join(data.path, 'webhook.secret'), `${secret}\n`)
  const config = join(data.path, 'parley.yaml')
  const hook = `url: "${receiver.url}", secretFile: "${join(data.path, 'webhook.secret')}"`
  writeFileSync(config, `webhookHosts: [127.0.0.1]\nshops: [{ id: demo, plugins: [fresh-goods], webhooks: [{ ${hook} }] }]\n`)
  const env = { PARLEY_CONFIG: config, PARLEY_DATA: data.path }

  receiver.answer = 'never'
  let server = await startServer(data.path, { env })
  t.after(() => server.stop('SIGKILL'))
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('state')
  line.send({ type: 'say', ref: 'm1', text: '你好，螃蟹' })
  const { upTo } = await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  await receiver.has(1)
  await server.stop('SIGKILL')
  assert.deepEqual(receiver.taken, [])
  for (const folder of ['jobs', 'webhooks']) rmSync(join(data.path, folder), { recursive: true })

  receiver.answer = 200
  server = await startServer(data.path, { env })
  await until(() => receiver.taken.length === upTo)
  assert.deepEqual(receiver.taken.slice(0, 4), ['conversation.opened 1', 'message.received 2', 'turn.decided 3', 'reply.sent 4'])
  const took: readonly string[] = [...receiver.taken]
  assert.deepEqual(
    took.map(each => Number(each.split(' ')[1])),
    took.map((_, i) => i + 1),
  )
  for (const { body, headers } of receiver.received) new Verifier(secret).verify(body, headers as Record<string, string>) // each came once
  assert.ok(receiver.received.every(({ body }) => !body.includes('螃蟹')))

  const webhooks = (...args: string[]) => parley(['webhooks', ...args, '--url', server.url], { env })
  const [view, ...others] = JSON.parse((await webhooks('list', '--json')).stdout) as WebhookView[] // our own command's output
  assert.deepEqual([view?.url, view?.offSince, others.length], [receiver.url, null, 0])
  const id = view?.id ?? ''
  assert.match((await webhooks('list')).stdout, new RegExp(`^${id} {2}demo {2}http://127\\.0\\.0\\.1:\\d+/hook {2}all events\n$`))
  const deliveries = async (): Promise<Delivery[]> => JSON.parse((await webhooks('deliveries', id, '--json')).stdout) as Delivery[] // as above
  assert.deepEqual(
    (await deliveries()).map(({ type, outcome, status }) => [type, outcome, status]),
    took.map(each => [each.split(' ')[0], 'delivered', 200]).reverse(),
  )
  assert.match((await webhooks('deliveries', id, '--limit', '1')).stdout, /delivered {2}200 {6}try 1, \d+ ms {2}[a-z._]+ {2}\S+ \d+\n$/)
  const again = await webhooks('replay', id, '--conversation', visitor.conversation, '--from', String(upTo - 1))
  assert.equal(again.stdout, '2 events are delivered again.\n')
  await until(() => receiver.taken.length === upTo + 2)
  assert.deepEqual(receiver.taken.slice(upTo).sort(), took.slice(-2).sort())
  assert.equal((await webhooks('replay', id)).status, 2)
  assert.match((await webhooks('replay', 'wh_none', '--given-up')).stderr, /UNKNOWN_WEBHOOK/)
  assert.match((await webhooks('enable', id)).stdout, /from now on/)
  const erased = await parley(['conversation', 'erase', visitor.conversation, '--yes', '--url', server.url], { env })
  assert.equal(erased.status, 0, erased.stderr)
  await until(() => receiver.taken.length === upTo + 3)
  assert.equal(receiver.taken.at(-1), 'conversation.erased 0')
  assert.equal((await webhooks('replay', id, '--conversation', visitor.conversation)).stdout, '0 events are delivered again.\n')
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, new RegExp(`parley_webhook_deliveries_total\\{shop="demo",outcome="delivered"\\} ${upTo + 3}`))
})

test('[HOOK2] a webhook without a good secret keeps the server from starting, and is named', { timeout: 60_000 }, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, 'shops: [{ id: demo, plugins: [], webhooks: [{ url: "https://shop.example/hook", secretEnv: HOOK_SECRET }] }]\n')
  for (const [value, pattern] of [
    ['', /HOOK_SECRET: webhook https:\/\/shop\.example\/hook: there is no secret in it/],
    ['whsec_c2hvcnQ=', /24 to 64 bytes/],
  ] as const) {
    const env = { PARLEY_CONFIG: config, PARLEY_DATA: data.path, HOOK_SECRET: value }
    const { status, stderr } = await parley(['serve', '--port', '0'], { env })
    assert.equal(status, 1)
    assert.match(stderr, pattern)
  }
})
