// `parley doctor`: every kind of damage is named, with the place; a sound folder is said to be sound; a running server is not disturbed.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, cpSync, existsSync, openSync, readdirSync, statSync, truncateSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { barOf } from '@parley/server/cli/progress-bar.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'
import { openLogReader } from '@parley/server/drivers/log-reader.lmdb.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { examine } from '@parley/server/upkeep/examine.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { erasureOf } from '../erasure-of.ts'
import { faultCodeOf } from '../fault-code.ts'
import { harmLog, harmVault, keyOf, withStores, write } from './stored-data.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const WRITER = fileURLToPath(new URL('./log-writer.ts', import.meta.url))
const PAGE = 4_096
const NAMES = Array.from({ length: 12 }, (_, i) => `c${i}`)
const SCRIPT = '/usr/bin/script'

const doctor = (...args: readonly string[]) => spawnSync(process.execPath, [...NODE_FLAGS, MAIN, 'doctor', ...args], { encoding: 'utf8' })

/** A folder with conversations c1 to c8 of three events each. */
async function sound() {
  const folder = temporaryFolder()
  await withStores(folder.path, async conversations => {
    for (let i = 1; i <= 8; i++) await write(conversations, `c${i}`, 3)
  })
  return folder
}

test('[LOG6] doctor: a sound folder is said to be sound, and is the same afterwards', async () => {
  const folder = await sound()
  const before = readdirSync(folder.path, { recursive: true }).toSorted()
  const seen: [number, number][] = []
  assert.deepEqual(await lookOver(folder.path, { progress: (done, total) => seen.push([done, total]) }), {
    conversations: 8,
    events: 24,
    erased: 0,
    sealsOpened: true,
    damaged: [],
    lost: null,
  })
  assert.deepEqual(
    [seen[0], seen.at(-1)],
    [
      [3, 24],
      [24, 24],
    ],
  )
  assert.deepEqual(readdirSync(folder.path, { recursive: true }).toSorted(), before, 'it leaves nothing behind')
  folder.remove()
})

test('[LOG6] doctor: each kind of damage is named with its conversation, seq and reason, and the others are sound', async () => {
  const folder = await sound()
  const at = (name: string, seq: number): [string, string, number] => ['demo', name, seq]
  await harmLog(folder.path, async ({ events, heads }) => {
    const flipped = Buffer.from(events.get(at('c1', 2))!) // written above, as all that follow
    flipped[flipped.length - 1]! ^= 1
    await events.put(at('c1', 2), flipped)
    await events.remove(at('c2', 2))
    await heads.remove(['demo', 'c3'])
    for (const seq of [1, 2, 3]) await events.remove(at('c4', seq))
  })
  await harmVault(folder.path, async ({ conversations, owners }) => {
    await owners.remove(['demo', 'c5'])
    await conversations.remove(['demo', 'c6'])
    await conversations.put(['demo', 'c7'], Buffer.alloc(32)) // a key, and not the one that it was sealed with
  })
  const { damaged, ...rest } = await lookOver(folder.path)
  assert.deepEqual(rest, { conversations: 8, events: 3, erased: 0, sealsOpened: true, lost: null })
  assert.deepEqual(
    damaged.map(({ conversation, seq, reason }) => `${conversation} ${seq} ${reason}`),
    [
      'c1 2 its hash does not follow from the event before it',
      'c2 2 the event is missing',
      'c3 1 it stands behind the recorded end',
      'c4 1 the event is missing',
      'c5 1 nobody is known to own it',
      'c6 1 the key of customer u6 is missing',
      'c7 1 its seal does not open',
    ],
  )
  const told = doctor(folder.path)
  assert.equal(told.status, 1, told.stderr)
  assert.match(told.stdout, /^damaged {2}demo\/c1 {2}seq 2: its hash does not follow/)
  assert.match(told.stdout, /\n7 of 8 conversations are damaged; the rest, with 3 events, is as it was written\.\n$/)
  assert.equal(told.stderr, '', 'no bar where nobody looks')
  const json = doctor(folder.path, '--json')
  assert.equal(json.status, 1)
  assert.deepEqual(JSON.parse(json.stdout), { data: folder.path, ...rest, damaged })
  folder.remove()
})

test('[LOG6] doctor: an erased customer is no damage; the chain of what is left is followed all the same', async () => {
  const folder = await sound()
  await withStores(folder.path, async (_, vault) => vault.destroy(erasureOf('e1', ['c2'])))
  assert.deepEqual(await lookOver(folder.path), { conversations: 8, events: 24, erased: 1, sealsOpened: true, damaged: [], lost: null })
  await harmLog(folder.path, ({ events }) => events.remove(['demo', 'c2', 3]))
  assert.deepEqual(
    (await lookOver(folder.path)).damaged.map(d => [d.conversation, d.seq]),
    [['c2', 3]],
  )
  folder.remove()
})

test('[LOG6] doctor: beside an engine that writes, the chains are followed and the seals left alone', async () => {
  const folder = await sound()
  await withStores(folder.path, async conversations => {
    let [isWriting, rounds] = [true, 0]
    const writing = Promise.all(['c1', 'c9'].map(name => write(conversations, name, 300))).finally(() => (isWriting = false))
    while (isWriting) {
      const told = await new Promise<string>(resolve => {
        const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, 'doctor', folder.path, '--json'], {
          stdio: ['ignore', 'pipe', 'inherit'],
        })
        let said = ''
        child.stdout.on('data', chunk => (said += chunk)).once('close', () => resolve(said))
      })
      const { damaged, sealsOpened, events } = JSON.parse(told) as Awaited<ReturnType<typeof lookOver>> // what the command prints
      assert.deepEqual([damaged, sealsOpened], [[], false])
      assert.ok(events >= 24)
      rounds++
    }
    await writing
    assert.ok(rounds > 0)
    assert.equal((await conversations.read(keyOf('c1'), 0)).seq, 303)
  })
  assert.equal((await lookOver(folder.path)).events, 24 + 600)
  folder.remove()
})

