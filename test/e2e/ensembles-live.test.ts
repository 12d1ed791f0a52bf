// The real server exchanges ensembles while customers write: by the command, by the operator's API, killed in between.
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import type { RecordedDecision } from '@parley/core/pipeline/decision.ts'
import type { Ballot } from '@parley/core/ports/voters.ts'
import { ensembleOf } from '@parley/ensembles/ensemble.ts'
import { parseEnsemble } from '@parley/ensembles/ensemble-file.ts'
import { isCanarys } from '@parley/server/ensemble-store/canary-share.ts'
import type { Noted } from '@parley/server/ensemble-store/ensemble-store.ts'
import { openEnsembleStore } from '@parley/server/ensemble-store/open-ensemble-store.ts'
import { hashOf } from '@parley/server/ensemble-store/parse-once.ts'
import type { Comparison } from '@parley/server/ensemble-store/shadow-comparison.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, type RunningServer, startServer, temporaryFolder, type Visitor } from './running-server.ts'

const CONVERSATIONS = 40
/** Below the limit of one connection's messages. */
const TURNS = 5
const SAID = ['hello', 'where is my order', 'can I get an invoice', 'thank you', 'what are your opening hours']
const SETTINGS = {
  deadlines: { voters: 10_000, plugin: 10_000, turn: 30_000 }, // a busy machine makes nobody late
  limits: { visitorsPerMinute: 1_000_000 },
  shops: [{ id: 'demo', plugins: [] }],
}
const SHIPPED = readFileSync(new URL('../../ensembles/shipped/retail.yaml', import.meta.url), 'utf8')
/** Every voter weighs otherwise: what it decides could not have come of the other. */
const ONE = SHIPPED.replace(/^version: \d+$/m, 'version: 90').replaceAll(
  /(zh|en): (\d+(\.\d+)?)/g,
  (_, language, weight) => `${language}: ${Number(weight) * 0.9}`,
)
/** Hears nobody, and holds everything to be about an invoice. */
const DEAF = `name: retail\nversion: 91\nvoters: {}\nprior: { INVOICE_REQUEST: 0.99 }\n`
const [one, deaf] = [ONE, DEAF].map(text => ({ ...parseEnsemble(text, 'test.yaml'), hash: hashOf(text) })) as [Named, Named] // of two
type Named = ReturnType<typeof parseEnsemble> & { readonly hash: string }
const shipped = parseEnsemble(SHIPPED, 'retail.yaml')

interface Tuned {
  readonly traffic: { readonly turns: number; readonly prior: Readonly<Record<string, number>> }
  readonly file: { readonly priorOfTraffic: Readonly<Record<string, number>> }
}

