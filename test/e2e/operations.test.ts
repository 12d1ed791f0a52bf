import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

test('[RT14] told to stop, it is not ready and serves on for the time that it is given; then every client is told to come again', async () => {
  const data = temporaryFolder()
  const server = await startServer(data.path, { env: { PARLEY_TURN_AWAY_MS: '1500' } })
  const line = await joinConversation(server.url, await fetchVisitor(server.url))
  await line.next('welcome')
  const stopped = server.stop('SIGTERM')
  const readiness = async (): Promise<unknown> => (await fetch(`${server.url}/readyz`)).json()
  while (JSON.stringify(await readiness()) !== '{"ready":false,"missing":"leaving"}') await new Promise(resolve => setImmediate(resolve))
  const late = await joinConversation(server.url, await fetchVisitor(server.url))
  await late.next('welcome')
  late.send({ type: 'say', ref: 'm1', text: '你好' })
  await late.next('events', frame => frame.events.some(event => event.type === 'reply'))
  assert.deepEqual(await Promise.all([line.closed, late.closed]), [CLOSE.GOING_AWAY, CLOSE.GOING_AWAY])
  assert.deepEqual(await stopped, [0, null])
  data.remove()
})

test('health, readiness and metrics; neither logs nor files hold in clear what a customer wrote', async () => {
  const data = temporaryFolder()
  const server = await startServer(data.path, { env: { PARLEY_LOG_LEVEL: 'debug' } })
  const secretText = '我的秘密暗号是紫色大象 purple-elephant-4711'
  try {
    assert.equal((await fetch(`${server.url}/healthz`)).status, 200)
    while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
    const line = await joinConversation(server.url, await fetchVisitor(server.url))
    await line.next('welcome')
    line.send({ type: 'say', ref: 'm1', text: secretText })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    line.send(`{"type":"say","ref":"m2","text":"${secretText}`) // broken JSON: the fault must not quote it
    await line.next('fault')
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    assert.match(metrics, /parley_decisions_total\{action="[A-Z_]+",disposition="\w+"\} 1/)
    assert.match(metrics, /parley_sockets 1/)
    assert.match(metrics, /parley_faults_total\{code="FRAME_NOT_JSON"\} 1/)
    assert.match(metrics, /parley_voter_milliseconds_bucket\{le="1",voter="(keyword|intent)"\}/)
    for (const name of ['map_bytes', 'used_bytes', 'readers']) assert.match(metrics, new RegExp(`^parley_log_${name} [1-9]\\d*$`, 'm'))
    assert.match(metrics, /^parley_log_(?:free_bytes|oldest_reader_commits) \d+$/m)
    assert.doesNotMatch(metrics, /elephant/)
    const page = await fetch(`${server.url}/`)
    assert.match(page.headers.get('content-security-policy') ?? '', /default-src 'self'/)
    line.socket.close()
  } finally {
    await server.stop('SIGTERM')
  }
  assert.doesNotMatch(server.stderr(), /elephant|紫色大象/)
  for (const line of server.stderr().trim().split('\n').filter(Boolean))
    assert.doesNotThrow(() => JSON.parse(line), `no JSON line: ${line}`)
  const files = globSync('**/*', { cwd: data.path, withFileTypes: true }).filter(entry => entry.isFile())
  assert.ok(files.length >= 4)
  for (const file of files) {
    const bytes = readFileSync(join(file.parentPath, file.name))
    for (const word of ['purple-elephant', '紫色大象']) assert.ok(!bytes.includes(word), `${file.name} holds the message in clear`)
  }
  data.remove()
})
