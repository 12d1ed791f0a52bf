// A service that votes, as a real HTTP server on this machine: it keeps what it is asked and answers as the test says, well or badly.
import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The text as JSON. */
  readonly body: Record<string, unknown>
}

export type Answer = (asked: Asked, response: ServerResponse) => void

export interface RemoteService {
  /** `http://127.0.0.1:PORT` */
  readonly url: string
  readonly asked: readonly Asked[]
  readonly connections: number
  answer: Answer
  /** Resolves when so many have been asked in all. */
  has(count: number): Promise<void>
  close(): void
}

export const json =
  (value: unknown, status = 200, headers: Record<string, string> = {}): Answer =>
  (_asked, response) =>
    void response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(value))

export const text =
  (body: string | Buffer, headers: Record<string, string> = {}): Answer =>
  (_asked, response) =>
    void response.writeHead(200, headers).end(body)

/** The connection stays, and nothing comes. */
export const never: Answer = () => {}

/** Headers and half of an answer, and then the connection breaks. */
export const cutOff: Answer = (_asked, response) => {
  response.writeHead(200, { 'content-length': '1000' })
  response.write('{"turn": "', () => response.destroy())
}

/** Endless, as fast as it is taken. */
export const endless: Answer = (_asked, response) => {
  response.writeHead(200)
  const more = (): void => {
    while (!response.destroyed && response.write(' '.repeat(16_384)));
    if (!response.destroyed) response.once('drain', more)
  }
  more()
}

/** Votes as docs/remote-voters.md has them. */
export const votes =
  (given: readonly object[], rest: object = {}): Answer =>
  (asked, response) =>
    json({ turn: asked.body.turn, votes: given, ...rest })(asked, response)

/** A chat completion that says this. */
export const says = (
  content: string | object,
  rest: { readonly message?: object; readonly finish?: string; readonly usage?: object } = {},
): Answer =>
  json({
    id: 'x',
    model: 'stub-1',
    choices: [
      {
        index: 0,
        finish_reason: rest.finish ?? 'stop',
        message: { role: 'assistant', content: typeof content === 'string' ? content : JSON.stringify(content), ...rest.message },
      },
    ],
    ...(rest.usage && { usage: rest.usage }),
  })

export async function startRemoteService(answer: Answer = votes([])): Promise<RemoteService> {
  const asked: Asked[] = []
  const waiting = new Set<() => void>()
  let connections = 0
  const server = createServer((request, response) => {
    let body = ''
    request.on('data', chunk => (body += chunk))
    request.on('end', () => {
      const one = { path: request.url ?? '', headers: request.headers, text: body, body: JSON.parse(body) as Record<string, unknown> } // ours is JSON
      asked.push(one)
      for (const look of waiting) look()
      service.answer(one, response)
    })
  })
  server.on('connection', () => connections++)
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const service: RemoteService = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, // it listens on a port
    asked,
    get connections() {
      return connections
    },
    answer,
    has: count =>
      new Promise(resolve => {
        const look = (): void => {
          if (asked.length < count) return
          waiting.delete(look)
          resolve()
        }
        waiting.add(look)
        look()
      }),
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
  return service
}
