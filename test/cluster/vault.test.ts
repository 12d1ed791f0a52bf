// Keys that several nodes share, on three real servers: what one seals another opens, and what one destroys no other opens any more, whoever is killed, halted or cut
// off meanwhile, and no byte of it is left in a server's files.
import assert from 'node:assert/strict'
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { EndedErasure } from '@parley/core/erasure/erasure.ts'
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asCustomerId, asShopId, type ConversationKey } from '@parley/core/ids.ts'
import type { Vault } from '@parley/core/ports/vault.ts'
import { adoptKeys } from '@parley/server/drivers/adopt-keys.ts'
import { type Nats, openNats } from '@parley/server/drivers/nats.ts'
import { openLmdbVault } from '@parley/server/drivers/vault.lmdb.ts'
import { filesWith } from '../data-files.ts'
import { NODE_FLAGS } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { createRandom } from '../random.ts'
import { openLine } from './line.ts'
import { type NatsCluster, noNats, startNatsCluster } from './nats-cluster.ts'
import type { Answer, Question } from './vault-node.ts'
import { type ReplicatedVault, replicatedVault } from './vault-under-test.ts'

const ROUNDS = process.env.PARLEY_TEST_FULL ? 30 : 3
const PROGRAM = fileURLToPath(new URL('vault-node.ts', import.meta.url))

const shop = asShopId('demo')
const anna = asCustomerId('anna')
const bert = asCustomerId('bert')
const keyOf = (conversation: string): ConversationKey => ({ shop, conversation: asConversationId(conversation) })
const c1 = keyOf('c1')
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text)
const text = (clear: Uint8Array): string => new TextDecoder().decode(clear)
const isErased = (error: unknown): boolean => isFault(error, 'CONVERSATION_ERASED')
const isAway = (error: unknown): boolean => isFault(error, 'LOG_UNAVAILABLE')

let cluster: NatsCluster
if (!noNats) {
  cluster = await startNatsCluster()
  after(() => cluster.remove())
}

/** With keys of its own. */
function on(title: string, run: (nodes: ReplicatedVault) => Promise<void>): void {
  test(title, { skip: noNats }, async () => {
    const nodes = replicatedVault(cluster)
    try {
      await run(nodes)
      assert.deepEqual(nodes.broken, [])
    } finally {
      await nodes.remove()
    }
  })
}

on('[KEY3] what a node has sealed another opens, and both know whose it is', async nodes => {
  const [a, b] = [await nodes.open(), await nodes.open()]
  const sealed = (await a.cipher(c1, anna)).seal(bytes('螃蟹死了'), 'c')
  assert.equal(text((await b.opened(c1))!.cipher.open(sealed, 'c')), '螃蟹死了') // it was made above
  await assert.rejects(b.cipher(c1, bert), error => isFault(error, 'UNKNOWN_CONVERSATION'))
  await b.cipher(keyOf('c2'), anna)
  assert.deepEqual([...(await a.conversationsOf(shop, anna))].sort(), ['c1', 'c2'])
  assert.deepEqual(await a.conversationsOf(shop, bert), [])
})

on('[KEY1] of two nodes that make a key at once both have the same, and one customer owns it', async nodes => {
  const [a, b] = [await nodes.open(), await nodes.open()]
  for (let i = 0; i < 20; i++) {
    const key = keyOf(`race${i}`)
    const ciphers = await Promise.all([a.cipher(key, anna), b.cipher(key, anna)])
    const sealed = ciphers[0].seal(bytes('one'), 'c')
    assert.equal(text(ciphers[1].open(sealed, 'c')), 'one')
    const contested = keyOf(`owner${i}`)
    const claims = await Promise.allSettled([a.cipher(contested, anna), b.cipher(contested, bert)])
    const owner = claims[0].status === 'fulfilled' ? anna : bert
    assert.equal(claims.filter(({ status }) => status === 'fulfilled').length, 1)
    for (const vault of [a, b]) assert.equal((await vault.opened(contested))?.customer, owner)
  }
})

