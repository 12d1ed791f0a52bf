// What the replicated log does beyond the contract: several nodes, lines that break, servers and streams that can't be trusted, damage.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { existsSync, globSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type JetStreamManager, jetstream, jetstreamManager, type StreamConfig } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { genesisHash } from '@parley/core/conversation/chain.ts'
import { type Fault, isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { ConversationLog, Envelope, Head } from '@parley/core/ports/conversation-log.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { encodeAddition, sizeOfAddition } from '@parley/server/drivers/log-additions.ts'
import { encodeGroup } from '@parley/server/drivers/log-group.ts'
import { draftRecord, hashOf, placeRecord } from '@parley/server/drivers/log-records.ts'
import { streamOf } from '@parley/server/drivers/log-streams.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { openLine } from './line.ts'
import { openNodeLog, type ReplicatedLog, replicatedLog } from './log-under-test.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'

const cluster = noNats ? undefined : await startNatsCluster()
after(() => cluster?.remove())
const connection = cluster && (await connect({ servers: [...cluster.urls] }))
after(() => connection?.close())

const settled = { isUnsettled: false, isWithPeople: false }
const keyOf = (conversation: string): ConversationKey => ({ shop: asShopId('demo'), conversation: asConversationId(conversation) })
const event = (text: string): Envelope => ({ v: 1, type: 'message', at: 1, body: Buffer.from(text) })
const textsIn = async (log: ConversationLog, key: ConversationKey): Promise<string[]> =>
  (await log.read(key, 0)).map(({ body }) => Buffer.from(body).toString())
async function append(log: ConversationLog, key: ConversationKey, text: string): Promise<Head> {
  return log.append(key, [event(text)], (await log.head(key)).position, settled)
}
async function refusal(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => 'nothing was refused',
    reason => reason,
  )
  return isFault(error) ? `${error.code}: ${error.message}` : String(error)
}
/** Resolves when the node has heard of it; the test's time is up where it never does. */
async function heard(log: ConversationLog, key: ConversationKey, seq: number): Promise<void> {
  while ((await log.head(key)).seq < seq) await new Promise(resolve => setImmediate(resolve))
}

const endOf = (seq: number, record: Buffer) => ({ seq, hash: hashOf(record), ...settled })
/** The record that an append of this text to the conversation would have now. */
async function recordsOf(log: ConversationLog, conversation: string, text: string): Promise<Buffer[]> {
  const last = (await log.read(keyOf(conversation), 0)).at(-1)!
  const draft = draftRecord(event(text))
  placeRecord(draft, last)
  return [draft.bytes]
}

function on(title: string, run: (under: ReplicatedLog, manager: JetStreamManager) => Promise<void>): void {
  test(title, { skip: noNats, timeout: 60_000 }, async () => {
    const under = replicatedLog(cluster!, 1) // there is one where it is not skipped
    try {
      await run(under, await jetstreamManager(connection!))
    } finally {
      await under.remove()
    }
  })
}

on('[LOG11] what one node appends, the other reads; of two that append to one end one succeeds', async under => {
  const nodes = [await under.open(), await under.open()] as const
  assert.equal(nodes[0].epoch, nodes[1].epoch)
  const wins = [0, 0]
  const lost: string[] = []
  for (let round = 0; round < 30; round++) {
    const key = keyOf(`c${round % 3}`)
    await Promise.all(nodes.map(log => heard(log, key, Math.floor(round / 3))))
    const { position } = await nodes[0].head(key)
    assert.equal((await nodes[1].head(key)).position, position, 'a position counts at every node')
    const outcomes = await Promise.all(nodes.map((log, i) => faultCodeOf(log.append(key, [event(`${i}`)], position, settled))))
    assert.deepEqual(outcomes.toSorted(), ['APPEND_CONFLICT', 'none'], `round ${round}`)
    wins[outcomes.indexOf('none')]!++
    // Whoever lost reads what won: else it would decide on the same end again.
    const loser = nodes[outcomes.indexOf('APPEND_CONFLICT')]!
    lost.push(...(await textsIn(loser, key)).slice(Math.floor(round / 3) + 1))
    assert.equal((await loser.head(key)).seq, Math.floor(round / 3) + 1)
  }
  assert.deepEqual(lost, [])
  assert.equal(wins[0]! + wins[1]!, 30)
  for (const key of ['c0', 'c1', 'c2'].map(keyOf)) assert.deepEqual(await textsIn(nodes[0], key), await textsIn(nodes[1], key))
  for (const log of nodes) await log.close()
})

