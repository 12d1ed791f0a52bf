// What every store of accounts must do (server/accounts/account-rows.ts). A driver's test hands in how to open it. Costs are low: the cost is not what is
// tested.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isFault } from '@parley/core/faults.ts'
import type { AccountRows } from '@parley/server/accounts/account-rows.ts'
import { createAccounts } from '@parley/server/accounts/accounts.ts'
import { type Cost, type Derive, deriveByScrypt } from '@parley/server/accounts/password-hash.ts'
import { faultCodeOf } from '../fault-code.ts'
import { until } from './jobs.ts'

const CHEAP: Cost = { n: 2 ** 10, r: 8, p: 1 }
const PASSWORD = 'crab soup at nine'

/** The real derivation, and the costs that were paid. */
export function countingDerive(): { readonly derive: Derive; readonly paid: Cost[] } {
  const paid: Cost[] = []
  return {
    paid,
    derive(password, salt, cost) {
      paid.push({ n: cost.n, r: cost.r, p: cost.p })
      return deriveByScrypt(password, salt, cost)
    },
  }
}

export interface AccountsUnderTest {
  readonly rows: AccountRows
  /** The same store, as another node or process opens it. */
  another(): Promise<AccountRows>
  /** Closes what was opened, and removes it. */
  remove(): Promise<void>
}

