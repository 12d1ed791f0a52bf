// The link between the engine and socket processes, over a real unix socket in one process: as good as the engine itself, and what happens when it is
// cut, slow or away.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, mkdirSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { Clock } from '@parley/core/ports/clock.ts'
import type { Sign } from '@parley/core/ports/fan-out.ts'
import { CLOSE } from '@parley/core/protocol/close-codes.ts'
import { ServerMessage } from '@parley/core/protocol/server-message.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { LINK_VERSION, type SocketReport, type ToEngine } from '@parley/server/link/messages.ts'
import { makeEnginePaths } from '@parley/server/link/paths.ts'
import { connectEngine, type RemoteEngine, type RemoteParts } from '@parley/server/link/remote-engine.ts'
import { type LinkParts, serveLink } from '@parley/server/link/serve-link.ts'
import { createCustomerSocket } from '@parley/server/realtime/customer-socket.ts'
import { createTokens } from '@parley/server/tokens.ts'
import { deliveries, engineFaceContract, hear, message } from '../contracts/engine-face.ts'
import { ANNA, createTestClock, createTestHouse, keyOf, SHOP, type TestHouse } from '../core/house.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

interface Ends {
  readonly path: string
  serve(house: TestHouse, parts?: Partial<LinkParts>): Promise<{ close(): Promise<void> }>
  reach(parts?: Partial<RemoteParts>): RemoteEngine
  readonly bugs: unknown[]
}

/** Both ends at one place; closed after the test. */
function openEnds(t: Pick<TestContext, 'after'>): Ends {
  const folder = temporaryFolder()
  const path = join(folder.path, 'link.sock')
  const bugs: unknown[] = []
  const served: { close(): Promise<void> }[] = []
  const reached: RemoteEngine[] = []
  t.after(async () => {
    for (const remote of reached) remote.close()
    for (const link of served) await link.close()
    folder.remove()
  })
  return {
    path,
    bugs,
    async serve(house, parts) {
      const { engine, fanOut } = house
      const link = await serveLink(path, { engine, fanOut, onReport: () => {}, onBug: error => bugs.push(error), ...parts })
      served.push(link)
      return link
    },
    reach(parts) {
      const onForeign = (): void => assert.fail('it is of this release')
      const remote = connectEngine({ path, process: 1, clock: systemClock, onBug: error => bugs.push(error), onForeign, ...parts })
      reached.push(remote)
      return remote
    },
  }
}

engineFaceContract('in the same process', async ({ engine, fanOut }) => ({ engine, fanOut, close: async () => {} }))
engineFaceContract('over the link', async house => {
  const cleanups: (() => Promise<void>)[] = []
  const ends = openEnds({ after: (cleanup: unknown) => void cleanups.push(cleanup as () => Promise<void>) }) // openEnds gives it that
  await ends.serve(house)
  const { engine, fanOut, connected } = ends.reach()
  await connected
  return {
    engine,
    fanOut,
    async close() {
      for (const cleanup of cleanups) await cleanup()
      assert.deepEqual(ends.bugs, [])
    },
  }
})

const key = keyOf('c1')
const isResync = (sign: Sign): boolean => sign.type === 'resync'

test('[RT8] after a cut every listener is told to ask, gets what it missed, and hears what comes then', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const link = await ends.serve(house)
  const { engine, fanOut } = ends.reach()
  const tab = hear(fanOut, 'c1')
  const other = hear(fanOut, 'c2')
  await engine.say(key, ANNA, message('m1', 'hello'))
  await house.settled()
  await tab.until(signs => deliveries(signs).at(-1)?.upTo === 4)
  await link.close()
  await house.engine.say(key, ANNA, message('m2', 'track')) // what nobody is told of
  await house.settled()
  await ends.serve(house)
  await tab.until(signs => signs.some(isResync))
  await other.until(signs => signs.some(isResync))
  const caught = await engine.since(key, ANNA, { epoch: house.log.epoch, seq: 4 })
  assert.deepEqual(
    caught.events.map(event => event.seq),
    [5, 7],
  )
  await engine.say(key, ANNA, message('m3', 'hello'))
  await tab.until(signs => deliveries(signs).at(-1)?.after === caught.upTo || deliveries(signs).some(d => d.after === caught.upTo))
})

