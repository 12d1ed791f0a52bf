// Webhooks: an engine in memory, with the real outbox, store and sender, and a receiver that is a real HTTP server. Time is the test's.
import assert from 'node:assert/strict'
import { createHmac, randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { webhookKind } from '@parley/core/jobs/kinds.ts'
import type { Conversations } from '@parley/core/ports/conversations.ts'
import { createConversations } from '@parley/server/conversations.ts'
import { createMemoryLog } from '@parley/server/drivers/conversation-log.memory.ts'
import { createAlone } from '@parley/server/drivers/nodes.alone.ts'
import { createMemoryVault } from '@parley/server/drivers/vault.memory.ts'
import { openLmdbWebhookStore } from '@parley/server/drivers/webhook-store.lmdb.ts'
import { isPublic } from '@parley/server/outgoing/public-address.ts'
import { createOutbox, type Outbox } from '@parley/server/webhooks/outbox.ts'
import { send } from '@parley/server/webhooks/send.ts'
import type { Webhook } from '@parley/server/webhooks/webhook.ts'
import type { WebhookStore } from '@parley/server/webhooks/webhook-store.ts'
import { withOutbox } from '@parley/server/webhooks/with-outbox.ts'
import { Webhook as Verifier } from 'standardwebhooks'
import { until } from '../contracts/jobs.ts'
import { ANNA, createTestHouse, keyOf, refOf, SHOP, type TestHouse } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { faultCodeOf } from '../fault-code.ts'
import { type Receiver, startReceiver } from '../webhook-receiver.ts'

const key = keyOf('c1')
const secret = (): string => `whsec_${randomBytes(32).toString('base64')}`

interface Told {
  readonly house: TestHouse
  readonly outbox: Outbox
  readonly store: WebhookStore
  readonly receiver: Receiver
  readonly hook: Webhook
  readonly folder: string
  /** Names of nodes that are. */
  readonly dead: Set<string>
  say(text: string, conversation?: string): Promise<void>
  /** The types of the log's events that this webhook is told of, as `type seq`. */
  all(): Promise<string[]>
}

interface Options {
  readonly hook?: Partial<Webhook>
  readonly log?: ReturnType<typeof createMemoryLog>
  readonly vault?: ReturnType<typeof createMemoryVault>
  readonly receiver?: Receiver
  readonly privateHosts?: readonly string[]
  readonly timeoutMs?: number
  /** Another node appends everything, and dies before it asks for a delivery. */
  readonly writer?: string
}

async function told(t: TestContext, options: Options = {}): Promise<Told> {
  const folder = temporaryFolder()
  const receiver = options.receiver ?? (await startReceiver())
  const store = await openLmdbWebhookStore(folder.path)
  const url = new URL(receiver.url)
  const hook: Webhook = { id: 'wh_1', shop: SHOP, url, secrets: [secret()], events: null, includeText: false, ...options.hook }
  const { privateHosts = ['127.0.0.1'], timeoutMs = 15_000 } = options
  const dead = new Set<string>()
  let outbox: Outbox | undefined
  let bare: Conversations | undefined
  const house = createTestHouse({
    ...(options.log && { log: options.log }),
    ...(options.vault && { vault: options.vault }),
    around({ log, conversations, jobs, clock }) {
      bare = conversations
      const { writer } = options
      outbox = createOutbox({
        log: { ...log, lastNode: async () => writer },
        conversations,
        jobs,
        store,
        nodes: { isDead: node => dead.has(node) },
        clock,
        webhooks: [hook],
        send: (to, id, body, signal) => send(to, id, body, signal, { timeoutMs, privateHosts: new Set(privateHosts) }),
        told: () => {},
        broke: error => house.bugs.push(error),
      })
      return withOutbox(conversations, writer === undefined ? outbox : { ...outbox, appended: () => {} })
    },
  })
  t.after(async () => {
    receiver.close()
    await house.jobs.close()
    await store.close()
    folder.remove()
    assert.deepEqual(house.bugs, [])
  })
  assert.ok(outbox && bare)
  let refs = 0
  return {
    house,
    outbox,
    store,
    receiver,
    hook,
    folder: folder.path,
    dead,
    async say(text, conversation = 'c1') {
      await house.engine.say(keyOf(conversation), ANNA, { ref: refOf(`m${refs++}${randomBytes(4).toString('hex')}`), text, locale: 'en' })
      await house.settled()
    },
    all: async () => (await house.events('c1')).map(event => `${NAMES[event.type] ?? event.type} ${event.seq}`),
  }
}
const NAMES: Readonly<Record<string, string>> = {
  opened: 'conversation.opened',
  message: 'message.received',
  decided: 'turn.decided',
  reply: 'reply.sent',
  queued: 'handoff.queued',
}
const isEmpty = async ({ house }: Told): Promise<boolean> => {
  for await (const _ of house.log.outgoing()) return false
  return true
}
/** Resolves when so many attempts of the delivery that waits have failed. */
const failed = ({ house }: Told, attempts: number): Promise<void> =>
  until(async () => (await house.jobs.list({ kind: 'webhook-wh_1', state: 'waiting', limit: 1 })).jobs[0]?.attempts === attempts)
const outcomes = ({ store }: Told): string[] =>
  store.deliveries('wh_1', 100).map(({ outcome, status, error, attempt }) => `${outcome} ${status ?? error} ${attempt}`)

test('[HOOK2] a delivery is signed as Standard Webhooks has it, with each secret, and carries what happened but no text', async t => {
  const secrets = [secret(), secret()]
  const under = await told(t, { hook: { secrets } })
  await under.say('hours, says the secret crab')
  await under.receiver.has(4)
  await until(() => isEmpty(under))
  assert.deepEqual(under.receiver.taken, await under.all())
  for (const { headers, body, event, path } of under.receiver.received) {
    const signed = headers as Record<string, string> // each came once
    for (const each of secrets) assert.deepEqual(new Verifier(each).verify(body, signed), event)
    assert.throws(() => new Verifier(secret()).verify(body, signed))
    assert.throws(() => new Verifier(secrets[0] ?? '').verify(`${body} `, signed))
    // The same by hand, as the specification has it.
    const content = `${signed['webhook-id']}.${signed['webhook-timestamp']}.${body}`
    const by = (each: string): string =>
      `v1,${createHmac('sha256', Buffer.from(each.slice('whsec_'.length), 'base64'))
        .update(content)
        .digest('base64')}`
    assert.equal(signed['webhook-signature'], secrets.map(by).join(' '))
    assert.equal(signed['webhook-id'], `evt_memory_demo_c1_${event.seq}`)
    assert.equal(signed['content-type'], 'application/json')
    assert.deepEqual([path, event.shop, event.conversation, event.timestamp], ['/hook', 'demo', 'c1', new Date(event.at).toISOString()])
    assert.doesNotMatch(body, /crab/)
  }
  const [opened, message, decided] = under.receiver.received.map(({ event }) => event)
  assert.deepEqual(opened?.data, { customer: 'anna', locale: 'en' })
  assert.equal(message?.data.text, undefined)
  assert.deepEqual([decided?.data.action, decided?.data.disposition], ['HOURS', 'answer'])
})

test('[HOOK2] with includeText what was written is sent along; only the events asked for are told', async t => {
  const under = await told(t, { hook: { includeText: true, events: new Set(['message.received', 'reply.sent']) } })
  await under.say('hours of the crab shop')
  await under.receiver.has(2)
  await until(() => isEmpty(under))
  assert.deepEqual(
    under.receiver.received.map(({ event }) => [event.type, event.data.text]),
    [
      ['message.received', 'hours of the crab shop'],
      ['reply.sent', 'hours'],
    ],
  )
})

test('[HOOK3] a receiver that fails, does not answer and comes back gets everything, in order, each once taken', async t => {
  const under = await told(t, { timeoutMs: 1_500 })
  under.receiver.answer = 500
  await under.say('hours')
  await failed(under, 1)
  await under.say('human please')
  under.receiver.answer = 'never'
  under.house.clock.pass(5_000)
  await failed(under, 2)
  under.receiver.answer = 302
  under.house.clock.pass(10_000)
  await failed(under, 3)
  assert.deepEqual(outcomes(under), ['retried 302 3', 'retried TIMEOUT 2', 'retried 500 1'])
  assert.equal(new Set(under.receiver.received.map(({ headers }) => headers['webhook-id'])).size, 1, 'one message, three attempts')
  under.receiver.answer = 200
  under.house.clock.pass(20_000)
  await until(() => isEmpty(under))
  assert.deepEqual(under.receiver.taken, await under.all())
  await until(async () => (await under.house.jobs.list({ kind: 'webhook-wh_1', limit: 10 })).jobs.length === 0)
})

test('[HOOK3] given up after about a day, the next event goes on; what was given up is kept, listed and replayed', async t => {
  const under = await told(t)
  under.receiver.answer = 503
  await under.say('hours')
  let passed = 0
  for (let attempt = 1; attempt < 15; attempt++) {
    await failed(under, attempt)
    const [job] = (await under.house.jobs.list({ kind: 'webhook-wh_1', limit: 1 })).jobs
    const wait = (job?.dueAt ?? 0) - under.house.clock.now()
    passed += wait
    under.house.clock.pass(wait)
  }
  await until(() => outcomes(under)[0] === 'given-up 503 15')
  under.receiver.answer = 200
  assert.ok(passed > 16 * 3_600_000 && passed < 26 * 3_600_000, `about a day: ${passed / 3_600_000} h`)
  await until(() => {
    under.house.clock.pass(5_000) // the next may have met the old answer still
    return isEmpty(under)
  })
  const all = await under.all()
  assert.deepEqual(under.receiver.taken, all.slice(1))
  const kept = (await under.house.jobs.list({ kind: 'webhook-wh_1', state: 'failed', limit: 9 })).jobs
  assert.deepEqual(
    kept.map(({ id, reason }) => [id, reason]),
    [['webhook/wh_1/demo/c1/1', 'WEBHOOK_FAILED']],
  )
  assert.equal(await under.outbox.replayGivenUp('wh_1'), 1)
  await until(() => under.receiver.taken.length === all.length)
  assert.equal(under.receiver.taken.at(-1), all[0])
  assert.equal(await under.outbox.replay('wh_1', key, 3), all.length - 2)
  await until(() => under.receiver.taken.length === 2 * all.length - 2)
  assert.equal(await faultCodeOf(under.outbox.replay('wh_2', key, 1)), 'UNKNOWN_WEBHOOK')
})

test('[HOOK4] 410 switches a webhook off: nothing more is sent until it is switched on, and then what happens from there', async t => {
  const under = await told(t)
  under.receiver.answer = 410
  await under.say('hours')
  await until(() => isEmpty(under))
  assert.deepEqual(outcomes(under), ['gone 410 1'])
  under.receiver.answer = 200
  await under.say('hours')
  await until(() => isEmpty(under))
  assert.equal(under.receiver.received.length, 1)
  await under.store.switchOff('wh_1', null)
  const before = (await under.all()).length
  await under.say('hours')
  await until(() => isEmpty(under))
  assert.deepEqual(under.receiver.taken, (await under.all()).slice(before))
})

test('[HOOK5] no private address is asked unless the configuration names its host, also not by a name that leads there', async t => {
  const under = await told(t, { privateHosts: [] })
  await under.say('hours')
  await failed(under, 1)
  assert.deepEqual(outcomes(under), ['retried WEBHOOK_ADDRESS 1'])
  const named = { ...under.hook, url: new URL(under.receiver.url.replace('http://127.0.0.1', 'https://localhost')) }
  const options = { timeoutMs: 5_000, privateHosts: new Set<string>() }
  assert.equal((await send(named, 'evt_1', '{}', new AbortController().signal, options)).error, 'WEBHOOK_ADDRESS')
  assert.equal(under.receiver.received.length, 0)
  for (const address of ['8.8.8.8', '1.1.1.1', '172.32.0.1', '2606:4700::1111', '2a00:1450:4001::1'])
    assert.equal(isPublic(address), true, address)
  for (const address of [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ...['192.168.1.1', '192.0.0.1', '198.18.0.1', '224.0.0.1', '240.0.0.1', '255.255.255.255', 'localhost', ''],
    ...[
      '::',
      '::1',
      'fe80::1',
      'fc00::1',
      'fd12::1',
      'ff02::1',
      '::ffff:127.0.0.1',
      '::ffff:8.8.8.8',
      '64:ff9b::7f00:1',
      '2002:7f00:1::',
      '2001:db8::1',
    ],
  ])
    assert.equal(isPublic(address), false, address)
})

test('[HOOK1] killed between the append and the delivery: the next start delivers, and no text lies in the store', async t => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const first = await told(t, { log, vault, hook: { includeText: true } })
  first.receiver.answer = 'never'
  await first.say('hours of the secret crab')
  await first.receiver.has(1)
  assert.doesNotMatch(readFileSync(join(first.folder, 'data.mdb'), 'latin1'), /crab/)
  assert.doesNotMatch(JSON.stringify((await first.house.jobs.list({ limit: 100 })).jobs), /crab/)
  // The process ends here: queue and store are lost, the log stands.
  const second = await told(t, { log, vault, hook: { includeText: true } })
  await second.outbox.start()
  await until(() => isEmpty(second))
  assert.deepEqual(second.receiver.taken, await second.all())
  // A third start has nothing to say.
  const third = await told(t, { log, vault })
  await third.outbox.start()
  assert.deepEqual((await third.house.jobs.list({ limit: 100 })).jobs, [])
})

