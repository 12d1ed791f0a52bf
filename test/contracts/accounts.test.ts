// The embedded store of accounts under the contract; test/cluster/accounts.test.ts has the one that nodes share.
import { openLmdbAccounts } from '@parley/server/drivers/accounts.lmdb.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { accountsContract } from './accounts.ts'

accountsContract('lmdb', async () => {
  const folder = temporaryFolder()
  const opened = [openLmdbAccounts(folder.path)]
  return {
    rows: opened[0]!, // just put there
    async another() {
      const next = openLmdbAccounts(folder.path)
      opened.push(next)
      return next
    },
    async remove() {
      for (const rows of opened) await rows.close()
      folder.remove()
    },
  }
})