test('[RT8] a message that is said while the engine is away waits for it; one whose answer was lost is in the log once', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const { engine } = ends.reach()
  const early = engine.say(key, ANNA, message('early', 'hello'))
  // This engine keeps the message and dies before it says so.
  let isKept = (): void => {}
  const kept = new Promise<void>(resolve => {
    isKept = resolve
  })
  const dying = await ends.serve(house, {
    engine: {
      ...house.engine,
      say: async (...args) => {
        const said = await house.engine.say(...args)
        if (args[2].ref === 'early') return said
        isKept()
        return new Promise(() => {})
      },
    },
  })
  assert.deepEqual(await early, { seq: 2, isResend: false })
  const lost = engine.say(key, ANNA, message('lost', 'track'))
  await kept
  await dying.close()
  await house.settled()
  await ends.serve(house)
  const said = await lost
  assert.equal(said.isResend, true)
  const messages = (await house.events('c1')).filter(event => event.type === 'message')
  assert.deepEqual(
    messages.map(event => [event.seq, event.ref]),
    [
      [2, 'early'],
      [said.seq, 'lost'],
    ],
  )
})

test('[RT8] [TURN8] what waits is bounded in number and time, and refused with the time to wait; what may be kept already is not refused', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const clock = createTestClock()
  let isLost = (): void => {}
  const lost = new Promise<void>(resolve => {
    isLost = resolve
  })
  // Nothing is timed as long as the engine is there.
  const watched: Clock = {
    ...clock,
    after(ms, callback) {
      isLost()
      return clock.after(ms, callback)
    },
  }
  const link = await ends.serve(house, {
    engine: { ...house.engine, say: () => new Promise(() => {}), since: () => new Promise(() => {}) },
  })
  const { engine, connected } = ends.reach({ clock: watched, limits: { waitMs: 8_000, calls: 4 } })
  await connected
  const handed = engine.say(key, ANNA, message('handed', 'hello'))
  const asked = engine.since(key, ANNA, null)
  await link.close()
  await lost
  const unsent = engine.say(key, ANNA, message('unsent', 'hello'))
  const waiting = [unsent, engine.seen(key, 'customer', 'read', 1)]
  assert.equal(await faultCodeOf(engine.say(key, ANNA, message('one-too-many', 'hello'))), 'OVERLOADED')
  clock.pass(8_000)
  await assert.rejects(unsent, { code: 'OVERLOADED', details: { what: 'the shop', retryAfterMs: 1_000 } })
  for (const call of [...waiting, asked]) assert.equal(await faultCodeOf(call), 'OVERLOADED')
  clock.pass(60_000)
  await ends.serve(house)
  const passing = setInterval(() => clock.pass(50), 1) // one attempt after another
  t.after(() => clearInterval(passing))
  assert.equal((await handed).isResend, false)
  assert.deepEqual(
    (await house.events('c1')).flatMap(event => (event.type === 'message' ? [event.ref] : [])),
    ['handed'],
  )
})

test('[RT8] after a return few histories are asked for at once, and everybody gets theirs', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  let underWay = 0
  let most = 0
  const counting = {
    ...house.engine,
    since: async (...args: Parameters<typeof house.engine.since>) => {
      most = Math.max(most, ++underWay)
      await new Promise(resolve => setImmediate(resolve)) // whoever else is coming has come by then
      return house.engine.since(...args).finally(() => underWay--)
    },
  }
  const first = await ends.serve(house)
  const { engine, fanOut, connected } = ends.reach({ limits: { resyncs: 8 } })
  await connected
  const everybody = 500
  let caught = 0
  const all = new Promise<void>(resolve => {
    for (let i = 0; i < everybody; i++) {
      const mine = keyOf(`c${i}`)
      fanOut.subscribe(mine, sign => {
        if (isResync(sign)) engine.since(mine, ANNA, null).then(() => ++caught === everybody && resolve())
      })
    }
  })
  await first.close()
  await ends.serve(house, { engine: counting })
  await all
  assert.equal(most, 8)
})

