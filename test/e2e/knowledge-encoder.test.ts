// The real command with a shop that names a sentence encoder for its articles, a small one that the test builds.
import assert from 'node:assert/strict'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import type { Evaluation } from '@parley/models/knowledge/evaluate.ts'
import { writeSmallEncoder } from '../models/small-encoder.ts'
import { parley } from './parley-command.ts'
import { temporaryFolder } from './running-server.ts'

interface Told extends Evaluation {
  readonly version: string
  readonly encoder: (Evaluation & { readonly version: string; readonly name: string }) | null
}

test('[KNOW10] an encoder is judged beside sub-words, named for a shop, and votes in its turns; one that is gone leaves sub-words', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  const encoder = join(data.path, 'minilm')
  mkdirSync(encoder)
  writeSmallEncoder(encoder)
  const questions = join(data.path, 'questions.csv')
  writeFileSync(questions, 'question,article\nhow long do I steam a crab,en/steam-crabs\nwhere is my parcel,\n')
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'error', PARLEY_DATA: join(data.path, 'data'), PARLEY_ENCODER: '' }
  const name = (articleEncoder?: string): void =>
    writeFileSync(
      config,
      JSON.stringify({
        deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
        shops: [{ id: 'demo', mesh: 'demo-shop', plugins: [], ...(articleEncoder !== undefined && { articleEncoder }) }],
      }),
    )
  const evaluate = async (...args: readonly string[]): Promise<Told> => {
    const { status, stdout, stderr } = await parley(['knowledge', 'evaluate', questions, '--json', ...args], { env })
    assert.equal(status, 0, stderr)
    return JSON.parse(stdout) as Told // our own command's output
  }
  const voterOf = async (): Promise<{ readonly version: string; readonly stderr: string }> => {
    const { status, stdout, stderr } = await parley(['ask', 'how long do I steam a crab', '--json'], { env })
    assert.equal(status, 0, stderr)
    const { versions } = JSON.parse(stdout) as Decision // as above
    return { version: versions.knowledge ?? '', stderr }
  }

  name()
  const plain = await evaluate()
  assert.equal(plain.encoder, null)
  const without = await parley(['knowledge', 'evaluate', questions], { env })
  assert.match(without.stdout, /By words and an encoder: not run/)
  const tried = await evaluate('--encoder', encoder)
  assert.equal(tried.encoder?.name, encoder)
  assert.notEqual(tried.encoder?.version, plain.version)
  assert.deepEqual(tried.all, plain.all)
  assert.equal((await voterOf()).version, plain.version)

  name('minilm') // as it was kept
  rmSync(encoder, { recursive: true })
  assert.equal((await evaluate()).encoder?.version, tried.encoder?.version)
  assert.equal((await voterOf()).version, tried.encoder?.version)
  const found = await parley(['knowledge', 'search', 'how long do I steam a crab', '--json'], { env })
  assert.ok(JSON.parse(found.stdout).length > 0, found.stderr)

  name('e5')
  const gone = await voterOf()
  assert.equal(gone.version, plain.version)
  assert.match(gone.stderr, /ENCODER_ABSENT.*articles are searched by sub-words/)
  const refused = await parley(['knowledge', 'search', 'crab'], { env })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /no encoder "e5" here.*ENCODER_ABSENT/)
})
