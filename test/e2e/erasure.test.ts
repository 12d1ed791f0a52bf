// Erasing against the real server and every byte of its data folder: nothing of the text and nothing of the key is left, also after a restart and in a
// backup, and everybody else's conversations are whole.
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join as joinPath } from 'node:path'
import { after, before, test } from 'node:test'
import type { EndedErasure, Erasure } from '@parley/core/erasure/erasure.ts'
import { CLOSE, mayReconnect } from '@parley/core/protocol/close-codes.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openStoreToRead } from '@parley/server/drivers/lmdb-store.ts'
import { openLmdbVault, openVaultTables, storeInForce } from '@parley/server/drivers/vault.lmdb.ts'
import type { CustomerView } from '@parley/server/http/operator-customers.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { ANNA, createTestHouse, keyOf, refOf } from '../core/house.ts'
import { filesWith, formsOf } from '../data-files.ts'
import { typescriptPlugin, writeFolder } from '../plugin-host/harness.ts'
import { parley as run } from './parley-command.ts'
import {
  fetchVisitor,
  joinConversation,
  type Line,
  makeAgents,
  openDeskLine,
  type RunningServer,
  startServer,
  temporaryFolder,
  textOf,
  type Visitor,
} from './running-server.ts'

const ZH = '我家的暗号是梧桐树下的蓝色邮筒'
const EN = 'my password hint is a heron on the quiet harbour wall'
const MARKED = [ZH, EN].flatMap(formsOf)
const data = temporaryFolder()
let server: RunningServer

const settings = temporaryFolder()
const configFile = joinPath(settings.path, 'parley.yaml')

before(async () => {
  // On a busy machine a voter that is late abstains, and the talk takes another way.
  const diary = writeFolder(
    joinPath(settings.path, 'diary'),
    typescriptPlugin('diary', 'return remember({ text })', { manifest: "grants: ['memory']" }),
  )
  writeFileSync(
    configFile,
    `deadlines: { voters: 10000, plugin: 5000, mesh: 10000, effect: 10000, turn: 30000 }
shops: [{ id: demo, mesh: demo-shop, name: Parley Fresh, plugins: [fresh-goods, ${JSON.stringify(diary)}] }]
`,
  )
  server = await startServer(data.path, { env: { PARLEY_CONFIG: configFile } })
  while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
})
after(async () => {
  await server.stop('SIGKILL')
  data.remove()
  settings.remove()
})

const parley = (...args: string[]) => run(args, { env: { PARLEY_DATA: data.path } })