on('[ERA10] when an erasure has ended no other node opens it any more, though it has it in memory, and each is told once', async nodes => {
  const [a, b] = [await nodes.open(), await nodes.open()]
  const told: string[] = []
  a.follow(async ({ id }) => void told.push(`a ${id}`))
  b.follow(async ({ id }) => void told.push(`b ${id}`))
  for (let i = 0; i < 10; i++) {
    const key = keyOf(`c${i}`)
    await a.cipher(key, anna)
    assert.ok(await b.opened(key))
    await a.destroy(erasureOf(`e${i}`, [key.conversation]))
    await assert.rejects(b.opened(key), isErased)
    await assert.rejects(b.cipher(key, anna), isErased)
    assert.equal(await b.isErased(key), true)
  }
  assert.deepEqual(await b.conversationsOf(shop, anna), [])
  await a.note({ ...erasureOf('e0', ['c0']), state: 'done' })
  await heard(b, 'e0', 'done')
  assert.deepEqual(
    told,
    Array.from({ length: 10 }, (_, i) => `b e${i}`),
  )
})

on('[ERA10] a node that was away is told of what was erased meanwhile, until it has dealt with it', async nodes => {
  const folder = nodes.folder()
  const a = await nodes.open()
  const away = await nodes.open(folder)
  for (const name of ['c1', 'c2']) await away.cipher(keyOf(name), anna)
  await away.close()
  await a.destroy(erasureOf('e1', ['c1']))
  await a.note({ ...erasureOf('e1', ['c1']), state: 'done' })
  await a.destroy(erasureOf('e2', ['c2']))
  const back = await nodes.open(folder)
  const first: string[] = []
  await new Promise<void>(resolve =>
    back.follow(async ({ id }) => {
      first.push(id)
      if (id !== 'e2') return
      resolve()
      throw new Error('its disk is full')
    }),
  )
  assert.deepEqual(first, ['e1', 'e2'])
  await assert.rejects(back.opened(c1), isErased)
  await back.close()
  assert.match(String(nodes.broken.splice(0)), /its disk is full/)
  const again = await nodes.open(folder)
  await new Promise<void>(resolve => again.follow(async ({ id }) => resolve(assert.equal(id, 'e2'))))
})

on('[ERA2] a wish to erase outlives a start, also behind other erasures', async nodes => {
  const folder = nodes.folder()
  const a = await nodes.open(folder)
  const asked = { id: 'e1', shop, by: { kind: 'operator' }, at: 1, state: 'asked', target: { kind: 'customer', customer: anna } } as const
  await a.note(asked)
  await a.note({ ...asked, id: 'e2' })
  await a.destroy(erasureOf('e3', ['c3']))
  await a.dropNote({ shop, id: 'e2' })
  await a.close()
  for (const vault of [await nodes.open(folder), await nodes.open()]) {
    assert.deepEqual((await vault.notes()).map(({ id, state }) => [id, state]).sort(), [
      ['e1', 'asked'],
      ['e3', 'destroyed'],
    ])
  }
})

on(
  '[KEY1] [KEY2] keys that lay in a data folder are shared from then on, and none is left in it, though a start was cut short',
  async nodes => {
    const folder = join(nodes.folder(), 'keys')
    const before = await openLmdbVault(folder)
    const sealed = (await before.cipher(c1, anna)).seal(bytes('still here'), 'c')
    await before.cipher(keyOf('c2'), anna)
    await before.destroy(erasureOf('e1', ['c2']))
    await before.close()
    const nats = await openNats(nodes.settings)
    await adoptKeys(folder, nats, nodes.settings)
    assert.ok(!existsSync(folder))
    mkdirSync(join(folder, 'store-1'), { recursive: true })
    writeFileSync(join(folder, 'store-1', 'data.mdb'), 'half overwritten')
    writeFileSync(join(folder, 'moved'), '')
    await adoptKeys(folder, nats, nodes.settings)
    assert.ok(!existsSync(folder))
    await nats.close()
    const vault = await nodes.open()
    assert.equal(text((await vault.cipher(c1, anna)).open(sealed, 'c')), 'still here')
    await assert.rejects(vault.opened(keyOf('c2')), isErased)
    assert.deepEqual(await vault.conversationsOf(shop, anna), ['c1'])
  },
)