test('[RT9] a socket process that does not read is cut before it costs memory; the others hear all', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const gone: number[] = []
  const cutAbove = 256 * 1024
  let isCut = (): void => {}
  const cut = new Promise<void>(resolve => {
    isCut = resolve
  })
  await ends.serve(house, {
    limits: { pauseAbove: 64 * 1024, cutAbove },
    onReport: (process, report) => {
      if (report !== undefined) return
      gone.push(process)
      isCut()
    },
  })
  const good = hear(ends.reach().fanOut, 'c1')
  const deaf = connect(ends.path)
  t.after(() => deaf.destroy())
  deaf.on('error', () => {})
  await once(deaf, 'connect')
  const tell = (sent: ToEngine): void => void deaf.write(`${JSON.stringify(sent)}\n`)
  tell({ type: 'hello', version: LINK_VERSION, process: 7 })
  tell({ type: 'subscribe', key })
  const name = 'x'.repeat(16 * 1024)
  let published = 0
  let isOver = false
  cut.then(() => {
    isOver = true
  })
  // One sign a turn of the event loop, so that whoever reads has the time to.
  while (!isOver) {
    house.fanOut.publish(key, { type: 'typing', who: 'agent', name: `${published++} ${name}` })
    assert.ok(published < 10_000, 'it was never cut')
    await new Promise(resolve => setImmediate(resolve))
  }
  assert.deepEqual(gone, [7])
  const isFirst = (sign: Sign | undefined, n: number): boolean => sign?.type === 'typing' && 'name' in sign && sign.name.startsWith(`${n} `)
  await good.until(signs => isFirst(signs.at(-1), published - 1))
  const heard = good.signs.filter(sign => sign.type === 'typing')
  const from = published - heard.length // it may have subscribed after the first ones
  for (const [i, sign] of heard.entries()) assert.ok(isFirst(sign, from + i), `sign ${from + i}`)
})

test('[RT9] a process that asks and does not take the answers is asked to wait, not cut', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  await house.engine.say(key, ANNA, message('m1', 'x'.repeat(4_000)))
  await house.settled()
  let asked = 0
  await ends.serve(house, {
    limits: { pauseAbove: 64 * 1024, cutAbove: 1024 * 1024 * 1024 },
    engine: {
      ...house.engine,
      since: (...args) => {
        asked++
        return house.engine.since(...args)
      },
    },
  })
  const slow = connect(ends.path)
  t.after(() => slow.destroy())
  await once(slow, 'connect')
  slow.write(`${JSON.stringify({ type: 'hello', version: LINK_VERSION, process: 1 } satisfies ToEngine)}\n`)
  const questions = 5_000
  const ask = (id: number): string =>
    `${JSON.stringify({ type: 'call', id, call: { method: 'since', args: [key, ANNA, null] } } satisfies ToEngine)}\n`
  slow.write(Array.from({ length: questions }, (_, id) => ask(id)).join(''))
  for (let before = -1; before !== asked; await house.settled()) before = asked
  assert.ok(asked < questions, `${asked} of ${questions} were answered into the void`)
  slow.setEncoding('utf8')
  let answers = 0
  for await (const chunk of slow) {
    answers += String(chunk).split('\n').length - 1
    if (answers === questions) break
  }
  assert.equal(asked, questions)
})

test('a broken engine is told of at its own end, and the caller hears that it broke', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const bug = new Error('a bug')
  await ends.serve(house, { engine: { ...house.engine, since: () => Promise.reject(bug) } })
  await assert.rejects(ends.reach().engine.since(key, ANNA, null), /the engine broke: a bug/)
  assert.deepEqual(ends.bugs, [bug])
})

test('[RT11] whoever waits until all is told has heard it all, and waits for no engine that is gone', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const link = await ends.serve(house)
  const { engine, fanOut, connected, caughtUp } = ends.reach()
  await connected
  const tab = hear(fanOut, 'c1')
  await engine.say(key, ANNA, message('m1', 'hello'))
  await house.settled()
  await caughtUp()
  assert.equal(deliveries(tab.signs).at(-1)?.upTo, 4)
  const last = caughtUp()
  await link.close()
  await last
})

