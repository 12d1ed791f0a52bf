// The real server takes other models while customers write, says the same as the command line, and trains beside them.
import assert from 'node:assert/strict'
import { readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { Decision } from '@parley/core/pipeline/decision.ts'
import type { Job } from '@parley/core/ports/jobs.ts'
import type { Card } from '@parley/models/train/card.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { asLines, fewRows } from '../models/labelled.ts'
import { untilIn } from './folder-events.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const CUSTOMERS = 6
/** Below the limit of one connection's messages. */
const TURNS_OF_A_CONVERSATION = 5

const SETTINGS = {
  deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
  limits: { visitorsPerMinute: 1_000_000 },
  shops: [{ id: 'demo', plugins: [] }],
}

/** A model that knows a class which the shop has not. */
const CLUB = [
  'vip club card',
  'join the vip club',
  'how do i join the vip club',
  'vip card please',
  'club card points',
  '会员卡怎么办',
  '我要办会员卡',
  '会员卡积分',
]

test('[MODEL3] [MODEL4] [MODEL5] a model is exchanged under load without a lost turn, votes as on the command line, and its strange classes are masked', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info', PARLEY_DATA: data.path }
  const file = join(data.path, 'mine.jsonl')
  const club = CLUB.map(original => ({ original, label: 'VIP_CLUB', language: /[a-z]/.test(original) ? ('en' as const) : ('zh' as const) }))
  writeFileSync(file, asLines([...fewRows(16), ...club]))
  const trained = await parley(['train', 'intent', file, '--json'], { env })
  assert.equal(trained.status, 0, trained.stderr)
  assert.match(trained.stderr, /warning: the shop's catalogue has no action VIP_CLUB/)
  const version = (JSON.parse(trained.stdout) as Card).version.slice(0, 12) // our own command's output

  const server = await startServer(data.path, { env })
  t.after(() => server.stop('SIGKILL'))
  const key = loadSecret(data.path).keyFor('operator').toString('hex')
  const operator = (path: string): Promise<Response> =>
    fetch(`${server.url}/v1/operator${path}`, { headers: { authorization: `Bearer ${key}` } })
  const votersNow = async (): Promise<Record<string, string>> =>
    ((await (await operator('/models')).json()) as Record<string, Record<string, string>>).demo! // our own server's answer, with its only shop
  const talk = async (texts: readonly string[]): Promise<readonly Decision[]> => {
    const visitor = await fetchVisitor(server.url)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    for (const [i, text] of texts.entries()) {
      line.send({ type: 'say', ref: `m${i}`, text })
      await line.next('events', frame => frame.events.some(event => event.type === 'reply')) // a lost turn never comes to this
    }
    line.socket.close()
    const answer = await operator(`/shops/demo/conversations/${visitor.conversation}/decisions`)
    const { decisions } = (await answer.json()) as { readonly decisions: readonly Decision[] } // our own server's answer
    assert.equal(decisions.length, texts.length)
    return decisions
  }

  // Customers write all the while, and the model is put in force and taken back again.
  const shipped = (await votersNow()).intent
  const seen: string[] = []
  let told = (): void => {}
  /** Rejects as soon as a customer has seen what must not be. */
  const untilSeen = (count: number): Promise<unknown> => {
    const { promise, resolve } = Promise.withResolvers<void>()
    told = () => void (seen.length > count && resolve())
    return Promise.race([promise, ...customers])
  }
  let isOver = false
  const customers = Array.from({ length: CUSTOMERS }, async () => {
    while (!isOver)
      for (const { votes, versions } of await talk(Array.from({ length: TURNS_OF_A_CONVERSATION }, () => 'hello'))) {
        const intent = votes.find(({ voter }) => voter === 'intent')
        assert.ok(intent && !['late', 'failed', 'off', 'shed'].includes(intent.reason ?? ''), JSON.stringify(intent))
        seen.push(versions.intent!) // it has voted
        told()
      }
  })
  const at = ['--url', server.url]
  const models = async (...args: readonly string[]) => {
    const { status, stdout, stderr } = await parley(['models', ...args], { env })
    assert.equal(status, 0, stderr)
    return stdout
  }
  await untilSeen(CUSTOMERS)
  for (const [args, wanted] of [
    [['use', 'intent', version, ...at], version],
    [['rollback', 'intent', ...at], shipped],
    [['use', 'intent', version, ...at], version],
  ] as const) {
    assert.match(await models(...args), /The running server has it\./)
    assert.equal((await votersNow()).intent, wanted)
    await untilSeen(seen.length + CUSTOMERS * TURNS_OF_A_CONVERSATION)
  }
  isOver = true
  await Promise.all(customers)
  assert.deepEqual([...new Set(seen)].sort(), [shipped, version].sort())

  // What a customer is answered by is what the command line shows, number for number.
  for (const text of ['螃蟹死了怎么赔', 'where is my order 20251103887?', 'join the vip club', 'qwzx vblorp 齉龘', '谢谢!!']) {
    const [live] = await talk([text])
    const { stdout, stderr, status } = await parley(['ask', text, '--json'], { env })
    assert.equal(status, 0, stderr)
    const asked = JSON.parse(stdout) as Decision // our own command's output
    const plain = ({ votes }: Decision) => votes.map(({ ms: _, ...vote }) => vote)
    assert.deepEqual(plain(live!), plain(asked))
    assert.equal(live!.versions.intent, version)
    if (!text.includes('vip')) continue
    assert.equal(live!.votes.find(({ voter }) => voter === 'intent')?.votes[0]?.action, 'VIP_CLUB')
    assert.ok(live!.ranking.every(({ action }) => action !== 'VIP_CLUB'))
    assert.ok(!live!.breakdown.some(({ action }) => action === 'VIP_CLUB'))
  }

  // A version that is damaged is refused, and what votes goes on.
  writeFileSync(join(data.path, 'models', 'intent', (await versionsOf(data.path))[0]!, 'intent.onnx'), 'no weights')
  await models('rollback', 'intent', ...at)
  const refused = await parley(['models', 'use', 'intent', version, ...at], { env })
  assert.equal(refused.status, 1)
  assert.match(refused.stderr, /MODEL_INVALID/)
  assert.equal((await votersNow()).intent, shipped)
  assert.match(await models('list'), /intent +shipped .*demo/)
})

const versionsOf = async (data: string): Promise<readonly string[]> => readdirSync(join(data, 'models', 'intent'))

test('[MODEL6] a training is a job of the server: listed, survives kill -9 by going on, is taken away with what it was given', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const env = { PARLEY_DATA: join(data.path, 'data') }
  const file = join(data.path, 'mine.jsonl')
  writeFileSync(file, asLines(fewRows(16)))
  const out = join(data.path, 'here')
  assert.equal((await parley(['train', 'intent', file, '--out', out, '--json'], { env })).status, 0)
  const start = () => startServer(env.PARLEY_DATA, { env: { PARLEY_LOG_LEVEL: 'info' } })
  let server = await start()
  t.after(() => server.stop('SIGKILL'))
  const training = join(env.PARLEY_DATA, 'training')
  const runOf = (job: string): string => job.split('/')[2]! // train/intent/RUN
  const runs = (): readonly string[] => readdirSync(training)
  const steps = (): number =>
    runs()
      .flatMap(run => readdirSync(join(env.PARLEY_DATA, 'training', run)))
      .filter(name => name.endsWith('.step')).length
  const jobs = async (...args: readonly string[]) => parley(['jobs', ...args, '--url', server.url], { env })
  const listed = async (): Promise<readonly Job[]> => JSON.parse((await jobs('list', '--kind', 'train', '--json')).stdout) as Job[] // our own command's output
  const order = async (from: string) => {
    const { status, stdout, stderr } = await parley(['train', 'intent', from, '--job', '--json', '--url', server.url], { env })
    assert.equal(status, 0, stderr)
    return (JSON.parse(stdout) as { job: string }).job // our own command's output
  }

  // Taken away while it runs, and it would run for long: nothing of what it was given is left.
  const long = join(data.path, 'long.jsonl')
  writeFileSync(long, asLines(fewRows(4)))
  const unwanted = await order(long)
  await untilIn(join(training, runOf(unwanted)), () => steps() > 2)
  assert.equal((await listed())[0]?.state, 'running')
  assert.match((await jobs('cancel', unwanted)).stdout, /is taken away/)
  await untilIn(training, () => runs().length === 0)
  assert.deepEqual(await listed(), [])

  const id = await order(file)
  assert.match(id, /^train\/intent\/[0-9a-f]{16}$/)
  await untilIn(join(training, runOf(id)), () => steps() > 5)
  const key = loadSecret(env.PARLEY_DATA).keyFor('operator').toString('hex')
  const answer = await fetch(`${server.url}/v1/operator/jobs?kind=train`, { headers: { authorization: `Bearer ${key}` } })
  const [job] = ((await answer.json()) as { jobs: readonly Job[] }).jobs // our own server's answer
  assert.ok(job?.id === id && job.state === 'running' && (job.progress ?? 0) > 0, JSON.stringify(job))
  await server.stop('SIGKILL')
  const kept = steps()
  assert.ok(kept > 5)
  server = await start()
  await server.logged(/a model is trained/)
  assert.deepEqual(runs(), [])
  const [version] = await versionsOf(env.PARLEY_DATA)
  const here = JSON.parse((await parley(['models', 'show', 'intent', version!, '--json'], { env })).stdout) as Card // our own command's output
  assert.equal(here.version, version)
  assert.ok(here.cost.stepsDoneBefore >= kept, `${here.cost.stepsDoneBefore} of ${kept}`)
  // Where and how it is trained makes no other model.
  const used = await parley(['models', 'use', 'intent', out, '--url', server.url], { env })
  assert.equal(used.status, 0, used.stderr)
  assert.deepEqual(await versionsOf(env.PARLEY_DATA), [version])
})