/** A server that is slower than the other two cuts its log when it comes to it, and tells nobody. */
async function untilInNoFile(folder: string, rows: readonly Buffer[]): Promise<void> {
  for (let i = 0; filesWith(folder, [...rows]).length > 0; i++) {
    assert.ok(i < 120, 'it has it still')
    await delay(500)
  }
}

on('[KEY2] a destroyed key, its owner and the wish to erase it are in no file of a server, and other keys stand', async nodes => {
  const vault = await nodes.open()
  const folder = join(cluster.servers[0]!.folder, '..') // there are three
  const nats = await openNats(nodes.settings)
  try {
    const names = Array.from({ length: 40 }, (_, i) => `k${i}`)
    const sealed = new Map<string, Uint8Array>()
    for (const name of names) sealed.set(name, (await vault.cipher(keyOf(name), anna)).seal(bytes(name), 'c'))
    const asked = { id: 'e1', shop, by: { kind: 'operator' }, at: 1, state: 'asked', target: { kind: 'customer', customer: anna } } as const
    await vault.note(asked)
    const gone = names.slice(10, 20)
    const rows = await Promise.all(gone.map(name => rowOf(nats, nodes, `k.demo.${name}`)))
    const wish = await rowOf(nats, nodes, 'a.demo.e1')
    for (const row of [...rows, wish]) assert.ok(filesWith(folder, [row]).length >= 2, 'before, it is found: the search works')
    await vault.destroy(erasureOf('e1', gone))
    await untilInNoFile(folder, [...rows, wish])
    for (const name of names.filter(each => !gone.includes(each)))
      assert.equal(text((await vault.opened(keyOf(name)))!.cipher.open(sealed.get(name)!, 'c')), name) // made above
    const left = await nats.manager.streams.info(nodes.stream, { subjects_filter: '>' })
    const subjects = Object.keys(left.state.subjects ?? {})
    assert.deepEqual(
      subjects.filter(subject => gone.some(name => subject.endsWith(`.${name}`))),
      [],
      'nobody knows whose it was',
    )
  } finally {
    await nats.close()
  }
})

on('[KEY2] a server that is down while a key is destroyed has nothing of it soon after it is back', async nodes => {
  const vault = await nodes.open()
  const nats = await openNats(nodes.settings)
  try {
    await vault.cipher(c1, anna)
    const row = await rowOf(nats, nodes, 'k.demo.c1')
    const { cluster: replicas } = await nats.manager.streams.info(nodes.stream)
    const server = cluster.servers.find(({ name, url }) => name !== replicas?.leader && !nats.connection.getServer().includes(url))!
    await server.signal('SIGKILL')
    await vault.destroy(erasureOf('e1', ['c1']))
    assert.ok(filesWith(server.folder, [row]).length > 0, 'it could not be told')
    await server.start()
    await untilInNoFile(server.folder, [row])
  } finally {
    await nats.close()
  }
})

on('[ERA10] a node that is cut off opens nothing any more before it has heard of what was erased', async nodes => {
  const line = await openLine(cluster.urls[0]!)
  const provenMs = 4_000
  const folder = nodes.folder()
  const before = await nodes.open(folder, { provenMs })
  const nats = await openNats({ servers: [line.url], monitors: cluster.monitors })
  const b = await nodes.openOver(nats, { provenMs })
  try {
    await before.cipher(c1, anna)
    assert.ok(await b.opened(c1))
    await before.destroy(erasureOf('e0', ['c0']))
    await before.close()
    line.deafen()
    const a = await nodes.open(folder, { provenMs }) // it has heard of the other before it was started
    let isErasing = true
    const erasing = a.destroy(erasureOf('e1', ['c1'])).finally(() => (isErasing = false))
    while (isErasing) {
      const opened = await Promise.race([erasing, b.opened(c1).catch(() => undefined)])
      assert.ok(isErasing || !opened, 'who erases waits as long as another may use it')
      await delay(20)
    }
    const late = b.opened(c1).then(
      () => assert.fail('it was opened'),
      error => assert.ok(isAway(error) || isErased(error), String(error)),
    )
    line.cut() // the next line is as it should be
    await late
    await assert.rejects(b.opened(c1), isErased)
  } finally {
    await b.close()
    await nats.close()
    await line.close()
  }
})

