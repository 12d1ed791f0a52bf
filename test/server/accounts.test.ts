// The accounts of agents: names, passwords, hashes, and two processes at one store. Costs are low where the cost is not what is tested.
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { globSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { isFault } from '@parley/core/faults.ts'
import { type Accounts, type AccountsOptions, createAccounts } from '@parley/server/accounts/accounts.ts'
import { checkOrigin } from '@parley/server/accounts/own-origin.ts'
import { COST, type Cost, deriveByScrypt } from '@parley/server/accounts/password-hash.ts'
import { checkPassword } from '@parley/server/accounts/password-rules.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { withSum } from '@parley/server/drivers/summed-text.ts'
import { countingDerive } from '../contracts/accounts.ts'
import { NODE_FLAGS, temporaryFolder } from '../e2e/running-server.ts'
import { faultCodeOf } from '../fault-code.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const CHEAP: Cost = { n: 2 ** 10, r: 8, p: 1 }
const PASSWORD = 'crab soup at nine'

async function withAccounts(options: AccountsOptions, work: (accounts: Accounts, folder: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder()
  const accounts = createAccounts(openLmdbAccounts(folder.path), { cost: CHEAP, ...options })
  try {
    await work(accounts, folder.path)
  } finally {
    await accounts.close()
    folder.remove()
  }
}

test('[ACC1] what is paid by default is scrypt with N=2^15, r=8, p=1', async () => {
  const { derive, paid } = countingDerive()
  await withAccounts({ derive, cost: COST }, async accounts => {
    const { password } = await accounts.add('demo', 'Anna', PASSWORD)
    await accounts.signIn('demo', 'Anna', PASSWORD)
    assert.deepEqual(paid, Array(2).fill({ n: 32_768, r: 8, p: 1 }))
    assert.deepEqual([password.n, password.r, password.p], [32_768, 8, 1])
  })
})

test('[ACC2] names and passwords that will not do are refused with the reason', async () => {
  await withAccounts({}, async accounts => {
    for (const name of ['', '   ', 'x'.repeat(41), 'a\u0000b', 'an\u200dna', 'a\u202eb', '\u3164', '\ud800'])
      assert.equal(await faultCodeOf(accounts.add('demo', name, PASSWORD)), 'AGENT_INVALID', JSON.stringify(name))
    for (const name of ['陈', 'x'.repeat(40), '😀'.repeat(40), "O'Neil-Ørsted Jr."]) await accounts.add('demo', name, PASSWORD)
  })
  for (const [password, reason] of [
    ['too short', /10 to 200/],
    ['x1'.repeat(101), /10 to 200/],
    ['Password123', /first that anybody would try/],
    ['ＰＡＳＳＷＯＲＤ１２３', /first that anybody would try/],
    ['aaaaaaaaaaaa', /first that anybody would try/],
    ['anna lee-wong', /the agent's name/],
    ['lone \ud800 surrogate', /no text/],
  ] as const) {
    assert.throws(
      () => checkPassword(password, 'Anna Lee-Wong'),
      (error: unknown) => isFault(error, 'AGENT_INVALID') && reason.test(error.message) && !error.message.includes(password),
      password,
    )
  }
  for (const password of ['螃蟹死了怎么赔好呢哈', '0123456789x', 'x1'.repeat(100)])
    assert.doesNotThrow(() => checkPassword(password, 'Anna'))
})

test('[ACC3] a password stands in no file, each hash has its salt, and a full-width password is the same one', async () => {
  await withAccounts({}, async (accounts, folder) => {
    const [a, b] = [await accounts.add('demo', 'Anna', PASSWORD), await accounts.add('demo', 'Bo', PASSWORD)]
    assert.notEqual(a.password.salt, b.password.salt)
    assert.notEqual(a.password.hash, b.password.hash)
    await accounts.setPassword('demo', 'Bo', 'ｃｒａｂ　ｓｏｕｐ　２')
    assert.equal((await accounts.signIn('demo', 'Bo', 'crab soup 2')).id, b.id)
    const files = globSync('**/*', { cwd: folder, withFileTypes: true }).filter(entry => entry.isFile())
    const bytes = files.map(file => readFileSync(join(file.parentPath, file.name)))
    assert.ok(
      bytes.some(all => all.includes(a.password.hash)),
      'the hash is found: the search works',
    )
    for (const word of [PASSWORD, 'crab soup', 'ｃｒａｂ']) assert.ok(!bytes.some(all => all.includes(word)), word)
  })
})

test('[ACC3] a new store is its owner’s alone', async () => {
  const parent = temporaryFolder()
  const rows = openLmdbAccounts(join(parent.path, 'accounts'))
  assert.equal(statSync(join(parent.path, 'accounts')).mode & 0o077, 0)
  await rows.close()
  parent.remove()
})

test('[ACC4] one password is looked at at a time, fifty sign-ins wait, and the next is told to come again', async () => {
  let under = 0
  let most = 0
  let open = (): void => {}
  const gateOpens = new Promise<void>(resolve => (open = resolve))
  await withAccounts(
    {
      async derive(password, salt, cost) {
        most = Math.max(most, ++under)
        await gateOpens
        const key = await deriveByScrypt(password, salt, cost)
        under--
        return key
      },
    },
    async accounts => {
      const waiting = Array.from({ length: 51 }, (_, i) => faultCodeOf(accounts.signIn('demo', `nobody ${i}`, PASSWORD)))
      assert.equal(await faultCodeOf(accounts.signIn('demo', 'one too many', PASSWORD)), 'OVERLOADED')
      open()
      assert.deepEqual(new Set(await Promise.all(waiting)), new Set(['SIGN_IN_REFUSED']))
      assert.equal(most, 1)
      assert.equal(await faultCodeOf(accounts.signIn('demo', 'later', PASSWORD)), 'SIGN_IN_REFUSED', 'the place is free again')
    },
  )
})

/** A program that adds agents to the store in argv[1], named argv[2] and a number, and says so after each. */
const ADDER = `
  import { createAccounts } from '@parley/server/accounts/accounts.ts'
  import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { openStore } from '@parley/server/drivers/lmdb-store.ts'
import { withSum } from '@parley/server/drivers/summed-text.ts'
  const [, folder, prefix, count] = process.argv
  const accounts = createAccounts(openLmdbAccounts(folder), { cost: { n: 16, r: 8, p: 1 } })
  for (let i = 0; i < Number(count); i++) {
    await accounts.add('demo', prefix + i, 'crab soup at nine')
    console.log(i)
  }
  await accounts.close()
`

test('[ACC5] what another process writes is seen at once, both may write at the same time, and the store may outgrow its map', async () => {
  await withAccounts({ cost: { n: 16, r: 8, p: 1 } }, async (accounts, folder) => {
    const count = 500
    const child = spawn(process.execPath, [...NODE_FLAGS, '--input-type=module', '-e', ADDER, folder, 'theirs ', String(count)], {
      cwd: ROOT,
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let told = 0
    let mine = 0
    const ended = once(child, 'exit')
    for await (const number of createInterface({ input: child.stdout })) {
      told++
      assert.equal(accounts.named('demo', `theirs ${number}`).name, `theirs ${number}`, 'what they have told of is there')
      await accounts.add('demo', `mine ${mine++}`, PASSWORD)
    }
    assert.deepEqual(await ended, [0, null])
    assert.equal(told, count)
    assert.ok(statSync(join(folder, 'data.mdb')).size > 0x20000, 'larger than the map that it was opened with')
    assert.equal(accounts.list('demo').length, count + mine)
    assert.equal((await accounts.signIn('demo', `theirs ${count - 1}`, PASSWORD)).name, `theirs ${count - 1}`)
  })
})

test('[ACC6] an origin is this server’s own by scheme-less host and port, and everything else is refused', () => {
  const isAllowed = (origin: string | undefined, host: string | undefined): boolean => {
    try {
      checkOrigin(origin, host)
      return true
    } catch (error) {
      assert.ok(isFault(error, 'ORIGIN_REFUSED'))
      return false
    }
  }
  for (const [origin, host] of [
    [undefined, 'shop.example'],
    ['http://127.0.0.1:8080', '127.0.0.1:8080'],
    ['https://shop.example', 'shop.example'],
    ['https://shop.example', 'shop.example:443'],
    ['http://shop.example', 'SHOP.example:80'],
    ['http://[::1]:8080', '[::1]:8080'],
  ])
    assert.ok(isAllowed(origin, host), `${origin} at ${host}`)
  for (const [origin, host] of [
    ['null', 'shop.example'],
    ['', 'shop.example'],
    ['https://shop.example', undefined],
    ['https://shop.example', ''],
    ['https://shop.example.evil.example', 'shop.example'],
    ['https://evil.example', 'shop.example'],
    ['https://desk.shop.example', 'shop.example'],
    ['http://127.0.0.1:8081', '127.0.0.1:8080'],
    ['https://shop.example', 'shop.example:8443'],
    ['file://shop.example', 'shop.example'],
    ['shop.example', 'shop.example'],
    ['https://evil.example', 'shop.example@evil.example'],
    ['https://evil.example', 'evil.example/shop.example'],
  ])
    assert.ok(!isAllowed(origin, host), `${origin} at ${host}`)
})

test('[ACC7] an account of before there were roles has the role that it had, and any role can be given', async () => {
  const folder = temporaryFolder()
  const root = openStore(folder.path)
  const agents = root.openDB({ name: 'agents', encoding: 'string' })
  const names = root.openDB({ name: 'names', encoding: 'string' })
  const password = { algorithm: 'scrypt', ...CHEAP, salt: 'kept', hash: 'not compared' }
  for (const [id, before] of Object.entries({ a1: {}, a2: { isSupervisor: false }, a3: { isSupervisor: true } })) {
    const row = { id, shop: 'demo', name: id, createdAt: 0, ...before, state: 'active', password, endings: 4 }
    await agents.put(['demo', id], withSum(JSON.stringify(row)))
    await names.put(['demo', id], id)
  }
  await root.close()
  const accounts = createAccounts(openLmdbAccounts(folder.path), { cost: CHEAP })
  try {
    assert.deepEqual(
      accounts.list('demo').map(({ name, role }) => [name, role]),
      [
        ['a1', 'agent'],
        ['a2', 'agent'],
        ['a3', 'supervisor'],
      ],
    )
    const changed = await accounts.setRole('demo', 'a3', 'data')
    assert.deepEqual([changed.role, changed.endings], ['data', 5])
    assert.equal(accounts.named('demo', 'a3').role, 'data', 'and it is written')
  } finally {
    await accounts.close()
    folder.remove()
  }
})