test('an engine of another release is noticed; reports arrive, and the end of a process too', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const reports: [number, SocketReport | undefined][] = []
  let isTold = (): void => {}
  const told = (): Promise<void> =>
    new Promise(resolve => {
      isTold = resolve
    })
  await ends.serve(house, {
    onReport: (process, report) => {
      reports.push([process, report])
      isTold()
    },
  })
  const remote = ends.reach({ process: 3 })
  await remote.connected
  const report = { sockets: 2, residentBytes: 1, faults: { RATE_LIMITED: 4 }, bugs: 0 }
  const first = told()
  remote.report(report)
  await first
  const second = told()
  remote.close()
  await second
  assert.deepEqual(reports, [
    [3, report],
    [3, undefined],
  ])

  const older = connect(ends.path)
  t.after(() => older.destroy())
  older.write(`${JSON.stringify({ type: 'hello', version: LINK_VERSION + 1, process: 1 })}\n`)
  const [answer] = await once(older, 'data')
  assert.deepEqual(JSON.parse(String(answer)), { type: 'foreign', version: LINK_VERSION })
})

test('[RT8] a connection outlives the engine, and ends when another store has taken its place', async t => {
  const house = createTestHouse()
  const ends = openEnds(t)
  const tokens = createTokens(new Uint8Array(32).fill(1), { visitorMinutes: 5, refreshDays: 1, identityKey: () => '' })
  const link = await ends.serve(house)
  const remote = ends.reach()
  const frames: ServerMessage[] = []
  const waiting = new Set<() => void>()
  let closed = (_code: number): void => {}
  const isClosed = new Promise<number>(resolve => {
    closed = resolve
  })
  const until = (wanted: () => boolean): Promise<void> =>
    new Promise(resolve => {
      const look = (): void => {
        if (!wanted()) return
        waiting.delete(look)
        resolve()
      }
      waiting.add(look)
      look()
    })
  const wire = {
    send(text: string): void {
      frames.push(ServerMessage.parse(JSON.parse(text)))
      for (const look of waiting) look()
    },
    close: (code: number): void => closed(code),
    bufferedBytes: 0,
  }
  const onBug = (error: unknown): void => void ends.bugs.push(error)
  const socket = createCustomerSocket(wire, { ...remote, tokens, clock: house.clock, onFault: () => {}, onBug })
  const visitor = tokens.newVisitor(SHOP)
  const { token } = await tokens.issue(visitor)
  socket.frame(JSON.stringify({ type: 'hello', protocol: 1, token, conversation: visitor.conversation, resumeAfter: null }))
  await until(() => frames.some(frame => frame.type === 'state'))
  socket.frame('{"type":"say","ref":"m1","text":"hello"}')
  const upTo = (): number => Math.max(0, ...frames.flatMap(frame => (frame.type === 'events' ? [frame.upTo] : [])))
  await until(() => upTo() === 4)
  await link.close()
  socket.frame('{"type":"ping"}')
  await until(() => frames.at(-1)?.type === 'pong')
  socket.frame('{"type":"say","ref":"m2","text":"track"}')
  const second = await ends.serve(house)
  await until(() => upTo() === 7)
  assert.ok(frames.some(frame => frame.type === 'ack' && frame.ref === 'm2'))
  const ranges = frames.flatMap(frame => (frame.type === 'events' ? [frame] : []))
  for (const [i, range] of ranges.entries()) assert.equal(range.after, ranges[i - 1]?.upTo ?? 0)
  await second.close()
  await ends.serve(createTestHouse())
  assert.equal(await isClosed, CLOSE.GOING_AWAY)
  assert.deepEqual(ends.bugs, [])
})

test("the socket is its owner's alone; where its name would be too long it lies in a folder of its own that goes with it", async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const near = makeEnginePaths(folder.path)
  assert.equal(dirname(near.paths.link), join(folder.path, 'run'))
  const deep = join(folder.path, 'a'.repeat(90))
  mkdirSync(deep)
  const far = makeEnginePaths(deep)
  assert.ok(Buffer.byteLength(far.paths.link) <= 100, far.paths.link)
  const { engine, fanOut } = createTestHouse()
  for (const { paths } of [near, far]) {
    const link = await serveLink(paths.link, { engine, fanOut, onReport: () => {}, onBug: () => {} })
    assert.equal(statSync(dirname(paths.link)).mode & 0o777, 0o700)
    assert.equal(statSync(paths.link).mode & 0o777, 0o600)
    await link.close()
  }
  near.remove()
  far.remove()
  assert.ok(existsSync(dirname(near.paths.link)), 'another engine may have it by now')
  assert.ok(!existsSync(dirname(far.paths.link)))
})
