// The real command: what it refuses, what a kill leaves, and which version is in force afterwards.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Card } from '@parley/models/train/card.ts'
import { asLines, fewRows } from '../models/labelled.ts'
import { untilIn } from './folder-events.ts'
import { MAIN, parley } from './parley-command.ts'
import { NODE_FLAGS, temporaryFolder } from './running-server.ts'

/** Steps of the runs in a data folder. */
const stepsIn = (data: string): readonly string[] => {
  const folder = join(data, 'training')
  return existsSync(folder) ? readdirSync(folder).flatMap(run => readdirSync(join(folder, run)).filter(name => name.endsWith('.step'))) : []
}

test('[TRAIN1] parley train names every bad line and begins nothing; told to, it goes on without them', { timeout: 180_000 }, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const env = { PARLEY_DATA: join(data.path, 'data') }
  const file = join(data.path, 'mine.jsonl')
  writeFileSync(file, `${asLines(fewRows(16))}oops\n{"text":"hi","label":"greeting"}\n`)
  const lines = readFileSync(file, 'utf8').split('\n').length - 1
  const refused = await parley(['train', 'intent', file], { env })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, new RegExp(`mine\\.jsonl:${lines - 1}: error: it is not JSON\n.*mine\\.jsonl:${lines}: error: "label"`))
  assert.match(refused.stderr, /\(and 1 more\) \(TRAINING_DATA_INVALID\)$/m)
  assert.deepEqual(stepsIn(env.PARLEY_DATA), [])

  const out = join(data.path, 'out')
  const done = await parley(['train', 'intent', file, '--skip-bad-lines', '--out', out, '--json'], { env })
  assert.equal(done.status, 0, done.stderr)
  assert.match(done.stderr, /left out: it is not JSON/)
  const card = JSON.parse(done.stdout) as Card // our own command's output
  assert.deepEqual([card.source.file, card.source.linesLeftOut, card.data.sentences], ['mine.jsonl', 2, lines - 2])
  assert.deepEqual(readdirSync(out).sort(), ['card.json', 'card.md', 'intent.json', 'intent.onnx'])
  assert.deepEqual(stepsIn(env.PARLEY_DATA), [])
  const again = await parley(['train', 'intent', file, '--skip-bad-lines', '--out', out], { env })
  assert.match(again.stderr, /FOLDER_NOT_EMPTY/)
  assert.equal(again.status, 1)
})

test('[TRAIN1] what cannot be trained is refused with what there is instead', async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const env = { PARLEY_DATA: data.path }
  const file = join(data.path, 'few.jsonl')
  writeFileSync(file, asLines(fewRows(200)))
  for (const [args, status, pattern] of [
    [['intent', file], 1, /sentences to learn from; it takes 50 at least.*TRAINING_DATA_INVALID/],
    [['intent', join(data.path, 'none.jsonl')], 1, /none\.jsonl: the file cannot be read/],
    [['intent', file, '--blend'], 2, /--blend is said of an encoder: name one with --encoder/],
    [['intent', file, '--encoder', 'x', '--encoder-pooling', 'max'], 2, /mean, cls/],
    [['intent', file, '--shop', 'nowhere'], 1, /UNKNOWN_SHOP/],
    [['mood', file], 2, /intent, sentiment/],
    [['intent', file, '--seed', 'x'], 2, /whole number from 0/],
    [['intent', file, '--job', '--out', 'x'], 2, /either --job or --out/],
    [['intent', file, '--job'], 1, /TRAINING_DATA_INVALID/],
  ] as const) {
    const { status: given, stderr } = await parley(['train', ...args], { env })
    assert.equal(given, status, `${args.join(' ')}: ${stderr}`)
    assert.match(stderr, pattern)
  }
})

test('[TRAIN5] [MODEL1] [MODEL2] a killed training goes on and gives the same bytes; versions are listed, used and rolled back', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const env = { PARLEY_DATA: join(data.path, 'data') }
  const file = join(data.path, 'mine.jsonl')
  writeFileSync(file, asLines(fewRows(16)))
  const out = join(data.path, 'whole')
  const args = ['train', 'intent', file, '--threads', '2', '--url', 'http://127.0.0.1:9']
  assert.equal((await parley([...args, '--out', out], { env })).status, 0)

  const training = join(env.PARLEY_DATA, 'training')
  for (const [steps, signal] of [
    [3, 'SIGINT'],
    [8, 'SIGKILL'],
  ] as const) {
    const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], { env: { ...process.env, ...env }, stdio: 'ignore' })
    const ended = once(child, 'exit')
    await untilIn(training, () => readdirSync(training).length > 0)
    await untilIn(join(training, readdirSync(training)[0]!), () => stepsIn(env.PARLEY_DATA).length >= steps) // there is one
    child.kill(signal)
    assert.deepEqual(await ended, signal === 'SIGINT' ? [130, null] : [null, 'SIGKILL'])
  }
  const resumed = await parley([...args, '--json'], { env })
  assert.equal(resumed.status, 0, resumed.stderr)
  const card = JSON.parse(resumed.stdout) as Card // our own command's output
  assert.ok(card.cost.stepsDoneBefore >= 8, `${card.cost.stepsDoneBefore}`)
  const kept = join(env.PARLEY_DATA, 'models', 'intent', card.version)
  for (const name of ['intent.onnx', 'intent.json']) assert.ok(readFileSync(join(kept, name)).equals(readFileSync(join(out, name))), name)
  assert.deepEqual(readdirSync(join(env.PARLEY_DATA, 'training')), [])

  const models = async (...more: readonly string[]) => parley(['models', ...more], { env })
  const short = card.version.slice(0, 12)
  const inForce = async (): Promise<string | undefined> => {
    const rows = JSON.parse((await models('list', '--json')).stdout) as { kind: string; version: string; shops: string[] }[] // our own command's output
    return rows.find(({ kind, shops }) => kind === 'intent' && shops.includes('demo'))?.version
  }
  assert.equal(await inForce(), 'shipped')
  const url = ['--url', 'http://127.0.0.1:9']
  const used = await models('use', 'intent', short.slice(0, 6), ...url)
  assert.equal(used.status, 0, used.stderr)
  assert.match(used.stdout, new RegExp(`intent ${short} is in force in shop demo\\. It takes effect when the server starts`))
  assert.match((await models('list')).stdout, new RegExp(`intent +${short} .*demo`))
  // The folder is another copy of that version.
  assert.match((await models('use', 'intent', out, ...url)).stdout, /in force in shop demo already/)
  assert.match((await models('show', 'intent', short)).stdout, new RegExp(`# intent ${short}\n`))
  assert.match((await models('rollback', 'intent', ...url)).stdout, /intent shipped is in force again/)
  assert.equal(await inForce(), 'shipped')
  for (const [more, pattern] of [
    [['rollback', 'intent', ...url], /NO_EARLIER_MODEL/],
    [['use', 'intent', 'ffffffff', ...url], /no such version: parley models list \(UNKNOWN_MODEL\)/],
    [['use', 'sentiment', short, ...url], /UNKNOWN_MODEL/],
    [['use', 'intent', short, '--shop', 'nowhere', ...url], /UNKNOWN_SHOP/],
  ] as const) {
    const { status, stderr } = await models(...more)
    assert.equal(status, 1)
    assert.match(stderr, pattern)
  }
})
