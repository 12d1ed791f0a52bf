// Whether an agent's session stands is asked while the connection lives: what a console is told when it has ended, and when nobody knows.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import type { AgentId } from '@parley/core/ids.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import { createAgentSocket } from '@parley/server/realtime/agent-socket.ts'
import { createTestHouse, SHOP } from '../core/house.ts'

/** The code of the fault that a console is told, and with which it is closed, once its session was asked for. */
async function askedFor(isAdmitted: () => Promise<boolean>) {
  const { engine, fanOut, clock, log, bugs } = createTestHouse()
  const faults: string[] = []
  const { promise: closed, resolve } = Promise.withResolvers<number>()
  const console = createAgentSocket(
    {
      send(text) {
        const frame = DeskMessage.parse(JSON.parse(text))
        if (frame.type === 'fault') faults.push(frame.code)
      },
      close: resolve,
      bufferedBytes: 0,
    },
    { id: 'a1' as AgentId, name: 'Chen', shop: SHOP, isSupervisor: false }, // a test's id
    {
      engine,
      fanOut,
      clock,
      epoch: log.epoch,
      aboutShop: () => ({ name: 'Demo', locale: 'en' }),
      pluginsOff: () => [],
      corrections: { actionsOf: () => [], of: () => [], say: async () => {} },
      isAdmitted,
      onFault: () => {},
      onBug: error => void bugs.push(error),
    },
  )
  console.frame(JSON.stringify({ type: 'hello', protocol: 1 }))
  clock.pass(5_000)
  return { code: await closed, faults, bugs }
}

test('[ACC8] a console whose session has ended is told to sign in again', async () => {
  assert.deepEqual(await askedFor(async () => false), { code: CLOSE.TOKEN_EXPIRED, faults: ['TOKEN_EXPIRED'], bugs: [] })
})

test('[ACC8] a console at a node that does not know who is signed in comes again, and its session stands', async () => {
  const nobodyKnows = async () => {
    throw new Fault('LOG_UNAVAILABLE', { reason: 'no server answers', retryAfterMs: 2_000 })
  }
  assert.deepEqual(await askedFor(nobodyKnows), { code: CLOSE.GOING_AWAY, faults: ['LOG_UNAVAILABLE'], bugs: [] })
})
