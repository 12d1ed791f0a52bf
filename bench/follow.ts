// How soon everybody follows a rollback: one conversation open in many pages and consoles of the real server, the customer's last message taken back
// again and again, in a conversation of some length. Told is the time from the request to the frame of the last page, and of the last console.
//   npm run bench:follow -- [--pages 20] [--consoles 5] [--rollbacks 200] [--turns 100]
import { parseArgs } from 'node:util'
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'
import {
  fetchVisitor,
  joinConversation,
  type Line,
  makeAgents,
  openDeskLine,
  startServer,
  temporaryFolder,
} from '../test/e2e/running-server.ts'
import { machine } from './machine.ts'

const { values } = parseArgs({
  options: {
    pages: { type: 'string', default: '20' },
    consoles: { type: 'string', default: '5' },
    rollbacks: { type: 'string', default: '200' },
    turns: { type: 'string', default: '100' },
    help: { type: 'boolean' },
  },
})
if (values.help) {
  console.log('npm run bench:follow -- [--pages 20] [--consoles 5] [--rollbacks 200] [--turns 100]')
  process.exit(0)
}
const settings = {
  pages: Number(values.pages),
  consoles: Number(values.consoles),
  rollbacks: Number(values.rollbacks),
  turnsBefore: Number(values.turns),
}

const data = temporaryFolder()
const server = await startServer(data.path)
process.once('exit', () => server.process.kill('SIGKILL')) // also where the measurement fails
while (!(await fetch(`${server.url}/readyz`)).ok) await new Promise(resolve => setImmediate(resolve))
const visitor = await fetchVisitor(server.url)
const { conversation } = visitor
const pages = await Promise.all(Array.from({ length: settings.pages }, () => joinConversation(server.url, visitor)))
await Promise.all(pages.map(line => line.next('state')))
let refs = 0
/** Another each time: a page may only write so much a second. */
const nextPage = (): Line => pages[refs++ % pages.length]! // there are some
for (let i = 0; i < settings.turnsBefore; i++) await turn()

const cookies = await makeAgents(
  data.path,
  Array.from({ length: settings.consoles }, (_, i) => `agent ${i}`),
)
const consoles = await Promise.all(cookies.map(cookie => openDeskLine(server.url, cookie)))
for (const line of consoles) {
  line.send({ type: 'hello', protocol: 1 })
  line.send({ type: 'watch', conversation, resumeAfter: null })
  await line.next('state')
}

const pageMs: number[] = []
const consoleMs: number[] = []
for (let i = 0; i < settings.rollbacks; i++) {
  const ref = await turn()
  const from = performance.now()
  const followed = (lines: readonly (Line | Line<DeskMessage>)[], into: number[]): Promise<unknown> =>
    Promise.all(lines.map(line => whole(line))).then(() => into.push(performance.now() - from))
  nextPage().send({ type: 'recall', ref })
  await Promise.all([followed(pages, pageMs), followed(consoles, consoleMs)])
}
await server.stop('SIGTERM')
data.remove()
console.log(
  JSON.stringify({ bench: 'follow', ...machine(), settings, lastPageMs: spread(pageMs), lastConsoleMs: spread(consoleMs) }, null, 1),
)

async function turn(): Promise<string> {
  const page = nextPage()
  const ref = `m${refs}`
  page.send({ type: 'say', ref, text: '你好' })
  const { seq } = await page.next('ack', frame => frame.ref === ref)
  await page.next('events', ({ events }) => events.some(event => event.type === 'reply' && event.turn === seq))
  return ref
}

function whole(line: Line | Line<DeskMessage>): Promise<unknown> {
  return (line as Line).next('events', frame => frame.whole === true) // an agent's `events` has the same mark
}

function spread(times: number[]) {
  const sorted = times.sort((a, b) => a - b)
  const at = (share: number): number =>
    Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN) * 10) / 10
  return { p50: at(0.5), p99: at(0.99), max: at(1) }
}
