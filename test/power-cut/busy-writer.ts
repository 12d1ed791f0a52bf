// Does for ever all that an engine does to its data folder, and tells of each thing when it is acknowledged: conversations that grow and new ones,
// erasures, jobs, agents' accounts, the secret. power-cut.test.ts records its system calls and kills it.
import { writeSync } from 'node:fs'
import { join } from 'node:path'
import { asAgentId } from '@parley/core/ids.ts'
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { loadOrMakeSecret } from '@parley/server/secret.ts'
import { erasureOf } from '../erasure-of.ts'
import { keyOf, withStores, write } from '../server/stored-data.ts'
import { openJobs, type Told, WAIT } from './told.ts'

const [data = ''] = process.argv.slice(2)
const tell = (told: Told): void => void writeSync(1, `${JSON.stringify(told)}\n`)
writeSync(1, `pid ${process.pid}\n`)

tell({ is: 'secret', key: loadOrMakeSecret(data).keyFor('operator').toString('hex') })
const accounts = openLmdbAccounts(join(data, 'accounts'))
const jobs = await openJobs(data)

await withStores(data, async (conversations, vault) => {
  const grow = async (name: string): Promise<never> => {
    for (;;) {
      await write(conversations, name, 1)
      tell({ is: 'event', conversation: name, seq: (await conversations.read(keyOf(name), 0)).seq })
    }
  }
  const comeAndGo = async (): Promise<never> => {
    for (let i = 100; ; i++) {
      await write(conversations, `c${i}`, 2)
      tell({ is: 'event', conversation: `c${i}`, seq: 2 })
      if (i < 103) continue
      await vault.destroy(erasureOf(`e${i}`, [`c${i - 3}`]))
      tell({ is: 'erased', conversation: `c${i - 3}` })
    }
  }
  const administer = async (): Promise<never> => {
    for (let i = 0; ; i++) {
      const id = asAgentId(`a${i}`)
      const password = { algorithm: 'scrypt', n: 2, r: 1, p: 1, salt: 'kept', hash: 'not compared' } as const
      await accounts.add({ id, shop: 'demo', name: `Agent ${i}`, createdAt: 0, role: 'agent', state: 'active', password, endings: 0 })
      tell({ is: 'account', id, endings: 0 })
      await accounts.change('demo', id, account => ({ ...account, endings: 1 }))
      tell({ is: 'account', id, endings: 1 })
      await jobs.add({ id: `j${i}`, kind: WAIT, payload: {}, delayMs: 1e9 })
      tell({ is: 'job', id: `j${i}` })
    }
  }
  await Promise.all([...['c0', 'c1', 'c2', 'c3'].map(grow), comeAndGo(), administer()])
})