test('[LIVE4] [LIVE5] [LIVE6] [LIVE8] [TUNE7] promoted, a canary, in shadow and rolled back while customers write, and killed', {
  timeout: 360_000,
}, async t => {
  const data = temporaryFolder()
  t.after(data.remove)
  const config = join(data.path, 'parley.yaml')
  writeFileSync(config, JSON.stringify(SETTINGS))
  const env = { PARLEY_CONFIG: config, PARLEY_LOG_LEVEL: 'info', PARLEY_DATA: data.path }
  const mine = join(data.path, 'mine.yaml')
  writeFileSync(mine, ONE)
  const key = loadOrMakeSecret(data.path).keyFor('operator').toString('hex')
  let server: RunningServer
  const operator = async <T>(path: string, body?: object, method = body ? 'POST' : 'GET'): Promise<T> => {
    const headers = { authorization: `Bearer ${key}`, ...(body && { 'content-type': 'application/json' }) }
    const answer = await fetch(`${server.url}/v1/operator${path}`, { method, headers, ...(body && { body: JSON.stringify(body) }) })
    assert.equal(answer.status, 200, await answer.clone().text())
    return (await answer.json()) as T // our own server's answer
  }
  const order = (body: object) => operator('/shops/demo/ensemble', { who: 'test', ...body })
  const command = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await parley(['ensemble', ...args], { env })
    assert.equal(status, 0, stderr)
    return stdout
  }
  const say = async (visitor: Visitor, texts: readonly string[], from = 0): Promise<void> => {
    const line = await joinConversation(server.url, visitor)
    await line.next('welcome')
    let replies = 0
    for (const [i, text] of texts.entries()) {
      line.send({ type: 'say', ref: `m${from + i}`, text })
      // Whoever comes back is told of the earlier ones first. A lost turn never comes to this.
      while (replies <= from + i) replies += (await line.next('events')).events.filter(event => event.type === 'reply').length
    }
    line.socket.close()
  }
  const decisionsOf = async ({ conversation }: Visitor): Promise<readonly RecordedDecision[]> =>
    (await operator<{ decisions: readonly RecordedDecision[] }>(`/shops/demo/conversations/${conversation}/decisions`)).decisions

  await t.test('without a server the change is made in the data folder, and a bad file changes nothing', async () => {
    writeFileSync(join(data.path, 'bad.yaml'), ONE.replace('zh: ', 'zh: -'))
    const url = ['--url', 'http://127.0.0.1:1']
    const bad = await parley(['ensemble', 'promote', join(data.path, 'bad.yaml'), '--why', 'no', ...url], { env })
    assert.deepEqual([bad.status, /bad\.yaml: voters\..*\(ENSEMBLE_INVALID\)/.test(bad.stderr)], [1, true], bad.stderr)
    const said = await command('promote', mine, '--why', 'a first try', '--who', 'ada', ...url)
    assert.match(said, new RegExp(`^${one.version} is in force in shop demo\\. It takes effect when the server starts`))
    server = await startServer(data.path, { env })
    const { inForce } = await operator<{ inForce: string }>('/shops/demo/ensemble')
    assert.equal(inForce, one.version)
  })
  t.after(() => server.stop('SIGKILL'))

  await t.test(`${CONVERSATIONS * TURNS} turns while ensembles are exchanged: none is dropped, each is decided wholly by one`, async () => {
    let isOver = false
    const exchanging = (async () => {
      let changes = 0
      for (; !isOver; changes++)
        await order(
          changes % 2 === 0 ? { what: 'promote', ensemble: 'retail', why: `${changes}` } : { what: 'rollback', why: `${changes}` },
        )
      return changes
    })()
    const visitors = await Promise.all(Array.from({ length: CONVERSATIONS }, () => fetchVisitor(server.url)))
    await Promise.all(visitors.map(visitor => say(visitor, SAID.slice(0, TURNS))))
    isOver = true
    const changes = await exchanging
    const counts = new Map<string, number>()
    for (const visitor of visitors) {
      const decisions = await decisionsOf(visitor)
      assert.equal(decisions.length, TURNS)
      for (const { ensemble, votes, breakdown, locale, situation } of decisions) {
        counts.set(ensemble, (counts.get(ensemble) ?? 0) + 1)
        const named = [one, shipped].find(({ version }) => version === ensemble)
        assert.ok(named, ensemble)
        const ballots = votes.map((vote): Ballot => ({ ...vote, version: '' }))
        // What the conversation so far adds is not in the record by itself.
        const ofVoters = (shares: RecordedDecision['breakdown']) => shares.filter(({ voter }) => votes.some(vote => vote.voter === voter))
        const fused = ensembleOf(named).fuse(ballots, locale === 'en' ? 'en' : 'zh', situation.domain)
        assert.deepEqual(ofVoters(fused.breakdown), ofVoters(breakdown))
      }
    }
    assert.equal(
      [...counts.values()].reduce((sum, count) => sum + count, 0),
      CONVERSATIONS * TURNS,
    )
    assert.ok(changes > 2 && counts.size === 2, `${changes} changes, ${[...counts]}`)
    const { inForce } = await operator<{ inForce: string }>('/shops/demo/ensemble')
    if (inForce !== one.version) await order({ what: 'promote', ensemble: one.hash, why: 'as it began' })
  })

  await t.test('a tune estimates the prior of live traffic from the votes in the log', async () => {
    const [turns, json] = ['turns.jsonl', 'tuned.json'].map(name => join(data.path, name)) as [string, string] // of two
    const written = readFileSync(new URL('../turns/retail.en.jsonl', import.meta.url), 'utf8').split('\n')
    writeFileSync(turns, `${written.slice(0, 60).join('\n')}\n`)
    const args = ['tune', turns, '--traffic', '7d', '--folds', '2', '--json', json, '--url', server.url]
    const { status, stdout, stderr } = await parley(['ensemble', ...args], { env })
    assert.equal(status, 3, stderr) // too few turns to win
    assert.match(stdout, new RegExp(`^Live traffic, by the votes on ${CONVERSATIONS * TURNS} turns of the log\n +data +traffic\n`, 'm'))
    const { traffic, file } = JSON.parse(readFileSync(json, 'utf8')) as Tuned // our own command's output
    assert.equal(traffic.turns, CONVERSATIONS * TURNS)
    assert.deepEqual(file.priorOfTraffic, traffic.prior)
    const likeliest = Object.entries(traffic.prior).sort(([, p], [, q]) => q - p)
    assert.deepEqual(
      likeliest
        .slice(0, TURNS)
        .map(([action]) => action)
        .sort(),
      ['GREETING', 'INVOICE_REQUEST', 'STORE_INFO', 'THANKS', 'TRACK_ORDER'],
    )
  })

  await t.test('a canary keeps its conversations over a reconnection and a kill -9, and is told of beside the others', async () => {
    await order({ what: 'canary', ensemble: 'retail', share: 0.5 })
    const visitors = await Promise.all(Array.from({ length: 12 }, () => fetchVisitor(server.url)))
    const isItsOwn = async (turns: number): Promise<void> => {
      for (const visitor of visitors) {
        const expected = isCanarys(visitor.conversation, { hash: hashOf(SHIPPED), share: 0.5 }) ? shipped.version : one.version
        assert.deepEqual(
          (await decisionsOf(visitor)).map(({ ensemble }) => ensemble),
          Array.from({ length: turns }, () => expected),
        )
      }
    }
    for (const from of [0, 1]) await Promise.all(visitors.map(visitor => say(visitor, ['hello'], from)))
    await isItsOwn(2)
    await server.stop('SIGKILL')
    server = await startServer(data.path, { env, port: server.port })
    await Promise.all(visitors.map(visitor => say(visitor, ['I want to talk to a person'], 2)))
    await isItsOwn(3)
    const told = await command('canary', '--url', server.url)
    assert.match(told, /^Turns since .*\n.*in force retail@90-.* +canary retail@\d+-.* +difference\nturns +\d+ +\d+\n/)
    assert.match(told, /\nhanded over +\d.* % \(.* % to .* %\)/)
    const { canary } = await operator<{ canary: { arms: Record<string, { turns: number; conversations: number }> } }>(
      '/shops/demo/ensemble/canary',
    )
    assert.equal(canary.arms.inForce!.turns + canary.arms.canary!.turns, 36)
    assert.equal(canary.arms.inForce!.conversations + canary.arms.canary!.conversations, 12)
    const metrics = await (await fetch(`${server.url}/metrics`)).text()
    assert.match(metrics, new RegExp(`parley_ensemble_share\\{shop="demo",ensemble="${shipped.version}",as="canary"\\} 0.5`))
    await command('rollback', '--why', 'enough seen', '--url', server.url)
    assert.deepEqual(await operator('/shops/demo/ensemble'), { inForce: one.version, canary: null, shadow: null })
  })

  await t.test(
    'a shadow decides once more and counts for nothing; what it would do otherwise is listed, and nothing of who was erased',
    async () => {
      writeFileSync(join(data.path, 'deaf.yaml'), DEAF)
      await command('shadow', join(data.path, 'deaf.yaml'), '--url', server.url)
      const visitors = await Promise.all([0, 1].map(() => fetchVisitor(server.url)))
      for (const visitor of visitors) await say(visitor, ['thank you so much', 'can I get an invoice'])
      for (const visitor of visitors) for (const { ensemble } of await decisionsOf(visitor)) assert.equal(ensemble, one.version)
      const shadowNow = async (): Promise<Comparison & { readonly version: string }> =>
        JSON.parse(await command('shadow', '--json', '--url', server.url)) // our own command's output
      const before = await shadowNow()
      assert.deepEqual([before.version, before.counts.failed, before.counts.late], [deaf.version, 0, 0])
      assert.ok(
        before.counts.otherwise >= 2 && before.counts.same + before.counts.otherwise + before.counts.skipped === 4,
        JSON.stringify(before.counts),
      )
      assert.deepEqual(
        new Set(before.turns.map(({ conversation }) => conversation)),
        new Set(visitors.map(({ conversation }) => conversation)),
      )
      assert.equal(before.turns.at(-1)?.now.action, 'INVOICE_REQUEST')
      assert.doesNotMatch(JSON.stringify(before), /thank you/)
      const [gone] = visitors as [Visitor, Visitor] // of two
      await operator(`/shops/demo/conversations/${gone.conversation}`, undefined, 'DELETE')
      const after = await shadowNow()
      assert.ok(after.turns.length > 0 && after.turns.every(({ conversation }) => conversation !== gone.conversation))
      assert.match(await command('shadow', '--off', '--url', server.url), /^No ensemble runs in shadow any more/)
    },
  )

  await t.test('everything is in the history, with who and why', async () => {
    const history = JSON.parse(await command('history', '--json')) as readonly Noted[] // our own command's output
    assert.deepEqual(
      history.slice(0, 3).map(({ what, version }) => [what, version]),
      [
        ['shadow-off', deaf.version],
        ['shadow', deaf.version],
        ['rollback', one.version],
      ],
    )
    const { what, version, who, why } = history.at(-1)!
    assert.deepEqual([what, version, who, why], ['promote', one.version, 'ada', 'a first try'])
    const list = await command('list')
    assert.match(list, new RegExp(`^${one.version} +kept +in force in demo$`, 'm'))
    assert.equal(await command('show', deaf.version), DEAF)
  })

  await t.test(
    'killed between a version’s file and its record, the one before decides; what is damaged is told, and the settings’ decides',
    async () => {
      await server.stop('SIGKILL')
      const store = openEnsembleStore(data.path)
      const { hash } = store.add(ONE.replace('version: 90', 'version: 95'), 'test.yaml')
      server = await startServer(data.path, { env })
      assert.equal((await operator<{ inForce: string }>('/shops/demo/ensemble')).inForce, one.version)
      await server.stop('SIGKILL')
      await store.change('demo', { what: 'promote', hash }, { who: 'test', why: '' })
      await store.close()
      writeFileSync(join(data.path, 'ensembles', `${hash}.yaml`), ONE)
      server = await startServer(data.path, { env })
      assert.match(server.stderr(), /not as it was kept; what the shop's settings name decides in its place/)
      assert.equal((await operator<{ inForce: string }>('/shops/demo/ensemble')).inForce, shipped.version)
    },
  )
})
