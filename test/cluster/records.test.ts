// Records and accounts that nodes share, on three real servers: the contracts that the embedded stores are held to, and what only servers can do to them.
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { type AccountKey, createNatsAccounts, importAccounts } from '@parley/server/drivers/accounts.nats.ts'
import { copyRecords } from '@parley/server/drivers/records.copied.ts'
import { openLmdbRecords } from '@parley/server/drivers/records.lmdb.ts'
import type { NatsRecords } from '@parley/server/drivers/records.nats.ts'
import { accountsContract } from '../contracts/accounts.ts'
import { until } from '../contracts/jobs.ts'
import { recordsContract, type TestKey, type TestRecords } from '../contracts/records.ts'
import { filesWith, formsOf } from '../data-files.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { openLine } from './line.ts'
import { noNats, startNatsCluster } from './nats-cluster.ts'
import { sharedRecords } from './shared-records.ts'

const CHEAPEST = { cost: { n: 16, r: 8, p: 1 } }
const PASSWORD = 'crab soup at nine'

if (noNats) test('records that nodes share', { skip: noNats }, () => {})
else {
  const cluster = await startNatsCluster()
  after(() => cluster.remove())

  recordsContract('jetstream', async () => {
    const shared = sharedRecords<TestKey>(cluster)
    return { records: await shared.open(), another: () => shared.open(), remove: () => shared.remove() }
  })
  recordsContract('jetstream with a copy', async () => {
    const shared = sharedRecords<TestKey>(cluster)
    const folders: ReturnType<typeof temporaryFolder>[] = []
    const opened: TestRecords[] = []
    const open = async () => {
      const folder = temporaryFolder()
      folders.push(folder)
      const records = await copyRecords<TestKey>(
        folder.path,
        'the records',
        written => shared.open({ written }),
        error => shared.broken.push(error),
      )
      opened.push(records)
      return records
    }
    return {
      records: await open(),
      another: open,
      async remove() {
        const there = opened[0]!.list([])
        for (const records of opened) await records.close() // then the copy is as the records are
        const copy = openLmdbRecords<TestKey>(folders[0]!.path, 'the copy')
        const copied = copy.list([])
        await copy.close()
        await shared.remove()
        for (const folder of folders) folder.remove()
        const byName = (list: typeof there) => new Map(list.map(([names, value]) => [JSON.stringify(names), value]))
        assert.deepEqual(byName(copied), byName(there))
        assert.deepEqual(shared.broken, [])
      },
    }
  })
  accountsContract('jetstream', async () => {
    const shared = sharedRecords<AccountKey>(cluster)
    const another = async () => createNatsAccounts(await shared.open())
    return { rows: await another(), another, remove: () => shared.remove() }
  })

  const count = (records: { get(key: TestKey): unknown }): number => (records.get(['count']) as { n: number } | undefined)?.n ?? 0
  const raise = (records: NatsRecords<TestKey>): Promise<void> => records.change(within => within.put(['count'], { n: count(within) + 1 }))

  test('[ROW2] nothing of a row lies on the servers’ disks in the clear, and another secret is refused', async t => {
    const shared = sharedRecords<AccountKey>(cluster)
    t.after(shared.remove)
    const accounts = createAccounts(createNatsAccounts(await shared.open()), CHEAPEST)
    const { password, id } = await accounts.add('demo', 'Anna-Maria Lee', PASSWORD)
    const folders = cluster.servers.map(({ folder }) => folder)
    const with_ = (text: string): string[] => folders.flatMap(folder => filesWith(folder, formsOf(text)))
    await until(() => with_('shared.rows.').length >= 3)
    for (const text of ['Anna-Maria', 'anna-maria', password.hash, password.salt, id]) assert.deepEqual(with_(text), [], text)
    await assert.rejects(shared.open({ owner: 'others', key: Buffer.alloc(32, 8) }), error => {
      assert.ok(isFault(error, 'LOG_REFUSED'))
      return /'secret'/.test(error.message)
    })
  })

  test('[ROW2] a row that nobody of this installation has written is damage: a node that serves goes on without it, and none opens it', async t => {
    const shared = sharedRecords<TestKey>(cluster)
    t.after(shared.remove)
    const records = await shared.open()
    await raise(records)
    await records.nats.connection.request(`shared.rows.${shared.stream.split('-').at(-1)}.forged`, 'not sealed')
    await until(() => shared.broken.length > 0)
    assert.deepEqual(
      shared.broken.map(error => isFault(error, 'STORE_DAMAGED')),
      [true],
    )
    await raise(records)
    assert.equal(count(records), 2)
    assert.equal(await faultCodeOf(shared.open()), 'STORE_DAMAGED')
  })

  test('[ROW1] a stream that is not as it was made is refused, naming what is other', async t => {
    const shared = sharedRecords<TestKey>(cluster)
    t.after(shared.remove)
    const { nats } = await shared.open()
    await nats.manager.streams.update(shared.stream, { max_age: 600_000_000_000 })
    await assert.rejects(shared.open(), error => isFault(error, 'LOG_REFUSED') && /max_age/.test(error.message))
  })

  test('[ROW3] a node whose line breaks, or over whose line nothing comes any more, hears all that was changed meanwhile', async t => {
    const shared = sharedRecords<TestKey>(cluster)
    t.after(shared.remove)
    const line = await openLine(cluster.urls[0]!)
    t.after(() => line.close())
    const [far, near] = [await shared.open({ servers: [line.url] }), await shared.open()]
    for (const breaks of [line.cut, line.deafen]) {
      await raise(near)
      await until(() => count(far) === count(near))
      breaks()
      await near.change(within => {
        within.put(['gone', 'a'], {})
        within.put(['gone', 'b'], {})
      })
      await near.change(within => within.remove(['gone', 'a']))
      await raise(near)
      await until(() => count(far) === count(near))
      assert.deepEqual(far.list([]), near.list([]))
      await raise(far) // and what it says is taken
      await until(() => count(far) === count(near))
    }
  })

  test('[ROW1] while the server that leads is killed, a change that is acknowledged is made once', async t => {
    const shared = sharedRecords<TestKey>(cluster)
    t.after(shared.remove)
    const nodes = [await shared.open(), await shared.open()]
    let acknowledged = 0
    let unknown = 0
    let isEnding = false
    const raising = nodes.map(async records => {
      while (!isEnding)
        await raise(records).then(
          () => acknowledged++,
          error => {
            assert.ok(isFault(error, 'LOG_UNAVAILABLE'), String(error))
            unknown++
          },
        )
    })
    const more = (by: number): Promise<void> => {
      const enough = acknowledged + by
      return until(() => acknowledged >= enough)
    }
    await more(20)
    const leader = (await nodes[0]!.nats.manager.streams.info(shared.stream)).cluster?.leader
    const server = cluster.servers.find(({ name }) => name === leader)!
    await server.signal('SIGKILL')
    await more(20)
    await server.start()
    await more(20)
    isEnding = true
    await Promise.all(raising)
    for (const records of nodes) {
      await until(() => count(records) >= acknowledged)
      assert.ok(count(records) <= acknowledged + unknown, `${count(records)} were made, ${acknowledged} acknowledged, ${unknown} unknown`)
    }
    t.diagnostic(`${acknowledged} acknowledged, ${unknown} unknown, ${count(nodes[0]!)} made`)
    assert.deepEqual(shared.broken, [])
  })

  test('[ACC8] a node that does not know for 15 s who may sign in lets nobody in, and says why', async t => {
    const shared = sharedRecords<AccountKey>(cluster, true)
    t.after(shared.remove)
    const records = await shared.open()
    let age = 0
    const accounts = createAccounts(createNatsAccounts({ ...records, ageMs: () => age }), CHEAPEST)
    const { id } = await accounts.add('demo', 'Anna', PASSWORD)
    age = 15_001
    assert.equal(await faultCodeOf(accounts.signIn('demo', 'Anna', PASSWORD)), 'LOG_UNAVAILABLE')
    assert.throws(
      () => accounts.get('demo', id),
      error => isFault(error, 'LOG_UNAVAILABLE'),
    )
    age = 14_999
    assert.equal((await accounts.signIn('demo', 'Anna', PASSWORD)).id, id)
    const before = records.ageMs()
    await until(() => records.ageMs() < before) // it has been asked for
  })

  test('[ACC8] accounts of another store come over as they are, also when it is done again', async t => {
    const shared = sharedRecords<AccountKey>(cluster)
    t.after(shared.remove)
    const folder = temporaryFolder()
    const old = createAccounts(openLmdbAccounts(folder.path), CHEAPEST)
    for (const [shop, name] of [
      ['demo', 'Anna'],
      ['demo', 'Bo'],
      ['other', 'Anna'],
    ] as const)
      await old.add(shop, name, PASSWORD)
    await old.remove('demo', 'Bo')
    const records = await shared.open()
    const accounts = createAccounts(createNatsAccounts(records), CHEAPEST)
    for (let i = 0; i < 2; i++) {
      await importAccounts(records, old.list())
      assert.deepEqual(accounts.list(), old.list())
    }
    assert.equal((await accounts.signIn('demo', 'Anna', PASSWORD)).id, old.named('demo', 'Anna').id)
    await old.close()
    folder.remove()
  })

  test('[ROW4] what a node had of its own becomes everybody’s where there is nothing yet, and is put aside where there is', async t => {
    const shared = sharedRecords<TestKey>(cluster)
    t.after(shared.remove)
    const [first, second] = [temporaryFolder(), temporaryFolder()]
    for (const [folder, who] of [
      [first, 'first'],
      [second, 'second'],
    ] as const) {
      const own = openLmdbRecords<TestKey>(folder.path, 'its own')
      await own.change(within => within.put(['who', who], { who }))
      await own.close()
    }
    const open = (folder: string) =>
      copyRecords<TestKey>(
        folder,
        'the records',
        written => shared.open({ written }),
        error => shared.broken.push(error),
      )
    const one = await open(first.path)
    assert.deepEqual(one.list(['who']), [[['first'], { who: 'first' }]])
    const two = await open(second.path)
    assert.deepEqual(two.list(['who']), one.list(['who']))
    assert.ok(existsSync(join(second.path, 'data-own.mdb')))
    // What is changed while a node is down is in its copy when it is up again.
    await two.close()
    await one.change(within => {
      within.remove(['who', 'first'])
      within.put(['who', 'both'], { who: 'both' })
    })
    const again = await open(second.path)
    await Promise.all([one.close(), again.close()])
    for (const { path } of [first, second]) {
      const copy = openLmdbRecords<TestKey>(path, 'the copy')
      assert.deepEqual(copy.list(['who']), [[['both'], { who: 'both' }]])
      await copy.close()
    }
    // Servers that are set up anew: a copy is all that is left.
    await shared.remove()
    const afterLoss = await open(first.path)
    assert.deepEqual(afterLoss.list(['who']), [[['both'], { who: 'both' }]])
    await afterLoss.close()
    for (const folder of [first, second]) folder.remove()
    assert.deepEqual(shared.broken, [])
  })
}
