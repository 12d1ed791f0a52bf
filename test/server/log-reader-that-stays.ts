// A process that reads the log and keeps its read transaction open until it is killed: what a backup that was killed in the midst leaves behind.
import { writeSync } from 'node:fs'
import { openStoreToRead } from '@parley/server/drivers/lmdb-store.ts'

const root = openStoreToRead(process.argv[2] ?? '')
const transaction = root.useReadTransaction()
writeSync(1, `reading ${[...root.getKeys({ transaction })].length} tables\n`)
setInterval(() => transaction, 60_000) // alive, and the transaction in hand
