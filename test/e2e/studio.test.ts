// What stands behind /studio, of a real server: who is let in, and all that a data team does there.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import type { EnsemblesView, EnsembleView, SetUploaded, SetView, ShopView, StudioSession } from '@parley/core/protocol/studio.ts'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { makePeople, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

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