test('[HOOK6] of an erased conversation nothing that waits is delivered, and the erasure is', async t => {
  const vault = createMemoryVault()
  const under = await told(t, { vault })
  under.receiver.answer = 503
  await under.say('hours')
  await failed(under, 1)
  await vault.destroy(erasureOf('e1', ['c1']))
  under.receiver.answer = 200
  await under.outbox.erased(key)
  await until(() => under.receiver.taken.length === 1)
  under.house.clock.pass(1_000_000)
  await until(async () => (await under.house.jobs.list({ limit: 1 })).jobs.length === 0)
  assert.deepEqual(under.receiver.taken, ['conversation.erased 0'])
  assert.deepEqual(under.receiver.received.at(-1)?.event.data, {})
  assert.equal(await isEmpty(under), true)
})

test('[HOOK3] a receiver that hangs holds up no other; what waits for a webhook that is not configured any more is dropped', async t => {
  const log = createMemoryLog()
  const vault = createMemoryVault()
  const hanging = await told(t, { log, vault, timeoutMs: 60_000 })
  hanging.receiver.answer = 'never'
  const names = Array.from({ length: 30 }, (_, i) => `c${i}`)
  for (const name of names) await hanging.say('hours', name)
  await hanging.receiver.has(16)
  const jobs = (await hanging.house.jobs.list({ limit: 100 })).jobs
  assert.deepEqual([jobs.length, jobs.filter(({ state }) => state === 'running').length], [30, 16])
  // Beside it in the same queue: another webhook, whose receiver answers.
  const receiver = await startReceiver()
  t.after(() => receiver.close())
  const other = { ...hanging.hook, id: 'wh_2', url: new URL(receiver.url), secrets: [secret()] }
  const second = createOutbox({
    log,
    conversations: createConversations(log, vault),
    jobs: hanging.house.jobs,
    store: hanging.store,
    nodes: createAlone(),
    clock: hanging.house.clock,
    webhooks: [other],
    send: (to, id, body, signal) => send(to, id, body, signal, { timeoutMs: 15_000, privateHosts: new Set(['127.0.0.1']) }),
    told: () => {},
    broke: error => hanging.house.bugs.push(error),
  })
  await second.start()
  await until(() => isEmpty(hanging))
  assert.equal(receiver.taken.filter(each => each.startsWith('reply.sent')).length, 30)
  // Nothing of the first either, which is not configured for the second.
  await until(async () => (await hanging.house.jobs.list({ limit: 100 })).jobs.length === 0)
})

