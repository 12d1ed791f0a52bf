// What stands behind /studio, of a real server: who is let in, and all that a data team does there.
import assert from 'node:assert/strict'
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import type {
  AgreementView,
  DriftView,
  EnsemblesView,
  EnsembleView,
  LabelPage,
  ReportOrder,
  ReportView,
  SetUploaded,
  SetView,
  ShopView,
  StudioSession,
  Trial,
  TrialOrder,
} from '@parley/core/protocol/studio.ts'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { parley } from './parley-command.ts'
import { fetchVisitor, joinConversation, makePeople, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const PATIENT = fileURLToPath(new URL('patient.yaml', import.meta.url))
const PASSWORD = 'crab soup at nine'
const folder = temporaryFolder()
let server: RunningServer
let cookie: string
let desk: string

before(async () => {
  const accounts = createAccounts(openLmdbAccounts(join(folder.path, 'accounts')))
  await accounts.add('demo', 'Lin Yu', PASSWORD, 'data')
  await accounts.add('demo', 'Anna', PASSWORD)
  await accounts.close()
  ;[desk = ''] = await makePeople(folder.path, ['Wu'], 'demo', 'supervisor')
  server = await startServer(folder.path)
})
after(async () => {
  await server.stop('SIGKILL')
  folder.remove()
})

const fetched = (path: string, { as = cookie, body, method = body === undefined ? 'GET' : 'POST', ...headers }: Asked = {}) =>
  fetch(`${server.url}/v1/studio${path}`, {
    method,
    headers: { ...(as && { cookie: as }), ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  })
interface Asked {
  readonly as?: string
  readonly body?: object
  readonly method?: string
  readonly origin?: string
}

async function ask<T>(path: string, asked: Asked = {}): Promise<T> {
  const answer = await fetched(path, asked)
  assert.equal(answer.status, 200, `${path}: ${await answer.clone().text()}`)
  return (await answer.json()) as T // our own server's answer
}

async function refused(path: string, asked: Asked = {}): Promise<string> {
  const answer = await fetched(path, asked)
  return `${answer.status} ${((await answer.json()) as { readonly code: string }).code}` // as above
}

const signIn = (path: string, name: string, password = PASSWORD): Promise<Response> =>
  fetch(`${server.url}/v1/${path}/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ shop: 'demo', name, password }),
  })

test('[STUD1] [ACC7] a data person signs in at the studio, an agent and a supervisor do not, nor the other way', async () => {
  const answer = await signIn('studio', 'lin yu')
  assert.equal(answer.status, 200)
  const set = answer.headers.get('set-cookie') ?? ''
  assert.match(set, /^parley_studio=[^;]+; Max-Age=43200; Path=\/v1\/studio; HttpOnly; SameSite=Strict$/i)
  cookie = set.split(';', 1)[0] ?? ''
  assert.deepEqual(await answer.json(), { person: { name: 'Lin Yu' }, shop: { id: 'demo', name: 'Parley Fresh' } })
  assert.equal((await ask<StudioSession>('/session')).person.name, 'Lin Yu')
  const other = await signIn('studio', 'Anna')
  assert.deepEqual([other.status, ((await other.json()) as { readonly code: string }).code], [403, 'ROLE_REFUSED'])
  const atDesk = await signIn('desk', 'Lin Yu')
  assert.deepEqual([atDesk.status, ((await atDesk.json()) as { readonly page: string }).page], [403, '/studio'])
  assert.equal((await signIn('studio', 'Lin Yu', 'another soup')).status, 401)
  assert.equal(await refused('/ensembles', { as: '' }), '401 TOKEN_INVALID')
  assert.equal(await refused('/ensembles', { as: desk }), '401 TOKEN_INVALID')
  assert.equal(
    await refused('/ensembles', { as: desk.replace('parley_desk', 'parley_studio') }),
    '401 TOKEN_INVALID',
    'a token of the desk',
  )
  const asDesk = cookie.replace('parley_studio', 'parley_desk')
  assert.equal((await fetch(`${server.url}/v1/desk/session`, { headers: { cookie: asDesk } })).status, 401, 'a token of the studio')
  assert.equal(await refused('/ensembles', { origin: 'http://evil.example' }), '403 ORIGIN_REFUSED')
})

test('the shop is told: actions by name, voters, costs', async () => {
  const { actions, voters, costs } = await ask<ShopView>('/shop')
  assert.equal(actions.find(({ id }) => id === 'FOOD_SAFETY')?.alwaysPerson, true)
  assert.deepEqual(actions.find(({ id }) => id === 'TRACK_ORDER')?.label, { 'zh-CN': '查询物流', en: 'where an order is' })
  assert.ok(voters.includes('keyword') && voters.includes('intent'))
  assert.deepEqual(costs, { wrongAnswer: 10, clarify: 3.5, handoff: 7, handoffVaries: false })
})

const TURNS = [
  { text: 'where is my parcel', action: 'TRACK_ORDER' },
  { text: 'two of the crabs are dead', action: 'COMPENSATE' },
  { text: '给我开张发票', action: 'INVOICE_REQUEST' },
]
const JSONL = `${TURNS.map(row => JSON.stringify(row)).join('\n')}\n{"text": "x", "action": "FIND_IT"}\nnot json\n`

test('[STUD3] a set is kept word for word, what is wrong is named, and it can be removed', async () => {
  const { set, problems } = await ask<SetUploaded>('/sets', { body: { name: 'March', text: JSONL } })
  assert.ok(set)
  assert.deepEqual([set.name, set.turns, set.conversations, set.bad, set.who], ['March', 3, 3, 2, 'Lin Yu'])
  assert.deepEqual(
    problems.map(({ line, severity, reason }) => [line, severity, reason]),
    [
      [4, 'error', 'the shop has no action "FIND_IT"'],
      [5, 'error', 'it is not JSON'],
    ],
  )
  assert.equal(await (await fetched(`/sets/${set.id}/text`)).text(), JSONL)
  assert.deepEqual(await ask<SetUploaded>(`/sets/${set.id}`), { set, problems })
  const none = await ask<SetUploaded>('/sets', { body: { name: 'Nothing', text: 'not json' } })
  assert.deepEqual([none.set, none.problems.length], [null, 1])
  const listed = async (): Promise<readonly string[]> => (await ask<{ sets: readonly SetView[] }>('/sets')).sets.map(({ name }) => name)
  assert.deepEqual(await listed(), ['labelled', 'March'])
  assert.equal((await fetched(`/sets/${set.id}`, { method: 'DELETE' })).status, 204)
  assert.deepEqual(await listed(), ['labelled'])
  assert.equal(await refused(`/sets/${set.id}`), '404 UNKNOWN_SET')
  assert.equal(await refused('/sets', { body: { name: '', text: 'x' } }), '400 FRAME_INVALID')
})

test('[STUD2] an order is done at once, and the history says who and why', async () => {
  const before = await ask<EnsemblesView>('/ensembles')
  assert.equal(before.standing.inForce, before.versions.find(({ isShipped }) => isShipped)?.version)
  assert.equal(before.standing.rollback, null)
  assert.match((await ask<EnsembleView>('/ensembles/retail')).text, /^.*name: retail/ms)
  assert.equal(await refused('/ensembles/orders', { body: { what: 'promote', ensemble: 'retail', why: ' ' } }), '400 FRAME_INVALID')
  assert.equal(await refused('/ensembles/orders', { body: { what: 'promote', ensemble: 'none@1', why: 'x' } }), '404 UNKNOWN_ENSEMBLE')
  const after = await ask<EnsemblesView>('/ensembles/orders', { body: { what: 'promote', ensemble: 'retail', why: 'as it comes' } })
  assert.deepEqual(after.standing.rollback, { what: 'puts-back', version: 'settings' })
  const { at, ...line } = after.history[0]!
  assert.ok(at > 0)
  assert.deepEqual(line, { what: 'promote', version: before.standing.inForce, who: 'Lin Yu', why: 'as it comes' })
  const back = await ask<EnsemblesView>('/ensembles/orders', { body: { what: 'rollback', why: 'it was not' } })
  assert.deepEqual([back.standing.rollback, back.history.length], [null, 2])
  assert.equal(await refused('/ensembles/orders', { body: { what: 'rollback', why: 'again' } }), '409 NO_EARLIER_ENSEMBLE')
})

const upload = async (): Promise<string> => (await ask<SetUploaded>('/sets', { body: { name: 'March', text: JSONL } })).set!.id // it has turns

/** When it is under way no more. */
async function ended(id: string): Promise<ReportView> {
  for (;;) {
    const view = await ask<ReportView>(`/reports/${id}`)
    if (view.state.state !== 'waiting' && view.state.state !== 'running') return view
    await new Promise(resolve => setTimeout(resolve, 100)) // as the page asks again
  }
}

const report = async (order: ReportOrder): Promise<ReportView> => ended((await ask<ReportView>('/reports', { body: order })).id)

interface Headlines {
  readonly headlines: Readonly<Record<string, { readonly value: number | null }>>
}
/** Of what is in force, on those turns. */
let headlines: Headlines['headlines'] = {}

test('[STUD5] a report is worked out in the background: what it says is what the command line says', async () => {
  const set = await upload()
  const ordered = await ask<ReportView>('/reports', { body: { kind: 'evaluation', set, ensemble: 'in-force' } })
  const inForce = (await ask<EnsemblesView>('/ensembles')).standing.inForce
  assert.deepEqual(ordered.order, { kind: 'evaluation', set, ensemble: inForce })
  assert.ok(['waiting', 'running'].includes(ordered.state.state))
  assert.equal(await refused(`/reports/${ordered.id}/result`), '409 REPORT_NOT_DONE')
  const view = await ended(ordered.id)
  assert.equal(view.state.state, 'done', JSON.stringify(view))
  assert.deepEqual([view.who, view.setName], ['Lin Yu', 'March'])
  ;({ headlines } = await ask<Headlines>(`/reports/${ordered.id}/result`))
  const file = join(folder.path, 'turns.jsonl')
  const json = join(folder.path, 'report.json')
  writeFileSync(file, JSONL)
  const told = await parley(['ensemble', 'evaluate', file, '--skip-bad', '--json', json], {
    env: { PARLEY_DATA: folder.path, PARLEY_CONFIG: PATIENT },
  })
  assert.equal(told.status, 0, told.stderr)
  assert.deepEqual(await ask(`/reports/${ordered.id}/result`), JSON.parse(readFileSync(json, 'utf8')))
  const compared = await report({ kind: 'comparison', set, a: 'in-force', b: 'retail' })
  assert.equal(compared.state.state, 'done')
  const result = await ask<Readonly<Record<'turns' | 'groups' | 'gate', unknown>>>(`/reports/${compared.id}/result`)
  assert.deepEqual([result.turns, result.groups, result.gate], [3, [], { maxBroken: null, against: [] }])
  const sent = await fetched(`/reports/${compared.id}/html`)
  assert.match(sent.headers.get('content-disposition') ?? '', /^attachment; filename="report-.*\.html"$/)
  assert.match(await sent.text(), /^<!doctype html>/)
  assert.equal((await fetched(`/reports/${compared.id}`, { method: 'DELETE' })).status, 204)
  assert.equal(await refused(`/reports/${compared.id}`), '404 UNKNOWN_REPORT')
})

test('[STUD6] a report that is cancelled, or that the end of the server broke off, says so and can begin again', async () => {
  const set = await upload()
  const { id } = await ask<ReportView>('/reports', { body: { kind: 'evaluation', set, ensemble: 'retail' } })
  assert.equal((await ask<ReportView>(`/reports/${id}/cancel`, { method: 'POST', body: {} })).state.state, 'cancelled')
  await ask<ReportView>(`/reports/${id}/again`, { method: 'POST', body: {} })
  await server.stop('SIGKILL')
  server = await startServer(folder.path)
  assert.equal((await ask<ReportView>(`/reports/${id}`)).state.state, 'broken-off')
  const again = await ask<ReportView>(`/reports/${id}/again`, { method: 'POST', body: {} })
  assert.ok(['waiting', 'running'].includes(again.state.state))
  assert.equal((await fetched(`/reports/${id}`, { method: 'DELETE' })).status, 204, 'which ends it')
})

interface Said {
  readonly conversation: string
  readonly turn: number
}

/** A conversation in which one thing was said. */
async function said(text: string): Promise<Said> {
  const visitor = await fetchVisitor(server.url)
  const line = await joinConversation(server.url, visitor)
  await line.next('welcome')
  line.send({ type: 'say', ref: 'm1', text })
  await line.next('events', ({ events }) => events.some(({ type }) => type === 'reply'))
  line.socket.close()
  const turns = await (await operator(`/shops/demo/turns?conversation=${visitor.conversation}`, 'GET')).text()
  const [first] = turns
    .trim()
    .split('\n')
    .map(row => JSON.parse(row) as { readonly turn: { readonly received: Said } }) // our own server's
  return { conversation: visitor.conversation, turn: first!.turn.received.turn }
}

const operator = (path: string, method: string, body?: object): Promise<Response> =>
  fetch(`${server.url}/v1/operator${path}`, {
    method,
    headers: {
      authorization: `Bearer ${loadOrMakeSecret(folder.path).keyFor('operator').toString('hex')}`,
      ...(body && { 'content-type': 'application/json' }),
    },
    ...(body && { body: JSON.stringify(body) }),
  })

test('[STUD4] what quotes a conversation is gone when it is erased: results, and lines of sets', async () => {
  const [one, other] = [await said('an erased herring, where is my parcel'), await said('do you deliver to Chengdu')]
  const labels = [
    { ...one, who: 'Lin', action: 'TRACK_ORDER' },
    { ...other, who: 'Lin', action: 'DELIVERY_INFO' },
  ]
  assert.deepEqual(await (await operator('/shops/demo/labels', 'POST', { labels })).json(), { kept: 2, gone: [] })
  const row = JSON.stringify({ text: 'an erased herring', action: 'TRACK_ORDER', conversation: one.conversation })
  const { set } = await ask<SetUploaded>('/sets', { body: { name: 'April', text: `${row}\n${JSONL}` } })
  assert.ok(set)
  const [ofLabels, ofSet, ofLog] = [
    await report({ kind: 'evaluation', set: 'labelled', ensemble: 'retail' }),
    await report({ kind: 'evaluation', set: set.id, ensemble: 'retail' }),
    await report({ kind: 'log-comparison', a: 'retail', b: (await deaf()).version, days: 7 }),
  ]
  for (const { id, state } of [ofLabels, ofSet, ofLog]) {
    assert.equal(state.state, 'done', JSON.stringify(state))
    assert.match(await (await fetched(`/reports/${id}/result`)).text(), /an erased herring/)
  }
  assert.equal((await operator(`/shops/demo/conversations/${one.conversation}`, 'DELETE')).status, 200)
  for (const { id } of [ofLabels, ofSet, ofLog]) {
    assert.equal((await ask<ReportView>(`/reports/${id}`)).state.state, 'erased')
    assert.equal(await refused(`/reports/${id}/result`), '409 REPORT_NOT_DONE')
  }
  assert.equal(await (await fetched(`/sets/${set.id}/text`)).text(), `\n${JSONL}`)
  assert.equal((await ask<SetUploaded>(`/sets/${set.id}`)).set?.turns, 3)
  const files = globSync('studio/**/*', { cwd: folder.path, withFileTypes: true }).filter(entry => entry.isFile())
  assert.ok(files.length > 3)
  for (const file of files) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes('erased herring'), file.name)
})

/** Hears nobody, and holds everything to be about an invoice. */
const deaf = async (): Promise<{ readonly version: string }> =>
  (await (
    await operator('/ensembles', 'POST', { text: 'name: deaf\nversion: 1\nvoters: {}\nprior: { INVOICE_REQUEST: 0.99 }\n' })
  ).json()) as {
    readonly version: string
  } // our own server's answer

/** When the votes of the set are there. */
async function tried(order: Omit<TrialOrder, 'asked'>): Promise<Extract<Trial, { readonly state: 'ready' }>> {
  for (let asked = 1; ; asked++) {
    const trial = await ask<Trial>('/trials', { body: { ...order, asked } })
    assert.equal(trial.asked, asked)
    if (trial.state === 'ready') return trial
    await new Promise(resolve => setTimeout(resolve, 100)) // as the page asks again
  }
}

test('[STUD7] other weights and costs are tried, and kept as a version with who and why', async () => {
  const set = await upload()
  const same = await tried({ set, ensemble: 'in-force', weights: {}, costs: null })
  assert.deepEqual([same.turns, same.changed, same.settings], [3, [], null])
  assert.ok(Object.keys(headlines).length > 5)
  for (const [name, { value }] of Object.entries(headlines)) assert.deepEqual(same.figures[name], { before: value, now: value }, name)
  const weights = Object.fromEntries(['keyword', 'intent', 'intent:end'].map(voter => [voter, { zh: 0, en: 0 }]))
  const silent = await tried({ set, ensemble: 'in-force', weights, costs: { wrongAnswer: 20, clarify: 2, handoff: 9 } })
  assert.ok(silent.changed.length > 0)
  assert.match(silent.settings ?? '', /^shops:\n {2}- id: demo\n {4}costs:\n {6}wrongAnswer: 20\n {6}clarify: 2\n {6}handoff: 9\n$/)
  const kept = await ask<{ readonly version: string }>('/trials/keep', {
    body: { ensemble: 'in-force', weights, name: 'quiet', why: 'to see' },
  })
  assert.match(kept.version, /^quiet@1-/)
  const { versions, history, standing } = await ask<EnsemblesView>('/ensembles')
  assert.deepEqual(versions.find(({ version }) => version === kept.version)?.weights.intent, { zh: 0, en: 0 })
  assert.notEqual(standing.inForce, kept.version)
  assert.deepEqual([history[0]?.what, history[0]?.version, history[0]?.who, history[0]?.why], ['keep', kept.version, 'Lin Yu', 'to see'])
  const asKept = await tried({ set, ensemble: kept.version, weights: {}, costs: { wrongAnswer: 20, clarify: 2, handoff: 9 } })
  for (const name of Object.keys(silent.figures)) assert.deepEqual(asKept.figures[name]?.now, silent.figures[name]?.now, name)
  assert.equal(
    await refused('/trials', { body: { set: 'none', ensemble: 'retail', weights: {}, costs: null, asked: 1 } }),
    '404 UNKNOWN_SET',
  )
})

test('[LAB1] [LAB3] [STUD8] the queue shows turns with what was said around them; what is said of one is kept under the name of who is signed in', async () => {
  const turn = await said('blorp vex quandle')
  const page = async (): Promise<LabelPage> => {
    for (;;) {
      const found = await ask<LabelPage>('/labels?limit=5')
      if (found.readAt !== null) return found
      await new Promise(resolve => setTimeout(resolve, 50)) // as the page asks again
    }
  }
  const before = await page()
  const row = before.rows.find(({ text }) => text === 'blorp vex quandle')
  assert.ok(row, JSON.stringify(before))
  assert.deepEqual([row.conversation, row.turn, row.times, row.before], [turn.conversation, turn.turn, 1, []])
  assert.ok(row.likely.length > 1 && row.likely.every(({ p }) => p > 0 && p <= 1) && row.votes.some(({ voter }) => voter === 'keyword'))
  assert.ok(row.reply.length > 0)
  assert.ok(
    ['prior', 'intent'].every(name => row.shares.some(({ what }) => what === name)),
    JSON.stringify(row.shares),
  )
  const say = async (body: object): Promise<number> => (await fetched('/labels', { body })).status
  assert.equal(await say({ ...turn, action: null }), 204)
  const skipped = await page()
  assert.deepEqual([skipped.skipped, skipped.total], [1, before.total - 1])
  assert.ok(!skipped.rows.some(({ text }) => text === 'blorp vex quandle'))
  assert.equal((await fetched('/labels/undo', { body: turn })).status, 204)
  assert.equal((await page()).total, before.total)
  assert.equal(await say({ ...turn, action: 'OUT_OF_SCOPE' }), 204)
  assert.deepEqual([(await page()).labelled, (await page()).total], [1, before.total - 1])
  assert.equal(await refused('/labels', { body: { ...turn, action: 'FIND_IT' } }), '400 LABEL_INVALID')
  assert.equal(await refused('/labels', { body: { ...turn, turn: 99, action: 'THANKS' } }), '400 LABEL_INVALID')
  const labels = [{ ...turn, who: 'Chen', action: 'PRODUCT_INFO' }]
  assert.equal((await operator('/shops/demo/labels', 'POST', { labels })).status, 200)
  const { people, pairs, disputes, disputed } = await ask<AgreementView>('/labels/agreement')
  assert.ok(people.some(({ who, labels: of }) => who === 'Lin_Yu' && of === 1))
  assert.deepEqual(
    pairs.map(({ a, b, turns, agreed }) => [a, b, turns, agreed]),
    [['Chen', 'Lin_Yu', 1, 0]],
  )
  assert.deepEqual(disputes, [{ actions: ['OUT_OF_SCOPE', 'PRODUCT_INFO'], turns: 1 }])
  assert.deepEqual(disputed, [{ ...turn, said: { Chen: 'PRODUCT_INFO', Lin_Yu: 'OUT_OF_SCOPE' } }])
})

test('[STUD9] drift counts the turns of the week', async () => {
  for (;;) {
    const { at, weeks } = await ask<DriftView>('/drift')
    if (at === null) {
      await new Promise(resolve => setTimeout(resolve, 50)) // as the page asks again
      continue
    }
    const turns = weeks.reduce((sum, week) => sum + week.turns, 0)
    assert.equal(turns, 2, 'those that were said here, without the erased one')
    assert.equal(
      weeks.reduce((sum, { labelled }) => sum + (labelled?.turns ?? 0), 0),
      1,
      'one is disputed',
    )
    return
  }
})
