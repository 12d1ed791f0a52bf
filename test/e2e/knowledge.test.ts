// The real server answers from articles that come and go while customers write, in one shop and not in the other.
import assert from 'node:assert/strict'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, startServer, temporaryFolder } from './running-server.ts'

const SETTINGS = {
  deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
  limits: { visitorsPerMinute: 1_000_000 },
  shops: [
    { id: 'one', plugins: [], locale: 'en' },
    { id: 'two', plugins: [], locale: 'en' },
  ],
}
const CUSTOMERS = 4
const QUESTION = 'how do I clean the copper samovar'
const ARTICLE = '# Cleaning your copper samovar\nRub the copper with lemon and salt, then rinse.\n'

test('[KNOW1] [KNOW6] [KNOW7] articles are added, answered from, removed and put back under load, without a lost turn, in one shop alone', {
  timeout: 240_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  mkdirSync(join(data.path, 'help'))
  const file = join(data.path, 'help', 'samovar.md')
  writeFileSync(file, ARTICLE)
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info', PARLEY_DATA: data.path }
  const server = await startServer(data.path, { env })
  t.after(() => server.stop('SIGKILL'))
  const key = loadSecret(data.path).keyFor('operator').toString('hex')
  const operator = async <T>(path: string, body?: object): Promise<T> => {
    const answer = await fetch(`${server.url}/v1/operator${path}`, {
      method: body ? 'POST' : 'GET',
      headers: { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    })
    return (await answer.json()) as T // our own server's answer
  }
  /** One conversation's one turn. */
  const ask = async (shop: string, text = QUESTION): Promise<RecordedDecision> => {
    const visitor = await fetchVisitor(server.url, undefined, shop)
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    line.send({ type: 'say', ref: 'm', text })
    await line.next('events', frame => frame.events.some(event => event.type === 'reply')) // a lost turn never comes to this
    line.socket.close()
    const { decisions } = await operator<{ decisions: readonly RecordedDecision[] }>(
      `/shops/${shop}/conversations/${visitor.conversation}/decisions`,
    )
    return decisions[0]! // one turn, one decision
  }
  const knowledge = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await parley(['knowledge', ...args, '--shop', 'one', '--url', server.url], { env })
    assert.equal(status, 0, stderr)
    return stdout
  }

  const seen: RecordedDecision[] = []
  let isOver = false
  const customers = Array.from({ length: CUSTOMERS }, async () => {
    while (!isOver) seen.push(await ask('one'))
  })
  assert.equal((await ask('one')).source, undefined)
  assert.match(await knowledge('add', join(data.path, 'help')), /1 added, 0 changed, 0 as they were\. The running server has it\./)
  const answered = await ask('one')
  assert.equal(answered.source?.article, 'samovar')
  assert.match(answered.reply, /^Rub the copper with lemon and salt, then rinse\.[\s\S]*"Cleaning your copper samovar"/)
  assert.equal((await ask('two')).source, undefined)

  writeFileSync(file, ARTICLE.replace('lemon', 'vinegar'))
  assert.match(await knowledge('add', file), /0 added, 1 changed/)
  assert.match((await ask('one')).reply, /vinegar/)
  assert.match(await knowledge('remove', 'samovar'), /1 removed from shop one\. The running server has it\./)
  const after = await ask('one')
  assert.deepEqual([after.source, after.votes.find(({ voter }) => voter === 'knowledge')], [undefined, undefined])
  assert.match(await knowledge('rollback'), /1 articles of before again/)
  assert.match((await ask('one')).reply, /vinegar/)
  isOver = true
  await Promise.all(customers)
  for (const { votes } of seen)
    assert.ok(!votes.some(({ reason }) => ['late', 'failed', 'off', 'shed'].includes(reason ?? '')), JSON.stringify(votes))
  assert.ok(seen.some(({ source }) => source === undefined) && seen.some(({ source }) => source !== undefined))

  // The same over the operator's API, and what is wrong is told with its line.
  const place = '/shops/two/knowledge'
  const refused = await operator<{ code: string; line: number }>(place, {
    files: [{ name: 'x.md', text: '---\ntitle: x\naction: FOOD_SAFETY\n---\ny' }],
  })
  assert.deepEqual([refused.code, refused.line], ['ARTICLES_INVALID', 3])
  const added = await operator<{ added: readonly string[] }>(place, { files: [{ name: 'tea/samovar.md', text: ARTICLE }] })
  assert.deepEqual(added.added, ['tea/samovar'])
  const { found } = await operator<{ found: readonly { article: string; confidence: number }[] }>(
    `${place}/search?q=${encodeURIComponent(QUESTION)}`,
  )
  assert.ok(found[0]?.article === 'tea/samovar' && found[0].confidence > 0.5)
  assert.equal((await ask('two')).source?.article, 'tea/samovar')
  assert.equal((await operator<{ title: string }>(`${place}/article?id=tea/samovar`)).title, 'Cleaning your copper samovar')
  assert.equal((await operator<{ code: string }>(`${place}/remove`, { ids: ['samovar'] })).code, 'UNKNOWN_ARTICLE')
  await operator(`${place}/remove`, { ids: ['tea/samovar'], forGood: true })
  assert.equal((await ask('two')).source, undefined)
  assert.equal((await operator<{ code: string }>(`${place}/rollback`, {})).code, 'NO_EARLIER_ARTICLES')
  assert.equal((await operator<{ code: string }>('/shops/three/knowledge')).code, 'UNKNOWN_SHOP')

  // What a customer is answered by is what the command line shows.
  const { stdout } = await parley(['ask', QUESTION, '--json', '--shop', 'one', '--locale', 'en'], { env })
  const asked = JSON.parse(stdout) as RecordedDecision // our own command's output
  const live = await ask('one')
  assert.deepEqual([asked.source, asked.versions.knowledge, asked.reply], [live.source, live.versions.knowledge, live.reply])
})

test('[KNOW5] the command line names every problem with file and line, and changes nothing', async () => {
  const data = temporaryFolder()
  try {
    const env = { PARLEY_DATA: join(data.path, 'data') }
    writeFileSync(join(data.path, 'a.md'), 'no title')
    writeFileSync(join(data.path, 'b.csv'), 'question,answer\nq,\nhow,so\n')
    const add = ['knowledge', 'add', 'a.md', 'b.csv']
    const refused = await parley(add, { env, cwd: data.path })
    assert.equal(refused.status, 1)
    assert.match(
      refused.stderr,
      /^a\.md:1: error: it has no title.*\nb\.csv:2: error: "answer" is empty\nparley: a\.md:1: it has no title.* \(and 1 more\) \(ARTICLES_INVALID\)\n$/,
    )
    const going = await parley([...add, '--skip-bad', '--json'], { env, cwd: data.path })
    assert.equal(going.status, 0, going.stderr)
    assert.match(going.stderr, /a\.md:1: left out/)
    assert.equal((JSON.parse(going.stdout) as { added: readonly string[] }).added.length, 1)
    for (const [args, status, pattern] of [
      [['show', 'nobody'], 1, /UNKNOWN_ARTICLE/],
      [['list', '--shop', 'nowhere'], 1, /UNKNOWN_SHOP/],
      [['evaluate', 'nothing.csv'], 1, /ARTICLES_INVALID/],
      [['search', 'x', '--most', '0'], 2, /whole number from 1 to 50/],
      [['add'], 2, /missing required argument/],
    ] as const) {
      const outcome = await parley(['knowledge', ...args], { env, cwd: data.path })
      assert.equal(outcome.status, status, args.join(' '))
      assert.match(outcome.stderr, pattern)
    }
  } finally {
    data.remove()
  }
})
