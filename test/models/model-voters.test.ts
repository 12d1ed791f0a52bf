import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { detectLanguage, normaliseText } from '@parley/core/pipeline/normalise.ts'
import type { Ballot, VoterPool } from '@parley/core/ports/voters.ts'
import type { Question } from '@parley/plugin-sdk/vocabulary.ts'
import { createModelVoters, type ModelVotersOptions } from '@parley/server/drivers/voters.models.ts'

const shipped = fileURLToPath(new URL('../../models/shipped', import.meta.url))
const both = (folder: string) => ({ folders: { intent: folder, sentiment: folder } })
const faulty = { ...both(shipped), worker: new URL('./fixtures/faulty-worker.ts', import.meta.url) }
const live = new AbortController().signal

function question(original: string): Question {
  const text = normaliseText(original)
  const language = detectLanguage(text, 'zh')
  return { text, original, language, locale: language === 'zh' ? 'zh-CN' : 'en' }
}

async function ask(pool: VoterPool, text: string, signal = live): Promise<Readonly<Record<string, Ballot>>> {
  const ballots = new Map<string, Ballot>()
  await pool.ask(question(text), ballot => ballots.set(ballot.voter, ballot), signal)
  return Object.fromEntries(ballots)
}

/** What was asked before has been handed to a thread. */
const handedOver = (): Promise<void> => new Promise(resolve => setImmediate(resolve))

async function withPool(options: ModelVotersOptions, use: (pool: VoterPool) => Promise<void>): Promise<void> {
  const pool = await createModelVoters(options)
  try {
    await use(pool)
  } finally {
    await pool.close()
  }
}

test('model voters: where it is wanted, the intent model votes on a message and its clauses together, and on the last clause, as well', () =>
  withPool({ ...both(shipped), clauses: true }, async pool => {
    assert.deepEqual(
      pool.voters.map(({ voter }) => voter),
      ['intent', 'intent:clauses', 'intent:end', 'sentiment'],
    )
    // Turns of one job, so that each gets its own clauses' votes.
    const [denied, single, asked] = await Promise.all(
      ["i don't want to cancel it, i only want to know where it is", 'where is my parcel', '不退货，发票怎么开'].map(text =>
        ask(pool, text),
      ),
    )
    const first = (ballots: typeof denied, voter: string) => ballots?.[voter]?.votes[0]?.action
    assert.equal(first(denied, 'intent'), 'CANCEL_ORDER')
    assert.equal(first(denied, 'intent:clauses'), 'TRACK_ORDER')
    assert.equal(first(asked, 'intent:clauses'), 'INVOICE_REQUEST')
    assert.equal(first(single, 'intent:clauses'), first(single, 'intent'))
    assert.deepEqual(asked?.['intent:end']?.votes, (await ask(pool, '发票怎么开')).intent?.votes)
    assert.deepEqual([single?.['intent:end']?.abstained, single?.['intent:end']?.reason], [true, 'silent'])
    assert.notEqual(single?.['intent:clauses']?.version, single?.intent?.version)
  }))

test('model voters: both vote, by their names and versions, calibrated, with signals', () =>
  withPool(both(shipped), async pool => {
    assert.deepEqual(
      pool.voters.map(({ voter }) => voter),
      ['intent', 'sentiment'],
    )
    const { intent, sentiment } = await ask(pool, '螃蟹死了怎么赔')
    assert.equal(intent?.version, pool.voters[0]?.version)
    assert.equal(intent?.votes[0]?.action, 'COMPENSATE')
    for (const ballot of [intent, sentiment]) {
      const sum = ballot!.votes.reduce((total, { confidence }) => total + confidence, 0)
      assert.ok(sum <= 1 + 1e-9 && ballot!.ms >= 0)
    }
    assert.ok(intent!.votes.every(({ confidence }) => confidence >= 0.02))
    const furious = (await ask(pool, '垃圾店铺！！骗子！气死我了，马上给我处理')).sentiment!.signals!
    const happy = (await ask(pool, '太好吃了，谢谢你们，下次还来')).sentiment!.signals!
    assert.ok(furious.mood! < 0 && happy.mood! > 0, `${furious.mood} ${happy.mood}`)
    assert.ok(furious.urgency! > happy.urgency!)
    const nothing = await ask(pool, '')
    assert.ok(nothing.intent && nothing.sentiment)
  }))