on('[LOG17] who has seen more than the server tells of has the servers agree on the end, which changes nothing', async (under, manager) => {
  const folder = under.folder()
  const [log, other] = [await under.open(folder), await under.open()]
  const key = keyOf('seen')
  await append(other, key, 'one')
  const places = async () => (await manager.streams.info(streamOf(under.settings.name, 0))).state.last_seq
  await log.caughtUp(key, 10_000, 1)
  assert.equal(await places(), 1, 'what is there is not asked for')
  await log.caughtUp(key, 10_000, 7)
  assert.equal(await places(), 2)
  const before = await log.head(key)
  assert.equal(before.seq, 1)
  await append(log, key, 'two')
  await other.caughtUp(key, 10_000, 2)
  assert.deepEqual(await textsIn(other, key), ['one', 'two'])
  await log.close()
  const again = await under.open(folder)
  assert.deepEqual(await textsIn(again, key), ['one', 'two'])
  for (const node of [again, other]) await node.close()
})

on('[LOG12] an acknowledgement that is lost on the way is asked for again, and the append stands once', async under => {
  const line = await openLine(cluster!.urls[0]!)
  const log = await under.open(under.folder(), { servers: [line.url] })
  const witness = await under.open()
  const key = keyOf('lost')
  await append(log, key, 'before')
  line.deafen()
  const appending = append(log, key, 'once')
  await heard(witness, key, 2) // it stands, and its writer has not been told
  line.cut()
  assert.equal((await appending).seq, 2)
  await append(log, key, 'after')
  assert.deepEqual(await textsIn(log, key), ['before', 'once', 'after'])
  await log.close()
  await witness.close()
  await line.close()
})

on('[LOG12] so it does when the server has forgotten that it was sent before', async (under, manager) => {
  const line = await openLine(cluster!.urls[0]!)
  const log = await under.open(under.folder(), { servers: [line.url] })
  const witness = await under.open()
  const stream = streamOf(under.settings.name, 0)
  await manager.streams.update(stream, { duplicate_window: 100_000_000 })
  const key = keyOf('lost')
  await append(log, key, 'before')
  line.deafen()
  const appending = append(log, key, 'once')
  await heard(witness, key, 2)
  // Ids are forgotten in the order in which they came.
  const later = (): Promise<{ duplicate: boolean }> =>
    jetstream(connection!).publish(`${under.settings.name}.log.0.clear.demo.other`, '', { msgID: 'later' })
  await later()
  while ((await later()).duplicate) await new Promise(resolve => setImmediate(resolve))
  line.cut()
  assert.equal((await appending).seq, 2)
  assert.deepEqual(await textsIn(log, key), ['before', 'once'])
  await log.close()
  await witness.close()
  await line.close()
})

on(
  '[LOG13] a node that was away has caught up before it is ready, a lost copy is made anew, and both have the epoch of before',
  async under => {
    const folders = [under.folder(), under.folder()] as const
    const [here, away] = [await under.open(folders[0]), await under.open(folders[1])]
    await append(here, keyOf('a'), 'before')
    await heard(away, keyOf('a'), 1)
    await away.close()
    for (let i = 0; i < 300; i++) await append(here, keyOf(`c${i % 7}`), `${i}`)
    await here.append(keyOf('a'), [event('open')], (await here.head(keyOf('a'))).position, { isUnsettled: true, isWithPeople: true })
    await here.clearMarks(keyOf('c1'))
    const expected = await Promise.all(['a', 'c0', 'c6'].map(id => textsIn(here, keyOf(id))))
    const back = await under.open(folders[1])
    rmSync(folders[0], { recursive: true })
    await back.close()
    const anew = await under.open(folders[0])
    const again = await under.open(folders[1])
    for (const log of [anew, again]) {
      assert.equal(log.epoch, here.epoch)
      assert.deepEqual(await Promise.all(['a', 'c0', 'c6'].map(id => textsIn(log, keyOf(id)))), expected)
      const unsettled: ConversationKey[] = []
      for await (const key of log.unsettled()) unsettled.push(key)
      assert.deepEqual(unsettled, [keyOf('a')])
      await log.close()
    }
  },
)