test('[HOOK8] what a node had appended when it died, and not asked for, is taken over once it is dead', async t => {
  const under = await told(t, { writer: 'n-2' })
  await under.say('hours')
  await under.outbox.takeOver()
  await under.house.settled()
  assert.deepEqual(under.receiver.taken, [], 'it lives, and tells it itself')
  under.dead.add('n-2')
  await Promise.all([under.outbox.takeOver(), under.outbox.takeOver()])
  await until(() => isEmpty(under))
  assert.deepEqual(under.receiver.taken, await under.all())
})

test('[HOOK8] what is asked for twice, by nodes that do not know of each other, is sent once', async t => {
  const under = await told(t)
  await under.say('hours')
  await until(() => isEmpty(under))
  const all = await under.all()
  // Each event once more, while the cursor says that it is done with.
  await under.store.pass('wh_1', key, all.length)
  for (let seq = 1; seq <= all.length; seq++)
    await under.house.jobs.add({ id: `webhook/wh_1/demo/c1/${seq}`, kind: webhookKind('wh_1'), payload: { ...key, seq } })
  await until(async () => (await under.house.jobs.list({ limit: 1 })).jobs.length === 0)
  assert.deepEqual(under.receiver.taken, all)
})

test('[HOOK7] a shop without webhooks puts nothing into the outbox', async t => {
  const under = await told(t, { hook: { shop: 'another' } })
  await under.say('hours')
  assert.equal(await isEmpty(under), true)
  assert.deepEqual((await under.house.jobs.list({ limit: 10 })).jobs, [])
})
