// How a service of the demo shop is made slow or faulty, at run time: POST /knob {"latencyMs": 300, "failure": "error", "rate": 0.2}.
import type { ServerResponse } from 'node:http'
import { z } from 'zod'

/**
 * `error` answers 500, `busy` 429, `expired` 401; `drop` ends the connection without an answer, `hang` never answers, `cut` breaks off within the body,
 * `garbled` answers what is no JSON, and `shape` JSON of another shape than the document says.
 */
export const FAILURES = ['error', 'busy', 'expired', 'drop', 'hang', 'cut', 'garbled', 'shape'] as const
export type WayToFail = (typeof FAILURES)[number]

export const KnobSetting = z.strictObject({
  latencyMs: z.int().min(0).max(60_000).optional(),
  failure: z.enum(['none', ...FAILURES]).optional(),
  /** Share of the requests that fail, 0 to 1. */
  rate: z.number().min(0).max(1).optional(),
})

export interface Knob {
  readonly latencyMs: number
  readonly failure: 'none' | WayToFail
  readonly rate: number
}

export function answerBadly(response: ServerResponse, way: WayToFail): void {
  const json = { 'content-type': 'application/json' }
  switch (way) {
    case 'error':
      return void response.writeHead(500, json).end('{"error":"internal"}')
    case 'busy':
      return void response.writeHead(429, { ...json, 'retry-after': '1' }).end('{"error":"busy"}')
    case 'expired':
      return void response.writeHead(401, json).end('{"error":"unauthorized"}')
    case 'drop':
      return void response.socket?.destroy()
    case 'hang':
      return
    case 'cut':
      response.writeHead(200, { ...json, 'content-length': 10_000 }).write('[{"number":"20')
      return void setTimeout(() => response.socket?.destroy(), 20)
    case 'garbled':
      return void response.writeHead(200, json).end('<html>maintenance</html>')
    case 'shape':
      return void response.writeHead(200, json).end('{"nothing":["of","the","kind"]}')
  }
}
