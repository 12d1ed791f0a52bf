// Hundreds of customers lose their lines in one moment, miss a turn, and come back in one: each is told exactly what it missed, out of memory.
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { ConversationEvent } from '@parley/core/conversation/event.ts'
import { ANNA, createTestHouse, keyOf, refOf } from '../core/house.ts'
import { dialoguesOf, fillStore } from './filled-store.ts'
import { gather, logReads, missATurn } from './returning.ts'
import { hashOfLog } from './returning-clients.ts'
import { startServer, temporaryFolder } from './running-server.ts'

const CLIENTS = process.env.PARLEY_TEST_FULL ? 5_000 : 500
const TURNS = 4

/** Of a shop without models: what is said matters to nobody here. */
async function talk(): Promise<readonly ConversationEvent[]> {
  const house = createTestHouse()
  for (let turn = 0; turn < TURNS; turn++) {
    await house.engine.say(keyOf('c1'), ANNA, { ref: refOf(`m${turn}`), text: 'hours', locale: 'en' })
    await house.settled()
  }
  return house.events('c1')
}

test(`[RT1] [RT13] ${CLIENTS} clients come back at once, to a server that stayed and to one that was killed: each is told what it missed, once`, async () => {
  const data = temporaryFolder()
  const config = join(data.path, 'parley.yaml')
  writeFileSync(
    config,
    'limits: { visitorsPerMinute: 1000000 }\nshops: [{ id: demo, mesh: demo-shop, name: Parley Fresh, plugins: [fresh-goods] }]\n',
  ) // all come from one address
  const env = { PARLEY_CONFIG: config }
  const visitors = await fillStore(data.path, CLIENTS, await talk())
  let server = await startServer(data.path, { env })
  const clients = gather(visitors)
  try {
    const shown: (readonly string[])[] = []
    let ends = await clients.open(server.url)
    for (const isKilled of [false, true]) {
      const before = ends
      await clients.cut()
      ends = await missATurn(server.url, visitors, before)
      if (isKilled) {
        await server.stop('SIGKILL')
        server = await startServer(data.path, { env })
      }
      const reads = await logReads(server.url)
      const returned = await clients.comeBack(server.url, ends)
      if (!isKilled) assert.equal((await logReads(server.url)) - reads, 0, 'reads of the log')
      for (const [i, { events, after }] of returned.told.entries())
        assert.deepEqual([events, after], [2, before[i]], `client ${i} missed a message and its reply`)
      shown.push(returned.shown)
    }
    await server.stop('SIGTERM')
    const dialogues = await dialoguesOf(data.path, visitors)
    assert.deepEqual(shown[1], dialogues.map(hashOfLog))
    assert.deepEqual(
      shown[0],
      dialogues.map(dialogue => hashOfLog(dialogue.slice(0, -2))),
    )
  } finally {
    clients.close()
    server.process.kill('SIGKILL')
    data.remove()
  }
})
