// A rollback as everyone sees it who has the conversation open: two pages of the customer's, and a console.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Agent } from '@parley/core/handoff/owner.ts'
import { type AgentId, asConversationId } from '@parley/core/ids.ts'
import { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { createAgentSocket } from '@parley/server/realtime/agent-socket.ts'
import { createCustomerSocket } from '@parley/server/realtime/customer-socket.ts'
import type { Connection, Wire } from '@parley/server/realtime/session.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { createTestHouse, refOf, SHOP } from './house.ts'

const tokens = createTokens(new Uint8Array(32).fill(1), { visitorMinutes: 5, refreshDays: 1, identityKey: () => 'a key' })
const chen: Agent = { id: 'a1' as AgentId, name: 'Chen' } // a test's id

/** A connection and what it has been told; `until` waits for a frame that is as wanted. */
function connect<M>(parse: (frame: unknown) => M, open: (wire: Wire) => Connection) {
  const frames: M[] = []
  const looks = new Set<() => void>()
  const socket = open({
    send(text) {
      frames.push(parse(JSON.parse(text)))
      for (const look of looks) look()
    },
    close: () => {},
    bufferedBytes: 0,
  })
  return {
    frames,
    send: (frame: object) => socket.frame(JSON.stringify(frame)),
    until: (wanted: (frame: M) => boolean) =>
      new Promise<M>(resolve => {
        const look = (): void => {
          const found = frames.findLast(wanted)
          if (found === undefined) return
          looks.delete(look)
          resolve(found)
        }
        looks.add(look)
        look()
      }),
  }
}

async function open() {
  const house = createTestHouse()
  const visitor = tokens.newVisitor(SHOP)
  const key = { shop: SHOP, conversation: asConversationId(visitor.conversation) }
  const common = { fanOut: house.fanOut, clock: house.clock, onFault: () => {}, onBug: (error: unknown) => void house.bugs.push(error) }
  const page = async () => {
    const line = connect(
      frame => ServerMessage.parse(frame),
      wire => createCustomerSocket(wire, { ...common, engine: house.engine, tokens }),
    )
    const { token } = await tokens.issue(visitor)
    line.send({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null })
    await line.until(frame => frame.type === 'state')
    return line
  }
  const console = (agent: Agent, isSupervisor = false) => {
    const line = connect(
      frame => DeskMessage.parse(frame),
      wire =>
        createAgentSocket(
          wire,
          { ...agent, shop: SHOP, isSupervisor },
          {
            ...common,
            engine: house.engine,
            epoch: house.log.epoch,
            aboutShop: () => ({ name: 'Demo', locale: 'en' }),
            pluginsOff: () => [],
            corrections: { actionsOf: () => [], of: () => [], say: async () => {} },
            isAdmitted: async () => true,
          },
        ),
    )
    line.send({ type: 'hello', protocol: 1 })
    return line
  }
  const say = async (ref: string, text: string): Promise<void> => {
    await house.engine.say(key, visitor.customer, { ref: refOf(ref), text, locale: 'en' })
    await house.settled()
  }
  return { house, key, visitor, page, console, say }
}

test('[RB1] [RB6] [RB7] two pages and a console follow when the customer takes the last message back', async () => {
  const { house, key, visitor, page, console, say } = await open()
  await say('m1', 'hello')
  await say('m2', 'hours')
  const [one, two, desk] = [await page(), await page(), console(chen)]
  desk.send({ type: 'watch', conversation: key.conversation, resumeAfter: null })
  await desk.until(frame => frame.type === 'state')
  one.send({ type: 'recall', ref: 'm2' })
  const kept = (await house.engine.since(key, visitor.customer, { epoch: house.log.epoch, seq: 0 })).events.slice(0, 2)
  for (const line of [one, two]) {
    const frame = await line.until(frame => frame.type === 'events' && frame.whole === true)
    assert.deepEqual(frame.type === 'events' && [frame.after, frame.events], [kept.at(-1)?.seq, []])
  }
  const told = await desk.until(frame => frame.type === 'events' && frame.whole === true)
  assert.ok(told.type === 'events')
  assert.deepEqual(
    told.events.map(event => (event.type === 'mark' ? event.about : event.seq)),
    [...kept.map(({ seq }) => seq), 'recalled'],
  )
  two.send({ type: 'recall', ref: 'm9' })
  const fault = await two.until(frame => frame.type === 'fault')
  assert.deepEqual(fault.type === 'fault' && [fault.code, fault.ref], ['ROLLBACK_INVALID', 'm9'])
  assert.deepEqual(house.bugs, [])
})

test('[RB5] [RB7] the agent who has it sees what would go and takes it back; a colleague may not, a supervisor may', async () => {
  const { house, key, page, console, say } = await open()
  const { conversation } = key
  await say('m1', 'human')
  await house.engine.desk.claim(key, chen)
  const [customer, desk, other] = [await page(), console(chen), console({ id: 'a2' as AgentId, name: 'Liu' })] // a test's id
  for (const line of [desk, other]) {
    line.send({ type: 'watch', conversation, resumeAfter: null })
    await line.until(frame => frame.type === 'state')
  }
  const { length: toSeq } = await house.events(conversation)
  desk.send({ type: 'say', conversation, ref: 'a1', text: 'the wrong customer' })
  await customer.until(frame => frame.type === 'events' && frame.events.some(event => event.type === 'agent_message'))
  other.send({ type: 'rollback', conversation, toSeq, reason: '' })
  const fault = await other.until(frame => frame.type === 'fault')
  assert.deepEqual(fault.type === 'fault' && [fault.code, fault.conversation], ['NOT_OWNER', conversation])
  desk.send({ type: 'preview', conversation, toSeq })
  const preview = await desk.until(frame => frame.type === 'preview')
  assert.deepEqual(preview.type === 'preview' && preview.goes.map(event => event.type), ['agent_message'])
  desk.send({ type: 'rollback', conversation, toSeq, reason: 'a mix-up' })
  await desk.until(frame => frame.type === 'done' && frame.what === 'rollback')
  const seen = await customer.until(frame => frame.type === 'events' && frame.whole === true)
  assert.ok(seen.type === 'events' && seen.events.every(event => event.type !== 'agent_message'))
  for (const line of [desk, other]) {
    const told = await line.until(frame => frame.type === 'events' && frame.whole === true)
    const mark = told.type === 'events' ? told.events.at(-1) : undefined
    assert.deepEqual(mark?.type === 'mark' && [mark.about, mark.by, mark.note], ['rollback', 'Chen', 'a mix-up'])
  }
  const boss = console({ id: 'a3' as AgentId, name: 'Wu' }, true) // a test's id
  boss.send({ type: 'watch', conversation, resumeAfter: null })
  await boss.until(frame => frame.type === 'state')
  desk.send({ type: 'say', conversation, ref: 'a2', text: 'the wrong customer again' })
  await boss.until(frame => frame.type === 'events' && frame.events.some(event => event.type === 'agent_message' && event.ref === 'a2'))
  boss.send({ type: 'rollback', conversation, toSeq, reason: 'again' })
  await boss.until(frame => frame.type === 'done' && frame.what === 'rollback')
  assert.equal((await house.engine.state(key)).agent, 'Chen', 'a supervisor puts it back, and does not take it over')
  assert.deepEqual(house.bugs, [])
})
