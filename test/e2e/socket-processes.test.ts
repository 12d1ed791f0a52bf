// `serve --sockets 2`: one engine and two socket processes, each of them killed while customers write. Nobody may lose a connection by the engine's
// death, nor a message by anybody's.
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { PROTOCOL } from '@parley/core/protocol/client-message.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { createRandom } from '../random.ts'
import { checkLog } from './check-log.ts'
import {
  fetchVisitor,
  joinConversation,
  makeAgents,
  openDeskLine,
  type RunningServer,
  startServer,
  temporaryFolder,
} from './running-server.ts'
import { createClient } from './tireless-client.ts'

const KILLS = process.env.PARLEY_TEST_FULL ? 12 : 3
const SOCKETS = 2

interface Processes {
  readonly engine: number
  readonly sockets: readonly number[]
  readonly all: readonly number[]
}

const idsUnder = (pid: number): number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .split(' ')
    .filter(Boolean)
    .map(Number)
    .flatMap(child => [child, ...idsUnder(child)])

/** What runs under a supervisor now, by what each was started as. */
function processesOf(server: RunningServer): Processes {
  const all = idsUnder(server.process.pid ?? 0)
  const running = (program: string): number[] => all.filter(pid => readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program))
  const [engine] = running('engine-process.ts')
  assert.ok(engine !== undefined, 'no engine runs')
  return { engine, sockets: running('socket-process.ts'), all }
}

/** Resolves when none of them is there any more. */
async function ended(pids: readonly number[]): Promise<void> {
  while (pids.some(pid => existsSync(`/proc/${pid}`))) await new Promise(resolve => setImmediate(resolve))
}

/** Open sockets by process, as soon as the engine has heard of `total`. */
async function countsOf(url: string, total: number): Promise<ReadonlyMap<string, number>> {
  for (;;) {
    const metrics = await (await fetch(`${url}/metrics`)).text()
    const rows = [...metrics.matchAll(/^parley_socket_process_sockets\{process="(\d+)"\} (\d+)$/gm)]
    const counts = new Map(rows.map(([, process = '', count]) => [process, Number(count)]))
    if ([...counts.values()].reduce((sum, count) => sum + count, 0) === total) {
      assert.match(metrics, new RegExp(`^parley_sockets ${total}$`, 'm'))
      return counts
    }
  }
}

test(`[RT8] [TURN1] [TURN3] [TURN6] kill -9 of the engine in the midst of 1,000 turns, ${KILLS} times: no connection drops`, {
  timeout: 600_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const seed = Number(process.env.PARLEY_SEED ?? 20261124)
  const random = createRandom(seed)
  t.diagnostic(`seed ${seed}`)
  const server = await startServer(data.path, { sockets: SOCKETS })
  t.after(() => server.process.kill('SIGKILL'))
  const { url } = server
  const [count, each] = [50, 20]
  const visitors = await Promise.all(Array.from({ length: count }, () => fetchVisitor(url)))
  const marks = Array.from({ length: KILLS }, (_, k) => Math.floor(((k + 0.2 + 0.6 * random()) / KILLS) * count * (each - 1)))
  let turns = 0
  let kills = 0
  let restarting = Promise.resolve()
  const onTurn = (): void => {
    if (++turns < (marks[kills] ?? Number.POSITIVE_INFINITY)) return
    const nth = ++kills
    restarting = restarting.then(async () => {
      process.kill(processesOf(server).engine, 'SIGKILL')
      await server.logged(/"process":0.*it serves again/, nth)
    })
  }
  const clients = visitors.map((visitor, i) => createClient(i, visitor, () => url, onTurn, each))
  for (const client of clients) client.start()
  await Promise.all(clients.map(client => client.finished))
  await restarting
  assert.equal(kills, KILLS)
  assert.deepEqual(
    clients.flatMap(client => client.problems),
    [],
  )
  assert.deepEqual(
    clients.map(client => client.drops),
    clients.map(() => 0),
  )
  const counts = await countsOf(url, count)
  assert.equal(counts.size, SOCKETS)
  for (const [number, held] of counts) assert.ok(held > 0, `process ${number} holds none`)
  const { all } = processesOf(server)
  for (const client of clients) client.close()
  const stopping = performance.now()
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
  assert.ok(performance.now() - stopping < 5_000)
  await ended(all)
  await checkLog(data.path, clients, each)
})

test('[RT9] kill -9 of a socket process: its clients come back and resume, the others do not notice', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const server = await startServer(data.path, { sockets: SOCKETS })
  t.after(() => server.process.kill('SIGKILL'))
  const { url } = server
  const [count, each] = [20, 10]
  const visitors = await Promise.all(Array.from({ length: count }, () => fetchVisitor(url)))
  let turns = 0
  let killed: Promise<number> | undefined
  const onTurn = (): void => {
    if (++turns < (count * each) / 2 || killed) return
    killed = countsOf(url, count).then(async counts => {
      const [victim = 0] = processesOf(server).sockets
      process.kill(victim, 'SIGKILL')
      await server.logged(/"process":[12].*it serves again/)
      const number = /"process":(\d).*it serves again/.exec(server.stderr())?.[1] ?? ''
      return counts.get(number) ?? 0
    })
  }
  // Nobody is done before the kill: who has said all would leave.
  const clients = visitors.map((visitor, i) => createClient(i, visitor, () => url, onTurn, each))
  for (const client of clients) client.start()
  await Promise.all(clients.map(client => client.finished))
  const hit = await killed
  assert.ok(hit !== undefined && hit > 0 && hit < count, `${hit} of ${count} were on the process`)
  assert.deepEqual(
    clients.flatMap(client => client.problems),
    [],
  )
  assert.deepEqual(clients.map(client => client.drops).sort(), [...Array(count - hit).fill(0), ...Array(hit).fill(1)])
  for (const client of clients) client.close()
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
  await checkLog(data.path, clients, each)
})

