// kill -9 of the server in the midst of 1,000 turns from 50 clients that come back by themselves. What was acknowledged is there once, every turn
// has exactly one decision and at most one reply, and every client ends up with what the log says.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRandom } from '../random.ts'
import { checkLog } from './check-log.ts'
import { fetchVisitor, type RunningServer, startServer, temporaryFolder } from './running-server.ts'
import { createClient } from './tireless-client.ts'

const CLIENTS = 50
const TURNS_EACH = 20
const KILLS = process.env.PARLEY_TEST_FULL ? 12 : 3

test(`[TURN1] [TURN3] [TURN6] [RT1] [RT2] kill -9 in the midst of ${CLIENTS * TURNS_EACH} turns from ${CLIENTS} clients, ${KILLS} times`, {
  timeout: 600_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const seed = Number(process.env.PARLEY_SEED ?? 20261124)
  const random = createRandom(seed)
  t.diagnostic(`seed ${seed}`)
  let server: RunningServer = await startServer(data.path)
  t.after(() => server.process.kill('SIGKILL'))
  const { port, url } = server
  const visitors = await Promise.all(Array.from({ length: CLIENTS }, () => fetchVisitor(url)))
  let turns = 0
  const marks = Array.from({ length: KILLS }, (_, k) => Math.floor(((k + 0.2 + 0.6 * random()) / KILLS) * CLIENTS * (TURNS_EACH - 1)))
  let restarting: Promise<void> = Promise.resolve()
  let kills = 0
  const onTurn = (): void => {
    turns++
    if (turns < (marks[kills] ?? Number.POSITIVE_INFINITY)) return
    kills++
    restarting = restarting.then(async () => {
      await server.stop('SIGKILL')
      server = await startServer(data.path, { port })
    })
  }
  const clients = visitors.map((visitor, i) => createClient(i, visitor, () => url, onTurn, TURNS_EACH))
  for (const client of clients) client.start()
  await Promise.all(clients.map(client => client.finished))
  await restarting
  for (const client of clients) client.close()
  assert.equal(kills, KILLS)
  assert.deepEqual(
    clients.flatMap(client => client.problems),
    [],
  )
  await server.stop('SIGTERM')

  await checkLog(data.path, clients, TURNS_EACH)
})
