// Whoever is told by a webhook: a real HTTP server that keeps what it was sent and answers as the test says.
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { WebhookEvent } from '@parley/core/webhooks/webhook-event.ts'
import { until } from './contracts/jobs.ts'

export interface Received {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  readonly event: WebhookEvent
}

export interface Receiver {
  readonly url: string
  readonly received: readonly Received[]
  /** Those that were answered with 200, as `type seq`. */
  readonly taken: readonly string[]
  /** How the next are answered: a status, or never. */
  answer: number | 'never'
  /** Resolves when so many were received in all. */
  has(count: number): Promise<void>
  close(): void
}

export async function startReceiver(port = 0): Promise<Receiver> {
  const received: Received[] = []
  const taken: string[] = []
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => {
      body += chunk
    })
    request.on('end', () => {
      const event = JSON.parse(body) as WebhookEvent // checked by the tests
      received.push({ path: request.url ?? '', headers: request.headers, body, event })
      if (receiver.answer === 'never') return
      if (receiver.answer === 200) taken.push(`${event.type} ${event.seq}`)
      response.writeHead(receiver.answer).end('an answer that nobody reads')
    })
  })
  await new Promise<void>(resolve => server.listen(port, '127.0.0.1', resolve))
  const receiver: Receiver = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`, // it listens on a port
    received,
    taken,
    answer: 200,
    has: count => until(() => received.length >= count),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return receiver
}