test('[LOG6] doctor: no page of the file is lost without a word, and none silently changes what is counted', async () => {
  const folder = temporaryFolder()
  await withStores(folder.path, conversations => Promise.all(NAMES.map(name => write(conversations, name, 20))))
  const file = (at: string): string => join(at, 'log', 'data.mdb')
  const pages = statSync(file(folder.path)).size / PAGE
  const said = new Set<string>()
  for (let page = 2; page < pages; page += 4) {
    const copy = temporaryFolder()
    cpSync(folder.path, copy.path, { recursive: true, filter: path => !path.endsWith('.mdb') || path.endsWith('data.mdb') })
    const descriptor = openSync(file(copy.path), 'r+')
    writeSync(descriptor, Buffer.alloc(PAGE), 0, PAGE, page * PAGE)
    closeSync(descriptor)
    try {
      const { damaged, lost, events } = await lookOver(copy.path)
      if (damaged.length === 0 && lost === null) {
        assert.equal(events, 20 * NAMES.length, `page ${page}`)
        said.add('sound: the page was free')
      } else said.add(damaged.length > 0 ? 'conversations are named' : 'the hole is named')
    } catch (error) {
      assert.ok(isFault(error, 'STORE_DAMAGED'), String(error))
      said.add('the file is named')
    }
    copy.remove()
  }
  assert.ok(said.has('the file is named'), [...said].join(', '))
  folder.remove()
})

test('[LOG6] doctor: a file cut in half is damage that is told, and does not end the command', async () => {
  const folder = await sound()
  truncateSync(join(folder.path, 'log', 'data.mdb'), 6 * PAGE)
  const told = doctor(folder.path)
  assert.equal(told.status, 1)
  assert.match(told.stderr, /^parley: .*log\/data\.mdb is damaged: .*\(STORE_DAMAGED\)\n$/)
  folder.remove()
})

test('[LOG6] [LOG7] a reader stays with a log that another process makes many times larger, and one that is opened meanwhile misses nothing', async () => {
  const folder = temporaryFolder()
  await (await openLmdbLog(folder.path)).close()
  const log = openLogReader(folder.path)
  const sizeOf = (): number => statSync(join(folder.path, 'data.mdb')).size
  const least = 64 * sizeOf()
  const writer = spawn(process.execPath, [...NODE_FLAGS, WRITER, folder.path, '1'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(writer, 'exit')
  await once(writer.stdout, 'data')
  writer.stdout.resume()
  while (sizeOf() < least) {
    assert.deepEqual(examine(log, undefined).damaged, [])
    for (let i = 0; i < 5; i++) {
      const now = openLogReader(folder.path)
      for (const { key } of now.tail.values()) now.read(key) // a gap between the store and its tail would be damage
      await now.close()
    }
    await nextTurn() // what the writer says has to be taken from it
  }
  assert.ok(log.countEvents() > 0)
  await log.close()
  writer.kill('SIGKILL')
  await ended
  folder.remove()
})

test('doctor: a folder without a log, or without keys, is a fault of one line', async () => {
  const folder = temporaryFolder()
  const told = doctor(folder.path)
  assert.deepEqual([told.status, told.stdout], [1, ''])
  assert.match(told.stderr, /^parley: .*log\/data\.mdb: .*there is none: is this the data folder of a server\? \(CONFIG_INVALID\)\n$/)
  await withStores(join(folder.path, 'other'), conversations => write(conversations, 'c1', 1))
  spawnSync('rm', ['-r', join(folder.path, 'other', 'keys')])
  assert.equal(await faultCodeOf(lookOver(join(folder.path, 'other'))), 'CONFIG_INVALID')
  assert.ok(!existsSync(join(folder.path, 'other', 'keys')), 'and none are made')
  folder.remove()
})

test('progress: a bar with the time left', () => {
  assert.equal(barOf('Checking', 0, 200, 0), `Checking [${'-'.repeat(30)}]   0 %`)
  assert.equal(barOf('Checking', 50, 200, 10_000), `Checking [${'#'.repeat(7)}${'-'.repeat(23)}]  25 %  00:30 left`)
  assert.equal(barOf('Checking', 1, 1_000, 10_000), `Checking [${'-'.repeat(30)}]   0 %  2:46:30 left`)
  assert.equal(barOf('Checking', 250, 200, 10_000), `Checking [${'#'.repeat(30)}] 100 %  00:00 left`, 'the log has grown meanwhile')
  assert.equal(barOf('Checking', 0, 0, 0), `Checking [${'#'.repeat(30)}] 100 %  00:00 left`)
})

test('doctor: on a terminal the bar is drawn and taken away again', { skip: !existsSync(SCRIPT) && `${SCRIPT} is not here` }, async () => {
  const folder = await sound()
  const quoted = [process.execPath, ...NODE_FLAGS, MAIN, 'doctor', folder.path].map(word => `'${word}'`).join(' ')
  const told = spawnSync(SCRIPT, ['--quiet', '--return', '--command', quoted, '/dev/null'], { encoding: 'utf8' })
  assert.equal(told.status, 0, told.stdout)
  assert.ok(
    told.stdout.includes(`Checking [${'#'.repeat(30)}] 100 %  00:00 left\u001b[K\r\u001b[K8 conversations with 24 events`),
    told.stdout,
  )
  folder.remove()
})
