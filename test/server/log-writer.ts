// Appends to many conversations at once for ever and says of each append, as it is acknowledged, `conversation seq`. log-crash.test.ts and doctor.test.ts kill it.
import { writeSync } from 'node:fs'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openLmdbLog } from '@parley/server/drivers/conversation-log.lmdb.ts'

const [folder = '', round = ''] = process.argv.slice(2)
const log = await openLmdbLog(folder)
const append = async (name: string): Promise<never> => {
  const key = { shop: asShopId('demo'), conversation: asConversationId(name) }
  for (;;) {
    const events = [1, 2].map(n => ({ v: 1, type: 'message', at: Date.now(), body: Buffer.from(`${round} ${n} `.repeat(40)) }))
    const options = { isUnsettled: true, isWithPeople: false, isOutgoing: true }
    const { seq } = await log.append(key, events, (await log.head(key)).position, options)
    writeSync(1, `${name} ${seq}\n`)
  }
}
await Promise.all(Array.from({ length: 20 }, (_, i) => append(`c${i}`)))
