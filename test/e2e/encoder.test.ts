// The real command and server with a model that stands on a sentence encoder, a small one that the test builds.
import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import type { Card } from '@parley/models/train/card.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { asLines, fewRows } from '../models/labelled.ts'
import { writeSmallEncoder } from '../models/small-encoder.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const SETTINGS = {
  deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
  shops: [{ id: 'demo', plugins: [] }],
}
const TEXTS = ['螃蟹死了怎么赔', 'where is my parcel', '谢谢啊']

test('[MODEL1] [MODEL3] [MODEL4] [ENC3] a model on an encoder is trained, put in force, votes as on the command line, travels with its encoder, and without it the shipped one votes', {
  timeout: 300_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const place = (name: string): string => join(data.path, name)
  const config = place('parley.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info', PARLEY_DATA: place('data') }
  const encoder = place('minilm')
  mkdirSync(encoder)
  writeSmallEncoder(encoder)
  const file = place('mine.jsonl')
  writeFileSync(file, asLines(fewRows(20)))

  const out = place('out')
  const wishes = ['--encoder-file', 'onnx/model_quantized.onnx', '--encoder-pooling', 'cls', '--blend']
  const trained = await parley(['train', 'intent', file, '--encoder', encoder, ...wishes, '--out', out, '--json'], { env })
  assert.equal(trained.status, 0, trained.stderr)
  const card = JSON.parse(trained.stdout) as Card // our own command's output
  const version = card.version.slice(0, 12)
  assert.deepEqual([card.method, card.encoder?.name], ['blend', 'minilm'])
  assert.deepEqual(readdirSync(out).sort(), ['card.json', 'card.md', 'encoder', 'intent.json', 'intent.onnx'])
  const { settings, onnx } = JSON.parse(readFileSync(join(out, 'encoder', 'encoder.json'), 'utf8'))
  assert.deepEqual([onnx, settings.pooling, settings.longest], ['model_quantized.onnx', 'cls', 48])

  // What somebody publishes goes on to work where the encoder's own folder never was.
  rmSync(encoder, { recursive: true })
  const other = { ...env, PARLEY_DATA: place('other') }
  const url = ['--url', 'http://127.0.0.1:9']
  const used = await parley(['models', 'use', 'intent', out, ...url], { env: other })
  assert.equal(used.status, 0, used.stderr)
  const hash = card.encoder!.hash
  const absent = await parley(['train', 'intent', file, '--encoder', 'multilingual-e5-small'], { env: other })
  assert.match(
    absent.stderr,
    new RegExp(`no encoder "multilingual-e5-small" here; there is: minilm \\(${hash.slice(0, 12)}\\), none .*ENCODER_ABSENT`),
  )

  const start = async (): Promise<RunningServer> => {
    const server = await startServer(other.PARLEY_DATA, { env: other })
    t.after(() => void server.process.kill('SIGKILL')) // where it still runs
    return server
  }
  const key = (): string => loadSecret(other.PARLEY_DATA).keyFor('operator').toString('hex')
  const operator = async (server: RunningServer, path: string): Promise<unknown> =>
    (await fetch(`${server.url}/v1/operator${path}`, { headers: { authorization: `Bearer ${key()}` } })).json()
  const answered = async (server: RunningServer, text: string): Promise<Decision> => {
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    line.send({ type: 'say', ref: 'm', text })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply'))
    line.socket.close()
    const { decisions } = (await operator(server, `/shops/demo/conversations/${visitor.conversation}/decisions`)) as {
      readonly decisions: readonly Decision[] // our own server's answer
    }
    return decisions[0]! // one was decided
  }
  const votesOf = ({ votes }: Decision) => votes.map(({ ms: _, ...vote }) => vote)

  const server = await start()
  for (const text of TEXTS) {
    const live = await answered(server, text)
    const command = await parley(['ask', text, '--json'], { env: other })
    assert.equal(command.status, 0, command.stderr)
    assert.deepEqual(votesOf(live), votesOf(JSON.parse(command.stdout) as Decision)) // our own command's output
    assert.equal(live.versions.intent, version)
  }

  // The same as a job, on the encoder that is kept.
  const job = await parley(['train', 'intent', file, '--encoder', 'minilm', '--seed', '2', '--job', '--url', server.url], { env: other })
  assert.equal(job.status, 0, job.stderr)
  await server.logged(/a model is trained/)
  const models = JSON.parse((await parley(['models', 'list', '--json'], { env: other })).stdout) as readonly { version: string }[] // our own command's output
  const second = models.map(model => model.version).find(each => each !== 'shipped' && each !== card.version)
  const show = await parley(['models', 'show', 'intent', second!, '--json'], { env: other })
  const ofJob = JSON.parse(show.stdout) as Card // our own command's output
  assert.deepEqual([ofJob.method, ofJob.encoder?.hash, ofJob.seed], ['encoder', hash, 2])

  // One byte of the encoder is changed: what is loaded goes on, an exchange is refused, and after a start the shipped model votes.
  const kept = join(other.PARLEY_DATA, 'models', 'encoders', hash, 'model_quantized.onnx')
  const whole = readFileSync(kept)
  const broken = Uint8Array.from(whole)
  broken[whole.length >> 1]! ^= 1
  writeFileSync(kept, broken)
  assert.equal((await answered(server, 'hello')).versions.intent, version)
  const at = ['--url', server.url]
  assert.equal((await parley(['models', 'use', 'intent', 'shipped', ...at], { env: other })).status, 0)
  const refused = await parley(['models', 'use', 'intent', version, ...at], { env: other })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /model_quantized\.onnx is not the one that it was kept with/)
  const shipped = (await answered(server, 'hello')).versions.intent
  assert.notEqual(shipped, version)
  assert.equal((await parley(['models', 'use', 'intent', version, ...url], { env: other })).status, 0)
  await server.stop('SIGTERM')
  const again = await start()
  assert.equal((await answered(again, 'hello')).versions.intent, shipped)
  await again.stop('SIGTERM')
  assert.match(again.stderr(), /cannot be used: encoder .*model_quantized\.onnx is not the one.*the shipped model votes in its place/)

  // A backup has the encoder with it.
  writeFileSync(kept, whole)
  assert.equal((await parley(['backup', place('backup')], { env: other })).status, 0)
  const third = { ...env, PARLEY_DATA: place('third') }
  const restored = await parley(['restore', place('backup')], { env: third })
  assert.equal(restored.status, 0, restored.stderr)
  const command = await parley(['ask', 'hello', '--json'], { env: third })
  assert.equal((JSON.parse(command.stdout) as Decision).versions.intent, version) // our own command's output
})
