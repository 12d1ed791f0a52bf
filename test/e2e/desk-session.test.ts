// An agent's session at the real server: signing in, what the cookie is, everything that ends it and everything that is refused.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { createSessionTokens } from '@parley/server/accounts/session-tokens.ts'
import { createSessions, DESK_COOKIE } from '@parley/server/accounts/sessions.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { loadSecret } from '@parley/server/secret.ts'
import { SignJWT } from 'jose'
import { faultCodeOf } from '../fault-code.ts'
import { fetchVisitor, NODE_FLAGS, type RunningServer, startServer, temporaryFolder } from './running-server.ts'

const MAIN = fileURLToPath(new URL('../../server/main.ts', import.meta.url))
const PASSWORD = 'crab soup at nine'
const JSON_TYPE = { 'content-type': 'application/json' }
const folder = temporaryFolder()
const env = { PARLEY_CONFIG: join(folder.path, 'parley.yaml'), PARLEY_TRUST_PROXY: 'loopback' }
let server: RunningServer

/** The command line beside the running server. */
function parley(args: readonly string[], input = ''): Promise<number | null> {
  const child = spawn(process.execPath, [...NODE_FLAGS, MAIN, ...args], {
    env: { ...process.env, ...env, PARLEY_DATA: folder.path },
    stdio: ['pipe', 'ignore', 'inherit'],
  })
  child.stdin.end(input)
  return new Promise(resolve => child.once('close', resolve))
}

async function addAgent(name: string, shop = 'demo'): Promise<void> {
  assert.equal(await parley(['agent', 'add', name, '--shop', shop, '--password-stdin'], `${PASSWORD}\n`), 0)
}

/** From an address of its own, so that the limits of one test are not another's; the proxy at loopback is believed. */
let addresses = 0
const newAddress = (): string => `10.0.0.${++addresses}`

interface Wish {
  readonly shop?: string
  readonly password?: string
  readonly address?: string
  readonly headers?: Readonly<Record<string, string>>
}
const signIn = (name: string, { shop = 'demo', password = PASSWORD, address = newAddress(), headers }: Wish = {}): Promise<Response> =>
  fetch(`${server.url}/v1/desk/session`, {
    method: 'POST',
    headers: { ...JSON_TYPE, 'x-forwarded-for': address, ...headers },
    body: JSON.stringify({ shop, name, password }),
  })

const cookieOf = (response: Response): string => response.headers.getSetCookie()[0]?.split(';')[0] ?? ''

async function cookieFor(name: string, wish?: Wish): Promise<string> {
  const response = await signIn(name, wish)
  assert.equal(response.status, 200, await response.text())
  return cookieOf(response)
}

