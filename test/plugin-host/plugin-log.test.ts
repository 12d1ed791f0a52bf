// What is kept of plugins' calls: counts and places, by hour, bounded, over a restart; and no word of a customer's, however a plugin tries.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { Fault } from '@parley/core/faults.ts'
import type { Clock } from '@parley/core/ports/clock.ts'
import { systemClock } from '@parley/server/drivers/clock.system.ts'
import { openLmdbPluginRecords } from '@parley/server/drivers/plugin-records.lmdb.ts'
import { createPluginVoters } from '@parley/server/drivers/voters.plugins.ts'
import { createPluginLog, readPluginLog } from '@parley/server/plugin-store/plugin-log.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { type Files, pythonPlugin, typescriptPlugin, writeFolder } from './harness.ts'

const scratch = temporaryFolder()
after(() => scratch.remove())

const SECRET = 'MY NUMBER IS 13800001111'
const LIMITS = 'limits: { timeoutMs: 1_000 }'

/** Each puts what it was asked into whatever is heard of it. */
const TELLERS: Readonly<Record<string, Files>> = {
  throws: typescriptPlugin('throws', 'throw new Error(text)', { manifest: LIMITS }),
  named: typescriptPlugin('named', 'const error = new Error(text); error.name = text; error.stack = text; throw error', {
    manifest: LIMITS,
  }),
  placed: typescriptPlugin('placed', "throw new Error('x (at ' + text.replaceAll(' ', '') + '.ts:1)')", { manifest: LIMITS }),
  actions: typescriptPlugin('actions', "return vote(text.toUpperCase().replaceAll(' ', '_'), 0.5)", { manifest: LIMITS }),
  nonsense: typescriptPlugin('nonsense', 'return { action: text, [text]: text, confidence: text }', { manifest: LIMITS }),
  snake: pythonPlugin(
    'snake',
    'class Plugin:\n    def process(self, text):\n        raise ValueError(text)\n',
    'limits: { timeoutMs: 1000 }',
  ),
  'snake-placed': pythonPlugin(
    'snake-placed',
    'class Plugin:\n    def process(self, text):\n        class Odd(Exception):\n            pass\n        Odd.__name__ = text\n        raise Odd("x (at " + text.replace(" ", "") + ".py:1)")\n',
    'limits: { timeoutMs: 1000 }',
  ),
}

test('[STORE6] nothing that a customer wrote is kept, whatever a plugin does with it; what failed, and where, is', async () => {
  const folder = join(scratch.path, 'told')
  const records = openLmdbPluginRecords(folder)
  const broke: unknown[] = []
  const log = createPluginLog(records, systemClock, error => broke.push(error))
  const folders = Object.entries(TELLERS).map(([name, files]) => writeFolder(join(scratch.path, name), files))
  const voters = await createPluginVoters({ folders, observer: log.observer, hosts: 1, timeoutMs: 10_000 })
  await voters.ready
  const words = [SECRET, SECRET.toLowerCase()]
  for (const text of words)
    await voters.pool.ask({ text, original: text, language: 'en', locale: 'en' }, () => {}, new AbortController().signal)
  await voters.pool.close()
  await log.close()
  const entries = readPluginLog(records)
  await records.close()
  assert.deepEqual(broke, [])
  assert.deepEqual([...new Set(entries.map(({ plugin }) => plugin))].sort(), Object.keys(TELLERS).sort())
  const of = (id: string) => entries.find(({ plugin }) => plugin === id)!
  assert.deepEqual(of('throws').faults, { PLUGIN_FAILED: 2 })
  assert.deepEqual(of('throws').places, { 'plugin.ts:6': 2 })
  assert.deepEqual([of('snake').faults, of('snake').places], [{ PLUGIN_FAILED: 2 }, { 'plugin.py:3': 2 }])
  assert.equal(of('actions').dropped, 2)
  const kept = readFileSync(join(folder, 'data.mdb')).toString('latin1')
  assert.ok(kept.includes('PLUGIN_FAILED'), 'the file is read where the rows are')
  for (const word of [...words, '13800001111', 'MY_NUMBER']) {
    assert.ok(!JSON.stringify(entries).includes(word))
    assert.ok(!kept.includes(word), `${word} is in the file`)
  }
})

/** A clock that stands where it is put. */
const clockAt = (at: { now: number }): Clock => ({ now: () => at.now, monotonic: () => at.now, after: () => () => {} })

test('[STORE6] hours add up over restarts, the oldest go, and no number of names fills an hour', async () => {
  const records = openLmdbPluginRecords(join(scratch.path, 'long'))
  const at = { now: Date.UTC(2026, 0, 1) }
  const ballot = (version: string) => ({ voter: 'plugin:crab', version, abstained: true, votes: [], ms: 1 })
  const failed = (line: number) => new Fault('PLUGIN_FAILED', { plugin: 'crab', reason: `no (at plugin.ts:${line})` })
  for (let restart = 0; restart < 3; restart++) {
    const log = createPluginLog(records, clockAt(at), assert.ifError)
    for (let turn = 0; turn < 100; turn++) log.observer.onBallot?.(ballot('1.0.0'), failed(turn))
    for (let off = 0; off < 60; off++) log.observer.onPluginOff?.({ plugin: 'crab', reason: 'timeouts', forMs: 5_000 })
    log.observer.onPluginBack?.({ plugin: 'crab' })
    await log.close()
  }
  const [hour] = readPluginLog(records, 'crab')
  assert.deepEqual([hour?.turns, hour?.faults], [{ '1.0.0': 300 }, { PLUGIN_FAILED: 300 }])
  assert.ok(Object.keys(hour!.places).length <= 20 && hour!.moments.length <= 50)
  assert.deepEqual(
    hour?.moments.slice(-2).map(({ what }) => what),
    ['off for 5 s: timeouts', 'is asked again'],
  )
  const log = createPluginLog(records, clockAt(at), assert.ifError)
  for (let passed = 0; passed < 400; passed++) {
    at.now += 3_600_000
    log.observer.onBallot?.(ballot('1.0.1'), undefined)
  }
  await log.close()
  const kept = readPluginLog(records, 'crab')
  await records.close()
  assert.equal(kept.length, 336)
  assert.equal(kept.at(-1)?.hour, at.now)
})

test('what could not be written is told once, and written with what comes next', async () => {
  let isFull = true
  const records = openLmdbPluginRecords(join(scratch.path, 'full'))
  const told: unknown[] = []
  const often = {
    ...records,
    change: <T>(work: Parameters<typeof records.change<T>>[0]) => (isFull ? Promise.reject(new Error('full')) : records.change(work)),
  }
  const log = createPluginLog(often, systemClock, error => told.push(error))
  for (let turn = 0; turn < 3; turn++) {
    log.observer.onBallot?.({ voter: 'plugin:crab', version: '1.0.0', abstained: true, votes: [], ms: 1 }, undefined)
    await log.flush()
  }
  assert.equal(told.length, 1)
  isFull = false
  await log.flush()
  assert.deepEqual(readPluginLog(records, 'crab')[0]?.turns, { '1.0.0': 3 })
  await records.close()
})