on('[LOG14] a stream that is not as the log needs it is refused, naming what', async (under, manager) => {
  await (await under.open()).close()
  const stream = streamOf(under.settings.name, 0)
  const good = (await manager.streams.info(stream)).config
  const changes: readonly (readonly [Partial<StreamConfig>, RegExp])[] = [
    [{ max_age: 3_600e9 }, /its max_age is 3600000000000, and must be 0/],
    [{ max_msgs: 1_000_000 }, /its max_msgs is 1000000, and must be -1/],
    [{ max_msgs_per_subject: 10 }, /its max_msgs_per_subject/],
    [{ num_replicas: 1 }, /its num_replicas is 1, and must be 3/],
    [{ discard: 'old' as StreamConfig['discard'] }, /its discard is "old", and must be "new"/],
    [{ subjects: [...good.subjects, 'elsewhere.>'] }, /its subjects/],
    [{ metadata: { ...good.metadata, 'parley-shards': '2' } }, /it is one of 2 shards, and 1 are set/],
  ]
  for (const [change, reason] of changes) {
    await manager.streams.update(stream, { ...good, ...change })
    assert.match(await refusal(under.open()), new RegExp(`LOG_REFUSED: stream ${stream} can't hold the log: ${reason.source}`))
  }
  await manager.streams.update(stream, good)
  await (await under.open()).close()
})

