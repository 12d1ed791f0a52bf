// A node that appends without end, for tests that kill it: each writer says something new in one of the conversations, and the node tells what was
// acknowledged, a line each, before it goes on. It ends in order with SIGTERM.
//   log-writer.ts FOLDER SETTINGS NAME WRITERS CONVERSATIONS
import { isFault } from '@parley/core/faults.ts'
import { asConversationId, asShopId } from '@parley/core/ids.ts'
import { openNodeLog } from './log-under-test.ts'

const [folder = '', settings = '', name = '', writers = '', conversations = ''] = process.argv.slice(2)
const log = await openNodeLog(folder, JSON.parse(settings), error => console.log(`broke ${error}`))
let isEnding = false
process.on('SIGTERM', () => (isEnding = true))

async function write(writer: number): Promise<void> {
  for (let i = 0; !isEnding; i++) {
    const conversation = `c${(writer + i) % Number(conversations)}`
    const key = { shop: asShopId('demo'), conversation: asConversationId(conversation) }
    const text = `${name}-${process.pid}-${writer}-${i}`
    const event = { v: 1, type: 'message', at: i, body: Buffer.from(text) }
    for (let isDone = false; !isDone && !isEnding; )
      try {
        await log.append(key, [event], (await log.head(key)).position, { isUnsettled: false, isWithPeople: false })
        isDone = true
        console.log(`ack ${conversation} ${text}`)
      } catch (error) {
        if (isFault(error, 'APPEND_CONFLICT')) continue // nothing of it was stored
        if (!isFault(error, 'LOG_UNAVAILABLE')) throw error
        // Nobody knows: it may be there already, or come yet. It is not said again.
        isDone = true
        console.log(`unknown ${conversation} ${text}`)
      }
  }
}

console.log('open')
await Promise.all(Array.from({ length: Number(writers) }, (_, writer) => write(writer)))
await log.close()