test("[RT11] what is the engine's is asked of the engine, and an orderly end tells every client to come again", async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const server = await startServer(data.path, { sockets: SOCKETS, env: { PARLEY_LOG_LEVEL: 'info' } })
  t.after(() => server.process.kill('SIGKILL'))
  const { url } = server
  while (!(await fetch(`${url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
  assert.deepEqual(await (await fetch(`${url}/healthz`)).json(), { ok: true })
  // Each process tells of itself from time to time, for the first time soon after it has come up.
  const told = /parley_socket_process_resident_bytes\{process="1"\} \d+/
  while (!told.test(await (await fetch(`${url}/metrics`)).text())) await new Promise(resolve => setImmediate(resolve))
  const decisions = `${url}/v1/operator/shops/demo/conversations/x/decisions`
  assert.equal((await fetch(decisions, { headers: { authorization: 'Bearer wrong' } })).status, 401)
  assert.equal((await fetch(`${url}/v1/nowhere`, { method: 'POST', body: 'x' })).status, 404)
  assert.match((await fetch(`${url}/`)).headers.get('content-security-policy') ?? '', /default-src 'self'/)
  assert.equal((await fetch(`${url}/v1/shops/nowhere/visitors`, { method: 'POST' })).status, 404)

  server.process.kill('SIGHUP')
  await server.logged(/the ensembles are read again/)

  const lines = await Promise.all(
    Array.from({ length: 10 }, async () => {
      const line = await joinConversation(url, await fetchVisitor(url))
      await line.next('welcome')
      return line
    }),
  )
  lines[0]?.send({ type: 'shout' })
  await lines[0]?.next('fault')
  while (!/parley_faults_total\{code="FRAME_INVALID"\} 1/.test(await (await fetch(`${url}/metrics`)).text()));
  for (const [i, line] of lines.entries()) line.send({ type: 'say', ref: `m${i}`, text: '你好' })
  await Promise.all(lines.map(line => line.next('ack')))
  const replies = Promise.all(lines.map(line => line.next('events', frame => frame.events.some(event => event.type === 'reply'))))
  const stopped = server.stop('SIGTERM')
  await replies // what was open is decided and told before the end
  assert.deepEqual(await Promise.all(lines.map(line => line.closed)), Array(10).fill(CLOSE.GOING_AWAY))
  assert.deepEqual(await stopped, [0, null])
})

test('an agent behind a socket process: signs in from the page, takes a customer of any process, and is heard', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const server = await startServer(data.path, { sockets: SOCKETS })
  t.after(() => server.process.kill('SIGKILL'))
  const { url } = server
  const [cookie = ''] = await makeAgents(data.path, ['Chen'])
  const session = await fetch(`${url}/v1/desk/session`, { headers: { cookie, origin: url } })
  assert.equal(session.status, 200, await session.text())
  assert.equal((await fetch(`${url}/v1/desk/session`, { headers: { cookie, origin: 'https://elsewhere.example' } })).status, 403)
  const chen = await openDeskLine(url, cookie)
  chen.send({ type: 'hello', protocol: PROTOCOL })
  await chen.next('welcome')
  const visitor = await fetchVisitor(url)
  const customer = await joinConversation(url, visitor)
  await customer.next('welcome')
  customer.send({ type: 'say', ref: 'm1', text: '转人工' })
  await customer.next('state', state => state.with === 'queue')
  const { conversation } = visitor
  chen.send({ type: 'claim', conversation })
  await chen.next('done')
  chen.send({ type: 'say', conversation, ref: 'a1', text: 'Hello from Chen' })
  await customer.next('events', frame => frame.events.some(event => event.type === 'agent_message'))
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
})

test('a port that other sockets share and a folder that another engine owns are refused, and theirs go on', async t => {
  const data = temporaryFolder()
  const other = temporaryFolder()
  t.after(data.remove)
  t.after(other.remove)
  const server = await startServer(data.path, { sockets: 1 })
  t.after(() => server.process.kill('SIGKILL'))
  await assert.rejects(startServer(other.path, { sockets: 1, port: server.port }), /PORT_IN_USE/)
  await assert.rejects(startServer(data.path, { sockets: 1 }), /DATA_IN_USE/)
  const line = await joinConversation(server.url, await fetchVisitor(server.url))
  await line.next('welcome')
  line.socket.close()
  assert.deepEqual(await server.stop('SIGTERM'), [0, null])
})

test('[RT11] no process is left when the supervisor is killed', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const server = await startServer(data.path, { sockets: SOCKETS })
  while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
  const { all, sockets } = processesOf(server)
  assert.equal(sockets.length, SOCKETS)
  assert.ok(all.length > 1 + SOCKETS, 'plugin hosts are among them')
  await server.stop('SIGKILL')
  await ended(all)
})