on('[LOG14] a server is refused that is too old, does not flush, takes too little, or that nobody tells of', async under => {
  const { settings } = under
  const open = (monitors: readonly string[]) => openNodeLog(under.folder(), { ...settings, monitors }, () => {})
  assert.match(await refusal(open(settings.monitors.slice(1))), /LOG_REFUSED: .*no monitor told of n1/)
  assert.match(await refusal(open([`${cluster!.monitors[0]}/nowhere/`])), /LOG_REFUSED|no monitor told of/)
  // What a real server says, with one thing changed: no older one is at hand.
  const real = (await (await fetch(`${cluster!.monitors[0]}/varz`)).json()) as Record<string, unknown>
  let changed: Record<string, unknown> = real
  const liar = createServer((_, response) => response.end(JSON.stringify(changed))).listen(0, '127.0.0.1')
  await once(liar, 'listening')
  const url = `http://127.0.0.1:${(liar.address() as { port: number }).port}` // a TCP server's
  for (const [change, reason] of [
    [{ version: '2.11.14' }, /nats-server n1 can't hold the log: it is 2\.11\.14, and before 2\.12/],
    [{ version: '2.9.10' }, /before 2\.12/],
    [{ jetstream: {} }, /it has no JetStream/],
    [{ max_payload: 1_048_576 }, /its max_payload is 1048576/],
  ] as const) {
    changed = { ...real, ...change }
    assert.match(await refusal(open([url, ...settings.monitors])), reason)
  }
  liar.close()
  const lazy = await startNatsCluster({ servers: 1, sync: '2m' })
  const there = { servers: lazy.urls, monitors: lazy.monitors, name: 'lazy', shards: 1, replicas: 1 }
  assert.match(await refusal(openNodeLog(under.folder(), there, () => {})), /it does not flush each append: set sync_interval: always/)
  await lazy.remove()
})

on('[LOG15] what is damaged in a stream names its conversation at every node; the others go on', async under => {
  const nodes = [await under.open(), await under.open()] as const
  const { name } = under.settings
  for (const id of ['sound', 'garbled', 'forged', 'beyond']) await append(nodes[0], keyOf(id), 'first')
  const client = jetstream(connection!)
  await client.publish(`${name}.log.0.append.demo.garbled`, Buffer.from('no addition'))
  const other = await under.open()
  // A group of three: one does not follow what is there, one leaves something out, and between them stands one that is as it should be.
  const [record] = await recordsOf(other, 'sound', 'second')
  const forged = Buffer.from(record!)
  forged[40]! ^= 1
  const additions = [
    { key: keyOf('forged'), first: 2, records: [forged], end: endOf(2, forged) },
    { key: keyOf('sound'), first: 2, records: [record!], end: endOf(2, record!) },
    { key: keyOf('beyond'), first: 3, records: [record!], end: endOf(3, record!) },
  ]
  await client.publish(`${name}.log.0.appends`, encodeGroup({ after: 0, additions }))
  await Promise.all([...nodes, other].map(log => heard(log, keyOf('sound'), 2)))
  await append(other, keyOf('sound'), 'third')
  await Promise.all([...nodes, other].map(log => heard(log, keyOf('sound'), 3)))
  const late = await under.open()
  for (const log of [...nodes, other, late]) {
    assert.match(await refusal(log.read(keyOf('garbled'), 0)), /LOG_DAMAGED: .*garbled is damaged/)
    assert.match(await refusal(log.head(keyOf('forged'))), /LOG_DAMAGED: .*forged is damaged at seq 2: its hash does not follow/)
    assert.match(await refusal(log.head(keyOf('beyond'))), /LOG_DAMAGED: .*beyond is damaged at seq 2: its stream goes on at 3/)
    assert.equal(await faultCodeOf(append(log, keyOf('garbled'), 'more')), 'LOG_DAMAGED')
    assert.deepEqual(await textsIn(log, keyOf('sound')), ['first', 'second', 'third'])
  }
  assert.equal((under.broken as Fault[]).filter(({ code }) => code === 'LOG_DAMAGED').length, 12, 'each node has said all three')
  for (const log of [...nodes, other, late]) await log.close()
})

on('[LOG15] a message of which nobody can tell whose it is is not gone on with', async under => {
  const log = await under.open()
  await append(log, keyOf('sound'), 'first')
  const [record] = await recordsOf(log, 'sound', 'second')
  const group = encodeGroup({ after: 1, additions: [{ key: keyOf('sound'), first: 2, records: [record!], end: endOf(2, record!) }] })
  group[9]! ^= 1
  await jetstream(connection!).publish(`${under.settings.name}.log.0.appends`, group)
  assert.match(await refusal(append(log, keyOf('sound'), 'third')), /STORE_DAMAGED: .*what stands at 2 cannot be read/)
  assert.deepEqual(await textsIn(log, keyOf('sound')), ['first'], 'what is there is served')
  await log.close()
})

on('[LOG15] who has read a stream, and not an append that stands in it, has read another one: the conversation is named', async under => {
  const log = await under.open()
  for (const id of ['raced', 'other', 'sound']) await append(log, keyOf(id), 'first')
  const [record] = await recordsOf(log, 'sound', 'second')
  const late = (id: string, after: number) =>
    encodeGroup({ after, additions: [{ key: keyOf(id), first: 1, records: [record!], end: endOf(1, record!) }] })
  const client = jetstream(connection!)
  await client.publish(`${under.settings.name}.log.0.appends`, late('raced', 0)) // had not read it yet
  await client.publish(`${under.settings.name}.log.0.appends`, late('other', 2)) // it stands at 2
  await append(log, keyOf('sound'), 'second')
  assert.deepEqual(await textsIn(log, keyOf('raced')), ['first'])
  assert.match(
    await refusal(log.read(keyOf('other'), 0)),
    /LOG_DAMAGED: .*other is damaged at seq 1: who read its stream up to 2 has not found/,
  )
  await log.close()
})

on(
  '[LOG15] a living node does not go on with a stream that has lost what it has read, and has something else there',
  async (under, manager) => {
    const nodes = [await under.open(), await under.open()] as const
    for (const text of ['a', 'b', 'c']) await append(nodes[0], keyOf('kept'), text)
    await heard(nodes[1], keyOf('kept'), 3)
    const stream = streamOf(under.settings.name, 0)
    const { config } = await manager.streams.info(stream)
    await manager.streams.delete(stream)
    await manager.streams.add(config)
    const other = await under.open()
    for (const text of ['other', 'words']) await append(other, keyOf('kept'), text)
    // Who appends is told a place that it has read already; who only listens begins anew at what it read last.
    const what = 'is not what this node has read there'
    assert.match(await refusal(append(nodes[0], keyOf('new'), 'd')), new RegExp(`STORE_DAMAGED: .*what stands at 3 ${what}`))
    while ((under.broken as Fault[]).filter(({ code, message }) => code === 'STORE_DAMAGED' && message.includes(what)).length < 2)
      await new Promise(resolve => setImmediate(resolve))
    assert.match(await refusal(append(nodes[1], keyOf('new'), 'e')), new RegExp(`STORE_DAMAGED: .*what stands at 3 ${what}`))
    for (const log of nodes) {
      assert.deepEqual(await textsIn(log, keyOf('kept')), ['a', 'b', 'c'], 'what it has is served')
      assert.deepEqual(log.lostStreams(), [stream])
    }
    assert.deepEqual(await textsIn(other, keyOf('kept')), ['other', 'words'])
    for (const log of [...nodes, other]) await log.close()
  },
)

on('[LOG13] a stream of before there were groups is read as it was, and goes on', async (under, manager) => {
  await (await under.open()).close()
  const client = jetstream(connection!)
  const texts = ['one', 'two', 'three']
  const ends = new Map<string, { seq: number; hash: Uint8Array }>()
  for (const text of texts)
    for (const id of ['a', 'appends']) {
      const key = keyOf(id)
      const draft = draftRecord(event(text))
      const end = placeRecord(draft, ends.get(id) ?? { seq: 0, hash: genesisHash(key) })
      ends.set(id, end)
      const addition = { key, first: end.seq, records: [draft.bytes], end: { ...end, isUnsettled: text === 'three', isWithPeople: false } }
      const bytes = Buffer.alloc(sizeOfAddition(addition))
      encodeAddition(bytes, 0, addition)
      await client.publish(`${under.settings.name}.log.0.append.demo.${id}`, bytes, { msgID: `${id}-${text}` })
    }
  const [log, other] = [await under.open(), await under.open()]
  for (const id of ['a', 'appends']) assert.deepEqual(await textsIn(log, keyOf(id)), texts)
  assert.equal((await log.head(keyOf('a'))).position, '5', 'the place of its last append, which an append of then expected')
  await append(log, keyOf('a'), 'four')
  await heard(other, keyOf('a'), 4)
  await append(other, keyOf('a'), 'five')
  const anew = await under.open()
  assert.deepEqual(await textsIn(anew, keyOf('a')), [...texts, 'four', 'five'])
  const unsettled: ConversationKey[] = []
  for await (const key of anew.unsettled()) unsettled.push(key)
  assert.deepEqual(unsettled, [keyOf('appends')])
  assert.equal((await manager.streams.info(streamOf(under.settings.name, 0))).state.messages, 8)
  for (const each of [log, other, anew]) await each.close()
  assert.deepEqual(under.broken, [])
})

on(
  '[LOG2] [LOG11] of appends of three nodes to a thousand ends, in few messages, one to each succeeds, and every node has the same',
  async (under, manager) => {
    const nodes = [await under.open(), await under.open(), await under.open()]
    const keys = Array.from({ length: 1000 }, (_, i) => keyOf(`c${i}`))
    for (let seq = 1; seq <= 2; seq++) {
      await Promise.all(nodes.flatMap(log => keys.map(key => heard(log, key, seq - 1))))
      const positions = await Promise.all(keys.map(async key => (await nodes[0]!.head(key)).position))
      const outcomes = await Promise.all(
        nodes.map((log, node) =>
          Promise.all(keys.map((key, i) => faultCodeOf(log.append(key, [event(`${node}`)], positions[i]!, settled)))),
        ),
      )
      const winners = keys.map((_, i) => outcomes.flatMap((codes, node) => (codes[i] === 'none' ? [node] : [])))
      assert.deepEqual(
        winners.filter(each => each.length !== 1),
        [],
      )
      assert.deepEqual([...new Set(outcomes.flat())].toSorted(), ['APPEND_CONFLICT', 'none'])
      for (const [i, key] of keys.entries()) {
        const [winner] = winners[i]!
        for (const log of nodes) assert.equal((await textsIn(log, key)).at(-1), `${winner}`, 'also whoever lost reads what won')
      }
    }
    const { messages } = (await manager.streams.info(streamOf(under.settings.name, 0))).state
    assert.ok(messages < 1000, `${messages} messages for 2000 appends that stand and some that don't`)
    const late = await under.open()
    for (const key of keys) {
      assert.deepEqual(await textsIn(late, key), await textsIn(nodes[0]!, key))
      assert.deepEqual(await late.head(key), await nodes[0]!.head(key))
    }
    for (const log of [...nodes, late]) await log.close()
    assert.deepEqual(under.broken, [])
  },
)

on(
  '[LOG15] streams that are gone, end before what a node has read, or say something else, are not gone on with',
  async (under, manager) => {
    const folder = under.folder()
    const stream = streamOf(under.settings.name, 0)
    const log = await under.open(folder)
    for (const text of ['a', 'b']) await append(log, keyOf('kept'), text)
    await log.close()
    const { config } = await manager.streams.info(stream)
    await manager.streams.delete(stream)
    assert.match(await refusal(under.open(folder)), /STORE_DAMAGED: .*all of them are gone, and this node has a copy/)
    await manager.streams.add(config)
    assert.match(await refusal(under.open(folder)), /STORE_DAMAGED: .*it ends at 0, and this node has read it up to 2/)
    const fresh = await under.open()
    for (const text of ['other', 'words', 'here']) await append(fresh, keyOf('kept'), text)
    assert.match(await refusal(under.open(folder)), /STORE_DAMAGED: .*what stands at 2 is not what this node has read there/)
    await fresh.close()
    // Another node has begun anew, under a new epoch: the copy of before is kept aside.
    await manager.streams.delete(stream)
    const begun = await under.open()
    const after = await under.open(folder)
    assert.equal(after.epoch, begun.epoch)
    assert.notEqual(after.epoch, log.epoch)
    assert.deepEqual(await textsIn(after, keyOf('kept')), [])
    assert.ok(existsSync(join(folder, `data-${log.epoch}.mdb`)), globSync('*', { cwd: folder }).join())
    await begun.close()
    await after.close()
  },
)

test('[LOG12] without most servers nothing is taken and what is there is read; closing gives up what is under way', {
  skip: noNats,
}, async () => {
  const three = await startNatsCluster()
  const under = replicatedLog(three, 1)
  try {
    const log = await under.open()
    const key = keyOf('waits')
    await append(log, key, 'before')
    await Promise.all(three.servers.slice(1).map(server => server.signal('SIGKILL')))
    const appending = faultCodeOf(append(log, key, 'not told'))
    assert.deepEqual(await textsIn(log, key), ['before'])
    await log.close()
    assert.equal(await appending, 'LOG_UNAVAILABLE')
    await Promise.all(three.servers.slice(1).map(server => server.start()))
    const again = await under.open()
    // The server that was left may bring it to the others yet, also after this node is ready: whoever appends reads again then, as ever.
    while ((await faultCodeOf(append(again, key, 'after'))) === 'APPEND_CONFLICT')
      assert.deepEqual(await textsIn(again, key), ['before', 'not told'])
    const texts = (await textsIn(again, key)).join()
    assert.ok(['before,after', 'before,not told,after'].includes(texts), texts)
  } finally {
    await under.remove()
    await three.remove()
  }
})

on('neither driver takes the folder of the other', async under => {
  const own = temporaryFolder()
  const embedded = await openLmdbLog(own.path)
  await append(embedded, keyOf('own'), 'a')
  await embedded.close()
  assert.match(await refusal(under.open(own.path)), /LOG_REFUSED: .*it holds a log of its own/)
  own.remove()
  const folder = under.folder()
  await (await under.open(folder)).close()
  assert.match(await refusal(openLmdbLog(folder)), /LOG_REFUSED: .*it is a copy of a log that NATS keeps/)
  await (await under.open(folder)).close()
})
