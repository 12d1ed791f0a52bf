// Backup under traffic, and restore: what was acknowledged before is in it, what was erased is not, and nothing is restored that is not as it was
// backed up.
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { appendFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import type { Article } from '@parley/models/knowledge/article.ts'
import { openEnsembleStore } from '@parley/server/ensemble-store/open-ensemble-store.ts'
import { openKnowledgeStore } from '@parley/server/knowledge-store/open-knowledge-store.ts'
import { openLabelStore } from '@parley/server/label-store/label-store.ts'
import { openModelStore } from '@parley/server/model-store/open-model-store.ts'
import { PROJECT } from '@parley/server/project.ts'
import { openSets } from '@parley/server/studio/sets.ts'
import { backUp } from '@parley/server/upkeep/backup.ts'
import { lookOver } from '@parley/server/upkeep/doctor.ts'
import { restore } from '@parley/server/upkeep/restore.ts'
import { fetchVisitor, joinConversation, NODE_FLAGS, startServer, temporaryFolder, textOf as wordsOf } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'
import { customerOf, harmLog, harmVault, keyOf, textOf, withStores, write } from './stored-data.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const WRITER = fileURLToPath(new URL('./sealed-writer.ts', import.meta.url))
const ROUNDS = process.env.PARLEY_TEST_FULL ? 20 : 3

const parley = (data: string, ...args: readonly string[]) =>
  spawnSync(process.execPath, [...NODE_FLAGS, MAIN, ...args], { encoding: 'utf8', env: { ...process.env, PARLEY_DATA: data } })

/** A backup of conversations c1 to c4 with three events each, and where it may be restored to. */
async function backedUp(harm: (data: string) => Promise<unknown> = async () => {}) {
  const folder = temporaryFolder()
  const [data, backup, again] = ['data', 'backup', 'again'].map(name => join(folder.path, name)) as [string, string, string] // three names
  await withStores(data, async conversations => {
    for (let i = 1; i <= 4; i++) await write(conversations, `c${i}`, 3)
  })
  await harm(data)
  mkdirSync(join(data, 'snapshots', '1', 'demo', 'c1'), { recursive: true })
  writeFileSync(join(data, 'snapshots', '1', 'demo', 'c1', '0000000000000000'), 'a cache of what is in the log')
  const findings = await backUp(data, backup)
  return { data, backup, again, findings, remove: folder.remove }
}

test(`[LOG7] [KEY2] backups beside a server that writes and erases, ${ROUNDS} times: log and keys fit, nothing acknowledged before is missing`, async () => {
  const folder = temporaryFolder()
  const data = join(folder.path, 'data')
  const writer = spawn(process.execPath, [...NODE_FLAGS, WRITER, data], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = once(writer, 'exit')
  const acknowledged = new Map<string, number>()
  const erased = new Set<string>()
  const lines = createInterface(writer.stdout)
  lines.on('line', line => {
    const [name = '', what = ''] = line.split(' ')
    if (name === 'erased') erased.add(what)
    else acknowledged.set(name, Number(what))
  })
  while (erased.size === 0) await once(lines, 'line')
  const backUpAndCheck = async (name: string): Promise<void> => {
    const [before, goneBefore] = [new Map(acknowledged), new Set(erased)]
    const [backup, again] = [join(folder.path, `backup-${name}`), join(folder.path, `again-${name}`)]
    const made = await backUp(data, backup)
    assert.deepEqual([made.damaged, made.lost, made.sealsOpened], [[], null, true])
    const restored = await restore(backup, again)
    assert.deepEqual(restored, made)
    assert.ok(made.erased >= goneBefore.size, 'what was erased before is erased in it')
    await withStores(again, async (conversations, vault) => {
      for (const [conversation, seq] of before) {
        const key = keyOf(conversation)
        if (!erased.has(conversation)) assert.ok((await conversations.read(key, 0)).seq >= seq, `${conversation} has lost ${seq}`)
        if (goneBefore.has(conversation))
          assert.equal(await faultCodeOf(vault.cipher(key, customerOf(conversation))), 'CONVERSATION_ERASED')
      }
      const { events } = await conversations.read(keyOf('c0'), 0)
      for (const event of events) assert.equal(event.type === 'message' && event.parts[0]?.text, textOf('c0', event.seq))
      await write(conversations, 'c0', 1) // and it goes on
    })
  }
  for (let round = 0; round < ROUNDS; round++) {
    await backUpAndCheck(String(round))
    const size = acknowledged.size
    while (acknowledged.size === size) await once(lines, 'line') // the writer was not stopped by any of it
  }
  writer.kill('SIGKILL')
  await ended
  await backUpAndCheck('left') // by the killed writer, before anybody has opened it
  folder.remove()
})

test('[LOG4] [LOG7] a restored log has a new epoch, the same after a restart; the backup is as it was', async () => {
  const { data, backup, again, remove } = await backedUp()
  const files = (): string[] => readdirSync(backup, { recursive: true, encoding: 'utf8' }).filter(name => !name.endsWith('lock.mdb'))
  const before = files().map(name => [name, name.includes('.') && readFileSync(join(backup, name), 'hex')])
  assert.equal(existsSync(join(backup, 'snapshots')), false, 'a cache is left out')
  await restore(backup, again)
  const epochs: string[] = []
  for (const folder of [data, again, again]) await withStores(folder, async ({ epoch }) => epochs.push(epoch))
  assert.equal(epochs[1], epochs[2])
  assert.notEqual(epochs[0], epochs[1])
  assert.deepEqual(
    files().map(name => [name, name.includes('.') && readFileSync(join(backup, name), 'hex')]),
    before,
  )
  remove()
})

test('[LOG7] whatever is changed in a backup is noticed: nothing is restored, and the folder stays empty', async () => {
  const { backup, remove } = await backedUp()
  const changes: readonly [what: string, change: (copy: string) => unknown, expected: RegExp][] = [
    ['no manifest', copy => rmSync(join(copy, 'manifest.json')), /no manifest\.json: it is no backup, or was not brought to its end/],
    ['a later format', copy => writeFileSync(join(copy, 'manifest.json'), '{"format":2}'), /not one that this release reads/],
    ['a longer list', copy => appendFileSync(join(copy, 'conversations.jsonl'), '\n'), /conversations\.jsonl is not the one/],
    ['no list', copy => rmSync(join(copy, 'conversations.jsonl')), /conversations\.jsonl is not the one/],
    ['no log', copy => rmSync(join(copy, 'log', 'data.mdb')), /log\/data\.mdb is not there/],
    ['no keys', copy => rmSync(join(copy, 'keys'), { recursive: true }), /keys\/current is not there/],
    ['an event less', copy => harmLog(copy, ({ events }) => events.remove(['demo', 'c2', 3])), /"c2".*found .*"the event is missing"/],
    [
      'a conversation less',
      copy =>
        harmLog(copy, async ({ events, heads }) => {
          for (const seq of [1, 2, 3]) await events.remove(['demo', 'c4', seq])
          await heads.remove(['demo', 'c4'])
        }),
      /expected \{.*"c4".*found none/,
    ],
    [
      'a key less',
      copy => harmVault(copy, ({ conversations }) => conversations.remove(['demo', 'c3'])),
      /"c3".*the key of customer u3 is missing/,
    ],
    [
      'one that goes on',
      copy => withStores(copy, conversations => write(conversations, 'c1', 1)),
      /expected \{.*"c1","seq":3.*found \{.*"c1","seq":4/,
    ],
  ]
  for (const [what, change, expected] of changes) {
    const folder = temporaryFolder()
    const [copy, again] = [join(folder.path, 'copy'), join(folder.path, 'again')]
    cpSync(backup, copy, { recursive: true })
    await change(copy)
    await assert.rejects(
      restore(copy, again),
      (error: unknown) => isFault(error, 'BACKUP_INVALID') && expected.test(error.message),
      `${what}: ${expected}`,
    )
    assert.ok(!existsSync(again) || readdirSync(again).length === 0, what)
    folder.remove()
  }
  remove()
})

test('[LOG7] damage is copied, named and restored as it was, and the rest is served', async () => {
  const { backup, again, findings, remove } = await backedUp(data => harmLog(data, ({ events }) => events.remove(['demo', 'c2', 2])))
  const named = [{ shop: 'demo', conversation: 'c2', seq: 2, reason: 'the event is missing' }]
  assert.deepEqual(findings.damaged, named)
  assert.deepEqual((await restore(backup, again)).damaged, named)
  await withStores(again, async conversations => {
    assert.equal(await faultCodeOf(conversations.read(keyOf('c2'), 0)), 'LOG_DAMAGED')
    assert.equal((await conversations.read(keyOf('c3'), 0)).events.length, 3)
  })
  remove()
})

test('backup and restore write over nothing, and no server starts on half of a restore', async () => {
  const { data, backup, again, remove } = await backedUp()
  mkdirSync(again)
  writeFileSync(join(again, 'letter'), 'dear')
  assert.equal(await faultCodeOf(restore(backup, again)), 'FOLDER_NOT_EMPTY')
  assert.equal(await faultCodeOf(backUp(data, again)), 'FOLDER_NOT_EMPTY')
  assert.deepEqual(readdirSync(again), ['letter'])
  assert.equal(await faultCodeOf(backUp(again, join(again, 'new'))), 'CONFIG_INVALID', 'there is no log to back up')
  assert.ok(!existsSync(join(again, 'new')))
  mkdirSync(join(again, 'restoring'))
  const refused = parley(again, 'serve', '--port', '0')
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /RESTORE_UNFINISHED/)
  assert.ok(!existsSync(join(again, 'log')), 'and no log was begun')
  remove()
})

test('[LOG7] [RT3] a customer of a running server that is backed up, lost and restored has the whole conversation and goes on', async t => {
  const folder = temporaryFolder()
  t.after(folder.remove)
  const [data, backup, again] = ['data', 'backup', 'again'].map(name => join(folder.path, name)) as [string, string, string] // three names
  const server = await startServer(data)
  t.after(() => server.process.kill('SIGKILL'))
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  const { epoch } = await line.next('welcome')
  line.send({ type: 'say', ref: 'm1', text: '螃蟹死了怎么赔' })
  await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
  const made = parley(data, 'backup', backup)
  assert.equal(made.status, 0, made.stderr)
  assert.match(made.stdout, /^1 conversation with \d+ events: all is as it was written\.\nBacked up .*data to .*backup\.\n$/)
  line.send({ type: 'say', ref: 'm2', text: '你好' })
  const { seq } = await line.next('ack', frame => frame.ref === 'm2') // after the backup: this one is lost
  await server.stop('SIGKILL')
  const put = parley(again, 'restore', backup)
  assert.equal(put.status, 0, put.stderr)
  const next = await startServer(again)
  t.after(() => next.process.kill('SIGKILL'))
  const same = await fetchVisitor(next.url, visitor.refresh)
  assert.equal(same.conversation, visitor.conversation, 'the secret came along')
  const back = await joinConversation(next.url, same, { epoch, seq })
  assert.equal((await back.next('welcome')).recovered, false, 'its position is of a log that is gone')
  const { events } = await back.next('events')
  assert.deepEqual(
    events.map(event => event.type),
    ['message', 'reply'],
  )
  assert.equal(events[0] && wordsOf(events[0]), '螃蟹死了怎么赔')
  back.send({ type: 'say', ref: 'm2', text: '你好' })
  await back.next('events', frame => frame.events.some(event => event.type === 'reply'))
  await next.stop('SIGTERM')
  assert.deepEqual((await lookOver(again)).damaged, [])
})

test('[KNOW6] articles come along with what the shop had before, labels, and sets of turns', async () => {
  const folder = temporaryFolder()
  const [data, backup, again] = ['data', 'backup', 'again'].map(name => join(folder.path, name)) as [string, string, string] // three names
  try {
    await withStores(data, async conversations => write(conversations, 'c1', 1))
    const store = openKnowledgeStore({ data, shops: [] })
    const article = (id: string): Article => ({
      id,
      title: 'x',
      action: 'PRODUCT_INFO',
      language: 'en',
      questions: [],
      passages: [{ heading: '', text: 'y' }],
    })
    await store.add('demo', [article('a')])
    await store.add('demo', [article('b')])
    const before = store.articlesOf('demo')
    await store.close()
    const labels = openLabelStore(data)
    await labels.put('demo', [{ conversation: 'c1', turn: 1, who: 'chen', action: 'THANKS', at: 1 }])
    const labelled = labels.list('demo')
    await labels.close()
    const actions = new Set(['THANKS'])
    const openIn = (folder: string) =>
      openSets({ data: folder, shop: 'demo', actions, labels: { list: () => [] }, now: Date.now, broke: assert.ifError })
    const rows = ['thanks', 'thank you'].map(text => JSON.stringify({ text, action: 'THANKS' })).join('\n')
    const { set } = await (await openIn(data)).add({ name: 'March', text: rows }, 'Lin')
    await backUp(data, backup)
    await restore(backup, again)
    const sets = await openIn(again)
    assert.deepEqual([sets.view(set!.id), await sets.text(set!.id)], [set, rows])
    const labelsAgain = openLabelStore(again)
    assert.deepEqual(labelsAgain.list('demo'), labelled)
    await labelsAgain.close()
    const restored = openKnowledgeStore({ data: again, shops: [] })
    assert.deepEqual(restored.articlesOf('demo'), before)
    await restored.rollback('demo')
    assert.deepEqual(
      restored.articlesOf('demo').map(({ id }) => id),
      ['a'],
    )
    await restored.close()
  } finally {
    folder.remove()
  }
})

test('[MODEL1] [MODEL2] models come along with what is in force', async () => {
  const folder = temporaryFolder()
  const [data, backup, again] = ['data', 'backup', 'again'].map(name => join(folder.path, name)) as [string, string, string] // three names
  try {
    await withStores(data, async conversations => write(conversations, 'c1', 1))
    const store = openModelStore(data)
    const { version } = store.add('sentiment', PROJECT.models)
    await store.use('demo', 'sentiment', version)
    await store.close()
    mkdirSync(join(data, 'models', 'sentiment', `${version}.123`)) // one that was being written
    await backUp(data, backup)
    await restore(backup, again)
    const restored = openModelStore(again)
    assert.equal(restored.inForce('demo', 'sentiment'), version)
    assert.equal(restored.add('sentiment', PROJECT.models).version, version)
    assert.deepEqual(readdirSync(join(again, 'models', 'sentiment')), [version])
    await restored.close()
  } finally {
    folder.remove()
  }
})

test('[LOG7] [LIVE1] a backup has the ensembles, how they stand and what was done, and what is half written of neither', async () => {
  const folder = temporaryFolder()
  const [data, backup, again] = ['data', 'backup', 'again'].map(name => join(folder.path, name)) as [string, string, string] // three names
  try {
    await withStores(data, async conversations => write(conversations, 'c1', 1))
    const text = readFileSync(join(PROJECT.ensembles, 'retail.yaml'), 'utf8')
    const store = openEnsembleStore(data)
    const [one, two] = [store.add(text, 'a.yaml'), store.add(`${text}\n# two\n`, 'b.yaml')]
    await store.change('demo', { what: 'promote', hash: one.hash }, { who: 'ada', why: 'better' })
    await store.change('demo', { what: 'canary', hash: two.hash, share: 0.2 }, { who: 'ada', why: '' })
    const before = [store.standing('demo'), store.history('demo')]
    writeFileSync(join(data, 'ensembles', `${'0'.repeat(64)}.yaml.123`), 'name: ') // one that was being written
    await backUp(data, backup)
    await restore(backup, again)
    const restored = openEnsembleStore(again)
    assert.deepEqual([restored.standing('demo'), restored.history('demo')], before)
    assert.deepEqual(
      restored
        .list()
        .map(({ hash }) => hash)
        .sort(),
      [one.hash, two.hash].sort(),
    )
    await restored.close()
    await store.close()
    assert.deepEqual(
      readdirSync(join(again, 'ensembles')).filter(name => name.includes('.yaml.')),
      [],
    )
    writeFileSync(join(data, 'ensembles', `${one.hash}.yaml`), text.slice(0, 100))
    await assert.rejects(lookOver(data), error => isFault(error, 'STORE_DAMAGED') && /not as it was kept/.test(error.message))
    rmSync(join(data, 'ensembles', `${one.hash}.yaml`))
    await assert.rejects(lookOver(data), error => isFault(error, 'STORE_DAMAGED') && /named and not there/.test(error.message))
  } finally {
    folder.remove()
  }
})