test('model voters: turns of one tick go together, and so do those that come while the thread is busy, 64 at most', () =>
  withPool(faulty, async pool => {
    const turns = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => ask(pool, `t${from + i}`))
    const first = turns(0, 3)
    await handedOver()
    const all = await Promise.all([...first, ...turns(3, 103)])
    // The first job of the thread was the trial at the start.
    const jobs = all.map(({ intent }) => intent!.votes[0]!.evidence!)
    for (let i = 0; i < 3; i++) assert.equal(jobs[i], `job 2 of 3: t${i}`)
    for (let i = 3; i < 67; i++) assert.equal(jobs[i], `job 3 of 64: t${i}`)
    for (let i = 67; i < 103; i++) assert.equal(jobs[i], `job 4 of 36: t${i}`)
  }))

test('model voters: threads that are free share the turns of one tick', () =>
  withPool({ ...faulty, threads: 2 }, async pool => {
    const all = await Promise.all(Array.from({ length: 7 }, (_, i) => ask(pool, `t${i}`)))
    const sizes = all.map(({ intent }) => / of (\d): /.exec(intent!.votes[0]!.evidence!)?.[1])
    assert.deepEqual(sizes, ['4', '4', '4', '4', '3', '3', '3'])
  }))

test('model voters: a voter without a vote abstains and still gives its signals', () =>
  withPool(faulty, async pool => {
    const { sentiment } = await ask(pool, 'hi')
    assert.deepEqual([sentiment?.abstained, sentiment?.reason, sentiment?.signals], [true, 'silent', { mood: 0 }])
  }))

for (const [how, text] of [
  ['that dies', 'die'],
  ['that throws', 'throw'],
] as const) {
  test(`model voters: a thread ${how} costs its batch the votes and nobody else`, async () => {
    const failures: unknown[] = []
    await withPool({ ...faulty, onFailure: error => failures.push(error) }, async pool => {
      const first = ask(pool, 'first')
      await handedOver()
      const batch = await Promise.all([ask(pool, 'good'), ask(pool, text)])
      assert.equal((await first).intent?.abstained, false)
      for (const { intent, sentiment } of batch)
        for (const ballot of [intent, sentiment]) assert.deepEqual([ballot?.abstained, ballot?.reason, ballot?.votes], [true, 'failed', []])
      assert.equal(failures.length, 1)
      const next = await ask(pool, 'next')
      assert.match(next.intent!.votes[0]!.evidence!, /of 1: next$/)
    })
  })
}

test('model voters: a turn that is over gets nothing, at once, and takes no room in a batch', () =>
  withPool(faulty, async pool => {
    const turn = new AbortController()
    const first = ask(pool, 'first')
    await handedOver()
    const gone = ask(pool, 'gone', turn.signal)
    const last = ask(pool, 'last')
    turn.abort()
    assert.deepEqual(await gone, {})
    assert.deepEqual(await ask(pool, 'late', AbortSignal.abort()), {})
    await first
    assert.match((await last).intent!.votes[0]!.evidence!, /of 1: last$/)
  }))

test('model voters: after the end every voter abstains', async () => {
  const pool = await createModelVoters(faulty)
  const under = [ask(pool, 'a')]
  await handedOver()
  under.push(ask(pool, 'b'))
  await pool.close()
  const [a, b] = await Promise.all(under)
  assert.equal(a?.intent?.abstained, false)
  assert.equal(b?.intent?.reason, 'failed')
  assert.equal((await ask(pool, 'c')).intent?.reason, 'failed')
})

test('model voters: a model that does not fit is refused at the start, not at the first turn', async () => {
  const bad = mkdtempSync(join(tmpdir(), 'parley-models-'))
  try {
    await assert.rejects(createModelVoters(both(bad)), error => isFault(error, 'MODEL_INVALID'))
    cpSync(shipped, bad, { recursive: true })
    const metadata = JSON.parse(readFileSync(join(bad, 'sentiment.json'), 'utf8'))
    writeFileSync(join(bad, 'sentiment.json'), JSON.stringify({ ...metadata, features: 'other' }))
    await assert.rejects(createModelVoters(both(bad)), error => isFault(error, 'MODEL_INVALID') && /sentiment\.json/.test(error.message))
  } finally {
    rmSync(bad, { recursive: true, force: true })
  }
})
