// The embedded store of records under the contract; test/cluster/records.test.ts has the one that nodes share.
import { openLmdbRecords } from '@parley/server/drivers/records.lmdb.ts'
import { temporaryFolder } from '../e2e/running-server.ts'
import { recordsContract, type TestKey, type TestRecords } from './records.ts'

recordsContract('lmdb', async () => {
  const folder = temporaryFolder()
  const opened: TestRecords[] = []
  const another = async (): Promise<TestRecords> => {
    const next = openLmdbRecords<TestKey>(folder.path, 'the records')
    opened.push(next)
    return next
  }
  return {
    records: await another(),
    another,
    async remove() {
      for (const each of opened) await each.close()
      folder.remove()
    },
  }
})