on('[ERA10] a node that was halted opens nothing that was erased meanwhile', async nodes => {
  const a = await nodes.open(undefined, { provenMs: 1_500 })
  const b = await NodeProcess.start(nodes, { provenMs: 1_500 })
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const conversation = `c${round}`
      const sealed = Buffer.from((await a.cipher(keyOf(conversation), anna)).seal(bytes('secret'), 'c')).toString('hex')
      assert.equal((await b.ask({ ask: 'open', conversation, sealed })).said, 'secret')
      b.child.kill('SIGSTOP')
      await a.destroy(erasureOf(`e${round}`, [conversation]))
      const asked = b.ask({ ask: 'open', conversation, sealed }) // lies there when it wakes
      b.child.kill('SIGCONT')
      assert.equal((await asked).fault, 'CONVERSATION_ERASED')
    }
  } finally {
    await b.kill()
  }
})

on('[ERA2] [KEY1] a node that is killed while it makes and destroys keys leaves each whole or gone, for every node', async nodes => {
  const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9))
  console.log(`seed ${seed}`)
  const random = createRandom(seed)
  const a = await nodes.open(undefined, { provenMs: 500 })
  for (let round = 0; round < ROUNDS; round++) {
    const names = Array.from({ length: 6 }, (_, i) => `r${round}c${i}`)
    const b = await NodeProcess.start(nodes, { provenMs: 500 })
    const sealed = new Map<string, string>()
    for (const name of names) sealed.set(name, (await b.ask({ ask: 'seal', conversation: name, text: name, customer: 'anna' })).said!)
    const making = b.ask({ ask: 'seal', conversation: `r${round}made`, text: 'made', customer: 'anna' })
    const ended = b.ask({ ask: 'destroy', conversation: names[0]!, id: `e${round}`, others: names.slice(1) })
    const made = await Promise.race([delay(random() * 120), ended])
    await b.kill()
    await Promise.allSettled([making, ended])
    // Whoever sees it unfinished brings it to its end.
    for (const note of await a.notes()) if (note.state === 'destroyed') await a.note({ ...(note as EndedErasure), state: 'done' })
    const found = await Promise.all(names.map(name => a.opened(keyOf(name)).catch(error => error)))
    const erased = found.filter(isErased).length
    assert.ok(erased === 0 || erased === names.length, `${erased} of ${names.length} are erased`)
    assert.ok(erased > 0 || made === undefined, 'what was said to be erased is not')
    if (erased === 0)
      for (const [i, owned] of found.entries())
        assert.equal(text(owned.cipher.open(Buffer.from(sealed.get(names[i]!)!, 'hex'), 'c')), names[i])
    const mine = await a.conversationsOf(shop, anna)
    for (const name of names) assert.equal(mine.includes(asConversationId(name)), erased === 0)
    const again = await a.cipher(keyOf(`r${round}made`), anna)
    const first = (await making.catch(() => undefined))?.said
    if (first !== undefined) assert.equal(text(again.open(Buffer.from(first, 'hex'), 'c')), 'made')
  }
})

on(
  '[KEY1] [ERA2] keys are made and destroyed while the server is killed that leads them: nothing is lost, none comes back',
  async nodes => {
    const [a, b] = [await nodes.open(), await nodes.open()]
    const nats = await openNats(nodes.settings)
    try {
      for (let round = 0; round < ROUNDS; round++) {
        const { cluster: replicas } = await nats.manager.streams.info(nodes.stream)
        const leader = cluster.servers.find(({ name }) => name === replicas?.leader)!
        const names = Array.from({ length: 8 }, (_, i) => `l${round}c${i}`)
        for (const name of names.slice(0, 4)) await patiently(() => a.cipher(keyOf(name), anna))
        const making = names
          .slice(4)
          .map(async name => ({ name, sealed: (await patiently(() => b.cipher(keyOf(name), anna))).seal(bytes(name), 'c') }))
        const erasing = patiently(() => a.destroy(erasureOf(`e${round}`, names.slice(0, 4))))
        await leader.signal('SIGKILL')
        await erasing
        for (const { name, sealed } of await Promise.all(making))
          for (const vault of [a, b]) assert.equal(text((await patiently(() => vault.opened(keyOf(name))))!.cipher.open(sealed, 'c')), name)
        for (const name of names.slice(0, 4))
          for (const vault of [a, b])
            await assert.rejects(
              patiently(() => vault.opened(keyOf(name))),
              isErased,
            )
        await leader.start()
      }
    } finally {
      await nats.close()
    }
  },
)