const session = (cookie: string | undefined, method: 'GET' | 'DELETE' = 'GET', headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${server.url}/v1/desk/session`, { method, headers: { ...(cookie !== undefined && { cookie }), ...headers } })

/** Status and code of an answer. */
async function outcome(answer: Promise<Response>): Promise<string> {
  const response = await answer
  const text = await response.text()
  return text.startsWith('{') && response.status !== 200
    ? `${response.status} ${(JSON.parse(text) as { code: string }).code}`
    : String(response.status) // our own server's answer
}

before(async () => {
  writeFileSync(env.PARLEY_CONFIG, 'shops:\n  - { id: demo, name: Parley Fresh, plugins: [fresh-goods] }\n  - { id: other, plugins: [] }\n')
  server = await startServer(folder.path, { env })
  await addAgent('Anna')
  await addAgent('Chen', 'other')
})
after(async () => {
  await server.stop('SIGTERM')
  folder.remove()
})

test('[ACC1] an agent that the command line has added while the server ran signs in; wrong name and wrong password look alike', async () => {
  const answer = await signIn(' anna ')
  assert.equal(answer.status, 200)
  assert.equal(answer.headers.get('cache-control'), 'no-store')
  const body = (await answer.json()) as { agent: { id: string; name: string }; shop: unknown } // our own server's answer
  assert.match(body.agent.id, /^[\w-]{22}$/)
  assert.deepEqual(body, { agent: { id: body.agent.id, name: 'Anna', isSupervisor: false }, shop: { id: 'demo', name: 'Parley Fresh' } })
  const again = await session(cookieOf(answer))
  assert.equal(again.status, 200)
  assert.deepEqual(await again.json(), body)
  const theirs = await session(await cookieFor('Chen', { shop: 'other' }))
  assert.deepEqual(((await theirs.json()) as { shop: unknown }).shop, { id: 'other', name: 'other' }, 'a shop without a name has its id')

  const refusals = [
    await signIn('Anna', { password: 'not her password' }),
    await signIn('Nobody'),
    await signIn('Chen'), // of another shop, with the right password
    await signIn('Anna', { shop: 'other' }),
  ]
  const told = await Promise.all(refusals.map(async response => `${response.status} ${await response.text()}`))
  assert.match(told[0] ?? '', /^401 .*"SIGN_IN_REFUSED"/)
  assert.equal(new Set(told).size, 1, told.join('\n'))
  for (const response of refusals) assert.deepEqual(response.headers.getSetCookie(), [])
  assert.equal(await outcome(signIn('Anna', { shop: 'nowhere' })), '404 UNKNOWN_SHOP')
})

test('[ACC6] no script and no other site gets at the cookie; it is for https alone where the request came by https', async () => {
  const flags = async (headers: Record<string, string>): Promise<string[]> => {
    const [cookie = ''] = (await signIn('Anna', { headers })).headers.getSetCookie()
    return cookie.split('; ').slice(1).sort()
  }
  const always = ['HttpOnly', 'Max-Age=43200', 'Path=/v1/desk', 'SameSite=Strict']
  assert.deepEqual(await flags({}), always)
  assert.deepEqual(await flags({ 'x-forwarded-proto': 'https' }), [...always, 'Secure'])

  const plain = temporaryFolder()
  const trusting = server
  const settings = join(plain.path, 'parley.yaml')
  writeFileSync(settings, 'limits: { signInsPerMinute: 3 }\n')
  server = await startServer(plain.path, { env: { PARLEY_CONFIG: settings } })
  try {
    const rows = openLmdbAccounts(join(plain.path, 'accounts'))
    await createAccounts(rows).add('demo', 'Anna', PASSWORD)
    await rows.close()
    assert.deepEqual(await flags({ 'x-forwarded-proto': 'https' }), always, 'who has not been told to trust a proxy does not')
    const spread = Array.from({ length: 5 }, (_, i) => outcome(signIn(`nobody ${i}`, { address: newAddress() })))
    assert.ok((await Promise.all(spread)).includes('429 RATE_LIMITED'), 'nor does it count addresses that anybody can make up')
  } finally {
    await server.stop('SIGTERM')
    server = trusting
    plain.remove()
  }
})

test('[ACC6] a page of another site can neither sign in nor out, nor send what a form sends', async () => {
  const cookie = await cookieFor('Anna')
  const own = new URL(server.url).origin
  for (const origin of ['https://evil.example', 'null', own.replace(/\d+$/, '1')]) {
    assert.equal(await outcome(signIn('Anna', { headers: { origin } })), '403 ORIGIN_REFUSED', origin)
    assert.equal(await outcome(session(cookie, 'GET', { origin })), '403 ORIGIN_REFUSED', origin)
    assert.equal(await outcome(session(cookie, 'DELETE', { origin })), '403 ORIGIN_REFUSED', origin)
  }
  assert.equal(await outcome(session(cookie, 'GET', { origin: own })), '200', 'and the session stands')
  const body = JSON.stringify({ shop: 'demo', name: 'Anna', password: PASSWORD })
  for (const type of [
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'text/plain; application/json',
  ]) {
    const answer = await fetch(`${server.url}/v1/desk/session`, { method: 'POST', headers: { 'content-type': type }, body })
    assert.equal(answer.status, 415, type)
  }
  for (const odd of [
    '',
    '[]',
    '{"shop":"demo","name":"Anna"}',
    '{"shop":"demo","name":"Anna","password":7}',
    '{"shop":',
    `${body.slice(0, -1)},"x":1}`,
  ])
    assert.equal(
      await outcome(fetch(`${server.url}/v1/desk/session`, { method: 'POST', headers: JSON_TYPE, body: odd })),
      '400 FRAME_INVALID',
      odd,
    )
})

test('[ACC4] tries are limited by name from whatever address, and by address for whatever name; the answer says how long', async () => {
  await addAgent('Limited')
  for (const spelling of [
    'limited',
    'LIMITED',
    ' Limited',
    'Ｌｉｍｉｔｅｄ',
    'limited ',
    'Limited',
    'lIMITED',
    'limiteD',
    'liMIted',
    'limiTED',
  ])
    assert.equal(await outcome(signIn(spelling, { password: 'not the password' })), '401 SIGN_IN_REFUSED', spelling)
  const refused = await signIn('Limited')
  assert.equal(refused.status, 429)
  const seconds = Number(refused.headers.get('retry-after'))
  assert.ok(seconds > 0 && seconds <= 60, `${seconds}`)
  assert.equal(((await refused.json()) as { code: string }).code, 'RATE_LIMITED')
  assert.equal(await outcome(signIn('Anna')), '200', 'nobody else is held up')

  const address = newAddress()
  const tries = await Promise.all(Array.from({ length: 40 }, (_, i) => outcome(signIn(`nobody ${i}`, { address }))))
  assert.ok(tries.filter(tried => tried === '401 SIGN_IN_REFUSED').length >= 30)
  assert.ok(tries.includes('429 RATE_LIMITED')) // how many, depends on how fast they came: one more is let through every two seconds
  assert.equal(tries.filter(tried => !/^401 SIGN_IN_REFUSED$|^429 RATE_LIMITED$/.test(tried)).length, 0)
  assert.equal(await outcome(signIn('Anna')), '200')
})

test('[ACC5] a sign-out, a new password and a removal end every session of the agent at once, and nobody else’s', async () => {
  await addAgent('Dora')
  const bystander = await cookieFor('Anna')
  const cookies = [await cookieFor('Dora'), await cookieFor('Dora')]
  const signedOut = await session(cookies[0], 'DELETE')
  assert.equal(signedOut.status, 204)
  assert.match(signedOut.headers.getSetCookie()[0] ?? '', /^parley_desk=; Max-Age=0; Path=\/v1\/desk/)
  for (const cookie of cookies) assert.equal(await outcome(session(cookie)), '401 TOKEN_INVALID')
  assert.equal(await outcome(session(cookies[0], 'DELETE')), '204', 'a second sign-out is harmless')
  assert.equal(await outcome(session(undefined, 'DELETE')), '204')

  const fresh = await cookieFor('Dora') // within the second of the sign-out
  assert.equal(await outcome(session(fresh)), '200')
  assert.equal(await parley(['agent', 'password', 'dora', '--shop', 'demo', '--password-stdin'], 'another soup at ten'), 0)
  assert.equal(await outcome(session(fresh)), '401 TOKEN_INVALID')
  assert.equal(await outcome(signIn('Dora')), '401 SIGN_IN_REFUSED')
  const last = await cookieFor('Dora', { password: 'another soup at ten' })
  assert.equal(await parley(['agent', 'remove', 'Dora', '--shop', 'demo', '--yes']), 0)
  assert.equal(await outcome(session(last)), '401 TOKEN_INVALID')
  assert.equal(await outcome(signIn('Dora', { password: 'another soup at ten' })), '401 SIGN_IN_REFUSED')
  await addAgent('Dora')
  assert.equal(await outcome(session(last)), '401 TOKEN_INVALID', 'a new agent of the old name is somebody else')
  assert.equal(await outcome(session(bystander)), '200')
})

test('[ACC6] a forged, foreign, expired or crooked token opens nothing', async () => {
  const answer = await signIn('Anna')
  const { agent } = (await answer.json()) as { agent: { id: string } } // our own server's answer
  const secret = loadSecret(folder.path)
  const key = secret.keyFor('desk-sessions')
  const now = Math.floor(Date.now() / 1000)
  const good = { sub: agent.id, shop: 'demo', endings: 0, iss: 'parley', aud: 'desk', iat: now, exp: now + 60 }
  const sign = (claims: object, by: Uint8Array = key, alg = 'HS256'): Promise<string> =>
    new SignJWT({ ...claims }).setProtectedHeader({ alg }).sign(by)
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const visitor = await fetchVisitor(server.url)
  const { endings: _e, ...withoutEndings } = good
  const { exp: _x, ...withoutEnd } = good

  assert.equal(
    await outcome(session(`parley_desk=${await sign(good)}`)),
    '200',
    'made by the real key: what follows is refused for its reason',
  )
  assert.equal(await outcome(session(`a=b; parley_desk=${await sign(good)}; c=d`)), '200')
  for (const [what, token, code] of [
    ['none', `${encode({ alg: 'none' })}.${encode(good)}.`, 'TOKEN_INVALID'],
    ['another key', await sign(good, new Uint8Array(32).fill(7)), 'TOKEN_INVALID'],
    ['the visitors’ key', await sign(good, secret.keyFor('visitor-tokens')), 'TOKEN_INVALID'],
    ['another algorithm', await sign(good, Buffer.concat([key, key]), 'HS512'), 'TOKEN_INVALID'],
    ['another audience', await sign({ ...good, aud: 'socket' }), 'TOKEN_INVALID'],
    ['another issuer', await sign({ ...good, iss: 'somebody' }), 'TOKEN_INVALID'],
    ['a visitor’s token', visitor.token, 'TOKEN_INVALID'],
    ['a visitor’s refresh token', visitor.refresh, 'TOKEN_INVALID'],
    ['expired', await sign({ ...good, iat: now - 43_201, exp: now - 1 }), 'TOKEN_EXPIRED'],
    ['without an end', await sign(withoutEnd), 'TOKEN_INVALID'],
    ['without its number', await sign(withoutEndings), 'TOKEN_INVALID'],
    ['another number', await sign({ ...good, endings: 1 }), 'TOKEN_INVALID'],
    ['another shop', await sign({ ...good, shop: 'other' }), 'TOKEN_INVALID'],
    ['no shop of ours', await sign({ ...good, shop: 'nowhere' }), 'TOKEN_INVALID'],
    ['nobody', await sign({ ...good, sub: 'nobody' }), 'TOKEN_INVALID'],
    ['a crooked id', await sign({ ...good, sub: '../../etc' }), 'TOKEN_INVALID'],
    ['a list', await sign({ ...good, shop: ['demo'] }), 'TOKEN_INVALID'],
    ['nothing', '', 'TOKEN_INVALID'],
    ['no token', 'x', 'TOKEN_INVALID'],
  ] as const)
    assert.equal(await outcome(session(`parley_desk=${token}`)), `401 ${code}`, what)
  assert.equal(await outcome(session(undefined)), '401 TOKEN_INVALID')
  assert.equal(
    (
      await fetch(`${server.url}/v1/operator/shops/demo/conversations/c/decisions`, {
        headers: { authorization: `Bearer ${cookieOf(answer)}` },
      })
    ).status,
    401,
  )
})

test('[ACC6] the upgrade of a socket knows the agent by the same cookie, origin and host', async () => {
  const cookie = await cookieFor('Anna')
  const rows = openLmdbAccounts(join(folder.path, 'accounts'))
  try {
    const { personOf } = createSessions({
      accounts: createAccounts(rows),
      tokens: createSessionTokens(loadSecret(folder.path).keyFor('desk-sessions'), 'desk'),
      hasShop: shop => shop === 'demo',
      page: '/desk',
      cookie: DESK_COOKIE,
    })
    const { id: _id, ...who } = await personOf(cookie, 'http://127.0.0.1:8080', '127.0.0.1:8080')
    assert.deepEqual(who, { name: 'Anna', shop: 'demo', role: 'agent' })
    assert.equal(await faultCodeOf(personOf(cookie, 'http://evil.example', '127.0.0.1:8080')), 'ORIGIN_REFUSED')
    assert.equal(await faultCodeOf(personOf(undefined, undefined, '127.0.0.1:8080')), 'TOKEN_INVALID')
    const theirs = await cookieFor('Chen', { shop: 'other' })
    assert.equal(await faultCodeOf(personOf(theirs, undefined, '127.0.0.1:8080')), 'TOKEN_INVALID', 'a shop that is no more opens nothing')
  } finally {
    await rows.close()
  }
})

test('the console’s page has the headers of a page, and says so where it is not built', async () => {
  const answer = await fetch(`${server.url}/desk`)
  assert.equal(answer.status, existsSync(new URL('../../web/dist/desk/index.html', import.meta.url)) ? 200 : 503)
  assert.match(answer.headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  assert.equal(answer.headers.get('x-content-type-options'), 'nosniff')
})

test('[ACC3] faults are counted, and neither files nor logs hold a password', async () => {
  const metrics = await (await fetch(`${server.url}/metrics`)).text()
  for (const code of ['SIGN_IN_REFUSED', 'RATE_LIMITED', 'ORIGIN_REFUSED', 'TOKEN_EXPIRED'])
    assert.match(metrics, new RegExp(`parley_faults_total\\{code="${code}"\\} [1-9]`))
  assert.match(metrics, /parley_bugs_total 0/)
  assert.doesNotMatch(metrics, /anna|crab soup/i)
  assert.doesNotMatch(server.stderr(), /crab soup|another soup/)
  const files = globSync('**/*', { cwd: folder.path, withFileTypes: true }).filter(entry => entry.isFile())
  assert.ok(files.length > 3)
  for (const file of files) assert.ok(!readFileSync(join(file.parentPath, file.name)).includes('crab soup'), file.name)
})
