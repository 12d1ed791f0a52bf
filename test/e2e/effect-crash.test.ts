// kill -9 of the server around an effect and around its undoing: one case for one yes, withdrawn once for one recall, and the customer is told.
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, test } from 'node:test'
import {
  fetchVisitor,
  joinConversation,
  type Line,
  type RunningServer,
  startServer,
  temporaryFolder,
  textOf,
  type Visitor,
} from './running-server.ts'

const ROUNDS = process.env.PARLEY_TEST_FULL ? 12 : 3
const data = temporaryFolder()
let server: RunningServer
let visitor: Visitor

before(async () => {
  server = await startServer(data.path)
  const response = await fetch(`${server.url}/v1/demo/identity`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ customer: 'demo-lin' }),
  })
  const { identity } = (await response.json()) as { identity: string } // our own server's answer
  const named = await fetch(`${server.url}/v1/shops/demo/visitors`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ identity }),
  })
  visitor = (await named.json()) as Visitor // as above
})
after(async () => {
  await server.stop('SIGKILL')
  data.remove()
})

/** Every case of the order that was ever opened, with its state. */
function cases(): string[] {
  const book = new DatabaseSync(join(data.path, 'demo-shop', 'shop.db'), { readOnly: true })
  try {
    return book
      .prepare("SELECT state FROM cases WHERE order_number = '2024-881' ORDER BY id")
      .all()
      .map(row => String(row.state))
  } finally {
    book.close()
  }
}

let refs = 0
interface Sent {
  readonly ref: string
  readonly text: string
}
function send(line: Line, text: string): Sent {
  const sent = { ref: `m${refs++}`, text }
  line.send({ type: 'say', ...sent })
  return sent
}
const acknowledged = (line: Line, { ref }: Sent) => line.next('ack', frame => frame.ref === ref)
/** The next reply or notice with these words. */
const told = (line: Line, words: RegExp) =>
  line.next('events', frame => frame.events.some(event => event.type !== 'message' && words.test(textOf(event))))

/** Kills at one of three moments after the message was sent, starts again, and sends the message again as a client would. */
async function killAround(line: Line, text: string, moment: number): Promise<Line> {
  const sent = send(line, text)
  if (moment >= 1) await acknowledged(line, sent)
  if (moment >= 2) for (let i = 0; i < 50; i++) await new Promise(resolve => setImmediate(resolve)) // into the turn's way
  const { port } = server
  await server.stop('SIGKILL')
  server = await startServer(data.path, { port })
  visitor = await fetchVisitor(server.url, visitor.refresh)
  const again = await joinConversation(server.url, visitor)
  await again.next('state')
  again.send({ type: 'say', ...sent })
  await acknowledged(again, sent)
  return again
}

test('[EFF1] [EFF3] [EFF4] a kill around a yes or a recall: one case for each yes, withdrawn once for each recall', {
  timeout: 60_000 * ROUNDS,
}, async () => {
  let line = await joinConversation(server.url, visitor)
  await line.next('state')
  for (let round = 0; round < ROUNDS; round++) {
    const open = round + 1
    await acknowledged(line, send(line, '2024-881 的螃蟹死了三只，怎么赔'))
    await told(line, /可以吗|登记赔付/)
    line = await killAround(line, '好的', round % 3)
    await told(line, /登记好了.*CP-\d+/) // an earlier case is named by the notice of its withdrawal too
    assert.deepEqual(cases(), [...Array(open - 1).fill('withdrawn'), 'open'], `round ${round}`)
    line = await killAround(line, '上一条发错了', (round + 1) % 3)
    await told(line, /撤销|取消|撤回/)
    // The notice may come behind the recall's own reply: whoever has come back waits for the state of the case.
    while (cases().at(-1) !== 'withdrawn') await line.next('events')
    assert.deepEqual(cases(), Array(open).fill('withdrawn'), `round ${round}`)
  }
})