on('[KEY2] keys made by one node while another destroys them, in any order: what is erased is nobody’s for good', async nodes => {
  const seed = Number(process.env.SEED ?? Math.trunc(Math.random() * 1e9))
  console.log(`seed ${seed}`)
  const random = createRandom(seed)
  const [a, b] = [await nodes.open(), await nodes.open()]
  await Promise.all(
    Array.from({ length: 30 }, async (_, i) => {
      const key = keyOf(`m${i}`)
      const making = delay(random() * 30).then(() => b.cipher(key, anna))
      const erasing = delay(random() * 30).then(() => a.destroy(erasureOf(`e${i}`, [key.conversation])))
      const made = await making.catch(error => assert.ok(isErased(error), String(error)))
      await erasing
      for (const vault of [a, b]) {
        await assert.rejects(vault.opened(key), isErased)
        await assert.rejects(vault.cipher(key, anna), isErased)
      }
      return made
    }),
  )
  for (const vault of [a, b]) assert.deepEqual(await vault.conversationsOf(shop, anna), [])
  const nats = await openNats(nodes.settings)
  const { state } = await nats.manager.streams.info(nodes.stream, { subjects_filter: `${nodes.settings.name}.keys.k.>` })
  await nats.close()
  assert.deepEqual(state.subjects ?? {}, {})
})

/** Again while the servers elect: whoever is told that nobody answers does so. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await work()
    } catch (error) {
      if (!isAway(error)) throw error
    }
  }
}

/** Resolves when this node has heard so of it. */
async function heard(vault: Vault, id: string, state: string): Promise<void> {
  while (!(await vault.notes()).some(note => note.id === id && note.state === state)) await delay(10)
}

async function rowOf(nats: Nats, { stream, settings }: ReplicatedVault, subject: string): Promise<Buffer> {
  const found = await nats.manager.streams.getMessage(stream, { last_by_subj: `${settings.name}.keys.${subject}` })
  return Buffer.from(found!.data) // the test has made it
}

class NodeProcess {
  readonly child: ChildProcess
  private readonly asked = new Map<number, (answer: Answer) => void>()
  private number = 0

  static async start({ settings, folder }: ReplicatedVault, changes: object): Promise<NodeProcess> {
    const path = folder()
    const own = {
      ...settings,
      node: `p${path.length}-${Math.trunc(performance.now())}`,
      ...changes,
      secret: Buffer.from(settings.secret).toString('hex'),
    }
    const child = fork(PROGRAM, [path, JSON.stringify(own)], { execArgv: [...NODE_FLAGS], stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    const node = new NodeProcess(child)
    await once(child, 'message') // it is open
    return node
  }

  constructor(child: ChildProcess) {
    this.child = child
    child.on('message', (answer: Answer) => {
      this.asked.get(answer.number)?.(answer)
      this.asked.delete(answer.number)
    })
    child.on('exit', () => {
      for (const [number, resolve] of this.asked) resolve({ number, fault: 'killed' })
    })
  }

  ask(question: Question extends infer Q ? (Q extends Question ? Omit<Q, 'number'> : never) : never): Promise<Answer> {
    const number = ++this.number
    return new Promise(resolve => {
      this.asked.set(number, resolve)
      this.child.send({ ...question, number })
    })
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return
    this.child.kill('SIGKILL')
    await once(this.child, 'exit')
  }
}