interface KnownVisitor extends Visitor {
  readonly customer: string
}
async function post(path: string, body: object): Promise<unknown> {
  const response = await fetch(`${server.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  assert.equal(response.status, 200)
  return response.json()
}
/** As the shop's own page does: the customer whom its backend has named. */
async function named(customer: string): Promise<KnownVisitor> {
  const { identity } = (await post('/v1/demo/identity', { customer })) as { identity: string } // our own server's answer
  return (await post('/v1/shops/demo/visitors', { identity })) as KnownVisitor // as above
}

let refs = 0
/** Says it, and gives the reply. */
async function tell(line: Line, text: string): Promise<string> {
  line.send({ type: 'say', ref: `r${refs++}`, text })
  const { events } = await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  return textOf(events.find(event => event.type === 'reply')!) // it was waited for
}
async function join(visitor: Visitor): Promise<Line> {
  const line = await joinConversation(server.url, visitor)
  await line.next('state')
  return line
}

async function keyBytesOf(conversation: string): Promise<Buffer> {
  const root = openStoreToRead(joinPath(data.path, 'keys', storeInForce(joinPath(data.path, 'keys'))))
  const key = Buffer.from(openVaultTables(root).conversations.get(['demo', conversation])!) // it was written in
  await root.close()
  return key
}

const api = (path: string, method = 'GET'): Promise<Response> =>
  fetch(`${server.url}/v1/operator/shops/demo/${path}`, {
    method,
    headers: { authorization: `Bearer ${loadSecret(data.path).keyFor('operator').toString('hex')}` },
  })

test('the search finds a text in each form', t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const forms = [Buffer.from(`x${ZH}y`), Buffer.from(`x${ZH}y`, 'utf16le'), Buffer.from(`x${ZH}y`, 'utf16le').swap16()]
  const encoded = ['', 'a', 'ab'].map(first => Buffer.from(Buffer.from(`${first}${ZH} and more`).toString('base64')))
  for (const [i, bytes] of [...forms, ...encoded].entries()) writeFileSync(joinPath(folder.path, String(i)), bytes)
  assert.deepEqual(filesWith(folder.path, formsOf(ZH)).sort(), ['0', '1', '2', '3', '4', '5'])
  assert.deepEqual(filesWith(folder.path, formsOf(EN)), [])
})

test('[ERA3] [ERA4] [ERA5] [ERA8] a customer with an order and a case is exported and erased: no byte of text or key is left anywhere', {
  timeout: 240_000,
}, async t => {
  const lin = await named('demo-lin')
  const other = (await fetchVisitor(server.url)) as KnownVisitor // the server's answer has it
  const [line, others] = [await join(lin), await join(other)]
  await tell(line, `2024-881 的螃蟹死了三只，怎么赔。${ZH}`)
  assert.match(await tell(line, '好的'), /CP-\d+/)
  await tell(line, `where is 2024-875? ${EN}`)
  await tell(others, `hello, mine stays`)

  const key = await keyBytesOf(lin.conversation)
  const keyForms = [key, Buffer.from(key.toString('hex')), Buffer.from(key.toString('base64').slice(0, -1))]
  assert.equal(filesWith(data.path, keyForms).length, 1, 'the key is in its store, and nowhere else')
  assert.deepEqual(filesWith(data.path, MARKED), [], 'the text is nowhere in clear even before')

  const backup = temporaryFolder()
  t.after(backup.remove)
  assert.equal((await parley('backup', joinPath(backup.path, 'before'))).status, 0)
  assert.ok(
    filesWith(joinPath(backup.path, 'before'), keyForms).length > 0,
    'a backup from before holds the key: docs/operations.md says so',
  )

  const shown = await parley('customer', 'show', lin.customer, '--url', server.url, '--json')
  const view = JSON.parse(shown.stdout) as CustomerView // the command's own
  assert.deepEqual(
    view.conversations.map(({ conversation }) => conversation),
    [lin.conversation],
  )
  const whose = await parley('conversation', 'show', lin.conversation, '--url', server.url)
  assert.match(whose.stdout, /^demo\/\S+ of customer demo-lin, with bot\./)
  const exported = await parley('customer', 'export', lin.customer, '--url', server.url)
  assert.equal(exported.status, 0, exported.stderr)
  const { conversations } = JSON.parse(exported.stdout) as {
    conversations: { state: string; events: { seq: number; type: string; decision?: { remembered?: Record<string, string> } }[] }[]
  } // as the docs say
  assert.deepEqual(
    conversations.map(({ state }) => state),
    ['whole'],
  )
  assert.ok(exported.stdout.includes(ZH) && exported.stdout.includes(EN))
  const remembered = conversations[0]?.events.map(({ decision }) => decision?.remembered?.['plugin:diary'] ?? '').join('') ?? ''
  assert.ok(remembered.includes(ZH), 'a plugin has kept it too')
  const types = new Set(conversations[0]?.events.map(({ type }) => type))
  for (const type of ['opened', 'message', 'decided', 'effect', 'reply']) assert.ok(types.has(type), type)
  assert.equal(conversations[0]?.events.length, view.conversations[0]?.events)
  const file = joinPath(backup.path, 'lin.json')
  assert.equal((await parley('customer', 'export', lin.customer, '--url', server.url, '--out', file)).status, 0)
  assert.deepEqual((JSON.parse(readFileSync(file, 'utf8')) as { conversations: unknown }).conversations, conversations)
  assert.match((await parley('customer', 'export', lin.customer, '--url', server.url, '--out', file)).stderr, /is there already/)
  rmSync(file)

  const unasked = await parley('customer', 'erase', lin.customer, '--url', server.url)
  assert.equal(unasked.status, 2)
  assert.match(unasked.stderr, /say --yes/)
  const erased = await parley('customer', 'erase', lin.customer, '--url', server.url, '--yes', '--json')
  assert.equal(erased.status, 0, erased.stderr)
  const note = JSON.parse(erased.stdout) as EndedErasure // the command's own
  assert.deepEqual(
    note.conversations.map(({ conversation, events }) => [conversation, events]),
    [[lin.conversation, view.conversations[0]?.events]],
  )
  const nowhere = (what: string): void => assert.deepEqual(filesWith(data.path, [...MARKED, ...keyForms]), [], what)
  nowhere('while the server runs')

  const fault = await line.next('fault')
  assert.equal(fault.code, 'CONVERSATION_ERASED')
  const code = await line.closed
  assert.deepEqual([code, mayReconnect(code)], [CLOSE.CONVERSATION_ERASED, false])
  const refused = await joinConversation(server.url, lin)
  assert.equal(await refused.closed, CLOSE.CONVERSATION_ERASED, 'the token of before opens nothing')
  assert.equal((await api(`conversations/${lin.conversation}`)).status, 410)
  assert.equal((await api(`conversations/${lin.conversation}/decisions`)).status, 410)
  assert.equal((await api(`customers/${lin.customer}`)).status, 404)
  assert.equal((await api(`customers/${lin.customer}`, 'DELETE')).status, 404)
  assert.match((await parley('conversation', 'erase', lin.conversation, '--url', server.url, '--yes')).stderr, /CONVERSATION_ERASED/)

  const again = await named('demo-lin')
  assert.equal(again.customer, lin.customer)
  assert.notEqual(again.conversation, lin.conversation)
  assert.equal((await fetchVisitor(server.url, lin.refresh)).conversation, again.conversation, 'the page of before finds the same new one')
  const fresh = await join(again)
  await tell(fresh, '你好')
  await tell(others, 'are you still there?')

  assert.equal((await parley('backup', joinPath(backup.path, 'after'))).status, 0)
  assert.deepEqual(filesWith(joinPath(backup.path, 'after'), [...MARKED, ...keyForms]), [])
  await server.stop('SIGTERM')
  nowhere('when it has stopped')
  assert.deepEqual(
    await lookOver(data.path).then(({ conversations: count, erased: gone, damaged, sealsOpened }) => ({
      count,
      gone,
      damaged,
      sealsOpened,
    })),
    { count: 3, gone: 1, damaged: [], sealsOpened: true },
  )
  server = await startServer(data.path, { port: server.port, env: { PARLEY_CONFIG: configFile } })
  nowhere('after a restart')
  assert.equal(await (await joinConversation(server.url, lin)).closed, CLOSE.CONVERSATION_ERASED)
  const back = await joinConversation(server.url, await fetchVisitor(server.url, other.refresh))
  assert.equal((await back.next('events')).events.length, 4, 'the other customer has everything')

  const listed = await parley('erasures', '--url', server.url, '--json')
  assert.deepEqual(JSON.parse(listed.stdout) as Erasure[], [{ ...note, state: 'done' }])
  assert.match((await parley('erasures', '--url', server.url)).stdout, /by operator: 1 conversation with \d+ events/)
  assert.doesNotMatch(listed.stdout, /demo-lin/)
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  assert.match(metrics, /^parley_bugs_total 0$/m)
})

test('[ERA1] [ERA2] one conversation, while its customer writes: closed for good, others stand, twice at once is once', {
  timeout: 120_000,
}, async () => {
  const [gone, stays] = (await Promise.all([fetchVisitor(server.url), fetchVisitor(server.url)])) as [KnownVisitor, KnownVisitor] // as above
  const [line, other] = [await join(gone), await join(stays)]
  await tell(other, 'hello')
  await tell(line, ZH)
  let isOver = false
  void line.closed.then(() => (isOver = true))
  const writing = (async () => {
    for (let i = 0; !isOver; i++) {
      line.send({ type: 'say', ref: `w${i}`, text: EN })
      await new Promise(resolve => setImmediate(resolve))
      if (i % 5 === 4) await Promise.race([line.next('ack').catch(() => {}), line.closed])
    }
  })()
  const answers = await Promise.all([
    api(`conversations/${gone.conversation}`, 'DELETE'),
    api(`conversations/${gone.conversation}`, 'DELETE'),
    api(`customers/${gone.customer}`, 'DELETE'),
  ])
  await writing
  for (const { status } of answers) assert.ok([200, 404, 410].includes(status), `${status}`)
  assert.ok(answers.some(({ status }) => status === 200))
  assert.equal(await line.closed, CLOSE.CONVERSATION_ERASED)
  assert.deepEqual(filesWith(data.path, MARKED), [])
  await tell(other, 'and you?')
  assert.match(await (await fetch(`${server.url}/metrics`)).text(), /^parley_bugs_total 0$/m)
})

test('[ERA4] [ERA7] an agent erases the customer who asked for it; the console that looks on is told', { timeout: 120_000 }, async () => {
  const cookies = await makeAgents(data.path, ['Chen', 'Li'])
  const [chen, li] = await Promise.all(cookies.map(cookie => openDeskLine(server.url, cookie)))
  assert.ok(chen && li)
  for (const desk of [chen, li]) {
    desk.send({ type: 'hello', protocol: 1 })
    await desk.next('welcome')
  }
  const visitor = await fetchVisitor(server.url)
  const { conversation } = visitor
  const line = await join(visitor)
  line.send({ type: 'say', ref: 'm1', text: '我要注销账户，删除我的所有个人数据' })
  await chen.next('queue', frame => frame.items.some(item => item.conversation === conversation && item.action === 'DELETE_ACCOUNT'))
  li.send({ type: 'watch', conversation, resumeAfter: null })
  await li.next('state')
  li.send({ type: 'erase', conversation })
  assert.equal((await li.next('fault')).code, 'NOT_OWNER')
  chen.send({ type: 'claim', conversation })
  await chen.next('done')
  chen.send({ type: 'erase', conversation })
  assert.equal((await chen.next('done')).what, 'erase')
  const told = await li.next('fault')
  assert.deepEqual([told.code, told.conversation], ['CONVERSATION_ERASED', conversation])
  assert.equal(await line.closed, CLOSE.CONVERSATION_ERASED)
  await chen.next('queue', frame => !frame.items.some(item => item.conversation === conversation))
  chen.send({ type: 'say', conversation, ref: 'a1', text: 'still there?' })
  assert.equal((await chen.next('fault', frame => frame.ref === 'a1')).code, 'CONVERSATION_ERASED')
  const { erasures } = (await (await api('erasures')).json()) as { erasures: Erasure[] } // our own server's answer
  assert.equal(erasures.at(-1)?.by.kind === 'agent' && erasures.at(-1)?.state, 'done')
  for (const desk of [chen, li]) desk.socket.close()
})

test('[ERA4] with socket processes: told over the link, and the next token is of a new conversation', { timeout: 120_000 }, async t => {
  const folder = temporaryFolder()
  const apart = await startServer(folder.path, { sockets: 1 })
  t.after(async () => {
    await apart.stop('SIGTERM')
    folder.remove()
  })
  const visitor = (await fetchVisitor(apart.url)) as KnownVisitor // as above
  const line = await joinConversation(apart.url, visitor)
  await line.next('state')
  await tell(line, ZH)
  const erasing = await fetch(`${apart.url}/v1/operator/shops/demo/customers/${visitor.customer}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${loadSecret(folder.path).keyFor('operator').toString('hex')}` },
  })
  assert.equal(erasing.status, 200)
  assert.equal(await line.closed, CLOSE.CONVERSATION_ERASED)
  const next = await fetchVisitor(apart.url, visitor.refresh)
  assert.notEqual(next.conversation, visitor.conversation)
  const again = await joinConversation(apart.url, next)
  assert.deepEqual((await again.next('events')).events, [])
  await tell(again, '你好')
  assert.deepEqual(filesWith(folder.path, MARKED), [])
})

test('[ERA9] a server whose shop keeps nothing longer erases at the start what is older, and counts it', { timeout: 120_000 }, async t => {
  const folder = temporaryFolder()
  const log = await openLmdbLog(joinPath(folder.path, 'log'))
  const vault = await openLmdbVault(joinPath(folder.path, 'keys'))
  const house = createTestHouse({ log, vault }) // its clock stands in 1970
  for (const [id, words] of [
    ['old', 'hello'],
    ['waits', 'human please'],
  ] as const) {
    await house.engine.say(keyOf(id), ANNA, { ref: refOf(id), text: words, locale: 'en' })
    await house.settled()
  }
  await vault.close()
  await log.close()
  const config = joinPath(folder.path, 'parley.yaml')
  writeFileSync(config, 'shops:\n  - { id: demo, mesh: demo-shop, plugins: [fresh-goods], retentionDays: 30 }\n')
  const keeper = await startServer(folder.path, { env: { PARLEY_CONFIG: config } })
  t.after(async () => {
    await keeper.stop('SIGTERM')
    folder.remove()
  })
  const counted = async (): Promise<string | undefined> =>
    /^parley_erased_conversations_total\{by="retention"\} (\d+)$/m.exec(await (await fetch(`${keeper.url}/metrics`)).text())?.[1]
  while ((await counted()) === undefined) await new Promise(resolve => setImmediate(resolve))
  assert.equal(await counted(), '1')
  const authorization = `Bearer ${loadSecret(folder.path).keyFor('operator').toString('hex')}`
  const statusOf = async (id: string): Promise<number> =>
    (await fetch(`${keeper.url}/v1/operator/shops/demo/conversations/${id}`, { headers: { authorization } })).status
  assert.deepEqual([await statusOf('old'), await statusOf('waits')], [410, 200], 'who waits for a person is not forgotten')
})