export function accountsContract(name: string, make: () => Promise<AccountsUnderTest>): void {
  const on = (title: string, run: (under: AccountsUnderTest) => Promise<void>): void => {
    test(`${name}: ${title}`, async () => {
      const under = await make()
      try {
        await run(under)
      } finally {
        await under.remove()
      }
    })
  }

  on(
    '[ACC1] an unknown, an impossible and a removed name are refused in the words and at the cost of a wrong password',
    async ({ rows }) => {
      const { derive, paid } = countingDerive()
      const accounts = createAccounts(rows, { cost: CHEAP, derive })
      await accounts.add('demo', 'Anna', PASSWORD)
      await accounts.add('demo', 'Gone', PASSWORD)
      await accounts.remove('demo', 'Gone')
      await accounts.add('other', 'Chen', PASSWORD)
      const told = new Set<string>()
      for (const [name, password] of [
        ['Anna', 'not her password'],
        ['Nobody', PASSWORD],
        ['Gone', PASSWORD],
        ['Chen', PASSWORD],
        ['', PASSWORD],
        ['x'.repeat(200), PASSWORD],
        ['Anna', ''],
      ] as const) {
        paid.length = 0
        await assert.rejects(accounts.signIn('demo', name, password), (error: unknown) => {
          assert.ok(isFault(error, 'SIGN_IN_REFUSED'))
          told.add(JSON.stringify([error.message, error.details]))
          return true
        })
        assert.deepEqual(paid, [CHEAP], `${name} with ${password}`)
      }
      assert.equal(told.size, 1)
      paid.length = 0
      assert.equal((await accounts.signIn('demo', 'Anna', PASSWORD)).name, 'Anna')
      assert.deepEqual(paid, [CHEAP])
    },
  )

  on('[ACC2] a name is unique in its shop, whatever its case and width, and free again after a removal', async ({ rows }) => {
    const accounts = createAccounts(rows, { cost: CHEAP })
    const anna = await accounts.add('demo', '  Anna   Lee ', PASSWORD)
    assert.equal(anna.name, 'Anna Lee')
    for (const twin of ['anna lee', 'ANNA LEE', 'Ａｎｎａ　Ｌｅｅ'])
      assert.equal(await faultCodeOf(accounts.add('demo', twin, PASSWORD)), 'AGENT_EXISTS', twin)
    await accounts.add('other', 'Anna Lee', PASSWORD)
    await accounts.add('demo', 'Straße', PASSWORD)
    assert.equal(await faultCodeOf(accounts.add('demo', 'STRASSE', PASSWORD)), 'AGENT_EXISTS')
    assert.equal((await accounts.signIn('demo', 'ａｎｎａ lee', PASSWORD)).id, anna.id)
    // Of any number who add one name at once, one does.
    const outcomes = await Promise.all(['Bo', 'bo', 'BO'].map(name => faultCodeOf(accounts.add('demo', name, PASSWORD))))
    assert.deepEqual(outcomes.sort(), ['AGENT_EXISTS', 'AGENT_EXISTS', 'none'])
    const bo = accounts.named('demo', 'bo').name

    const gone = await accounts.remove('demo', 'ANNA LEE')
    assert.equal(gone.state, 'removed')
    assert.ok(!JSON.stringify(gone).includes('hash'), 'the password is gone from the record')
    assert.equal(await faultCodeOf(accounts.remove('demo', 'Anna Lee')), 'UNKNOWN_AGENT')
    assert.equal(await faultCodeOf(accounts.setPassword('demo', 'Anna Lee', PASSWORD)), 'UNKNOWN_AGENT')
    const another = await accounts.add('demo', 'Anna Lee', PASSWORD)
    assert.notEqual(another.id, anna.id)
    assert.equal(accounts.get('demo', anna.id)?.state, 'removed', 'the old id names her for ever')
    assert.deepEqual(
      accounts
        .list('demo')
        .map(({ name, state }) => `${name} ${state}`)
        .sort(),
      ['Anna Lee active', 'Anna Lee removed', `${bo} active`, 'Straße active'].sort(),
    )
    assert.equal(accounts.list().length, 5)
  })

  on('[ACC3] when the cost has been raised, the next sign-in makes a hash of the new cost, and the sessions stand', async ({ rows }) => {
    const before = await createAccounts(rows, { cost: CHEAP }).add('demo', 'Anna', PASSWORD)
    const dear: Cost = { n: 2 ** 11, r: 8, p: 2 }
    const { derive, paid } = countingDerive()
    const accounts = createAccounts(rows, { cost: dear, derive })
    assert.equal(await faultCodeOf(accounts.signIn('demo', 'Anna', 'not her password')), 'SIGN_IN_REFUSED')
    assert.deepEqual(accounts.named('demo', 'Anna').password, before.password, 'a wrong password renews nothing')
    paid.length = 0
    await accounts.signIn('demo', 'Anna', PASSWORD)
    assert.deepEqual(paid, [CHEAP, dear])
    const after = accounts.named('demo', 'Anna')
    assert.deepEqual([after.password.n, after.password.p, after.endings], [dear.n, dear.p, before.endings])
    paid.length = 0
    await accounts.signIn('demo', 'Anna', PASSWORD)
    assert.deepEqual(paid, [dear])
  })

  on('[ACC3] a password changed while an older one is renewed stays the changed one', async ({ rows }) => {
    const cli = createAccounts(rows, { cost: CHEAP })
    await cli.add('demo', 'Anna', PASSWORD)
    const dear: Cost = { n: 2 ** 11, r: 8, p: 1 }
    const engine = createAccounts(rows, {
      cost: dear,
      async derive(password, salt, cost) {
        if (cost.n === dear.n) await cli.setPassword('demo', 'Anna', 'another soup at ten')
        return deriveByScrypt(password, salt, cost)
      },
    })
    await engine.signIn('demo', 'Anna', PASSWORD)
    assert.equal(await faultCodeOf(cli.signIn('demo', 'Anna', PASSWORD)), 'SIGN_IN_REFUSED')
    assert.equal((await cli.signIn('demo', 'Anna', 'another soup at ten')).endings, 1)
  })

  on(
    '[ACC5] of two who write, one adds a name, each sees what the other did, and a change made by one ends the sessions at the other',
    async ({ rows, another }) => {
      const [one, two] = [createAccounts(rows, { cost: CHEAP }), createAccounts(await another(), { cost: CHEAP })]
      const outcomes = await Promise.all([one, two, one, two].map(each => faultCodeOf(each.add('demo', 'Anna', PASSWORD))))
      assert.deepEqual(outcomes.toSorted(), ['AGENT_EXISTS', 'AGENT_EXISTS', 'AGENT_EXISTS', 'none'])
      await until(() => [one, two].every(each => each.list('demo').length === 1))
      const anna = one.named('demo', 'anna')
      assert.deepEqual(await two.signIn('demo', 'Anna', PASSWORD), anna)
      await two.endSessions(anna)
      assert.equal(two.named('demo', 'Anna').endings, 1, 'where it is done it holds when it is done')
      await until(() => one.named('demo', 'Anna').endings === 1)
      await Promise.all(Array.from({ length: 20 }, (_, i) => [one, two][i % 2]!.endSessions(anna)))
      await until(() => [one, two].every(each => each.named('demo', 'Anna').endings === 21))
      await one.setPassword('demo', 'Anna', 'another soup at ten')
      await until(async () => (await faultCodeOf(two.signIn('demo', 'Anna', PASSWORD))) === 'SIGN_IN_REFUSED')
      assert.equal((await two.signIn('demo', 'Anna', 'another soup at ten')).endings, 22)
      await two.remove('demo', 'Anna')
      await until(() => one.get('demo', anna.id)?.state === 'removed')
      assert.equal(await faultCodeOf(one.signIn('demo', 'Anna', 'another soup at ten')), 'SIGN_IN_REFUSED')
      assert.notEqual((await one.add('demo', 'Anna', PASSWORD)).id, anna.id)
    },
  )

  on('[ACC5] what many add at once from two sides is all there, in order of name', async ({ rows, another }) => {
    const cheapest = { cost: { n: 16, r: 8, p: 1 } }
    const both = [createAccounts(rows, cheapest), createAccounts(await another(), cheapest)]
    const names = Array.from({ length: 60 }, (_, i) => `agent ${String(i).padStart(2, '0')}`)
    await Promise.all(names.map((each, i) => both[i % 2]!.add(i % 3 ? 'demo' : 'other', each, PASSWORD)))
    for (const accounts of both) {
      await until(() => accounts.list().length === names.length)
      assert.deepEqual(
        [...accounts.list('demo'), ...accounts.list('other')].map(({ shop, name: each }) => [shop, each]),
        ['demo', 'other'].flatMap(shop => names.filter((_, i) => (i % 3 ? 'demo' : 'other') === shop).map(each => [shop, each])),
      )
      assert.deepEqual(
        accounts.list().map(({ shop }) => shop),
        [...accounts.list()].map(({ shop }) => shop).toSorted(),
      )
    }
  })

  on('[ACC7] another role is written, and ends the sessions', async ({ rows, another }) => {
    const accounts = createAccounts(rows, { cost: CHEAP })
    await accounts.add('demo', 'Anna', PASSWORD, 'supervisor')
    const other = createAccounts(await another(), { cost: CHEAP })
    assert.equal(other.named('demo', 'Anna').role, 'supervisor')
    const changed = await other.setRole('demo', 'Anna', 'data')
    assert.deepEqual([changed.role, changed.endings], ['data', 1])
    await until(() => accounts.named('demo', 'Anna').role === 'data')
  })
}
