// A client's frame, from bytes to a checked value, with a fault that names what is wrong and where.
import type { z } from 'zod'
import { Fault } from '../faults.ts'
import { ClientMessage, PROTOCOL } from './client-message.ts'
import { DeskRequest } from './desk-message.ts'

/** A customer's frame. Its size was checked by the wire. Faults: FRAME_NOT_JSON, PROTOCOL_VERSION, FRAME_INVALID. */
export const parseFrame = (text: string): ClientMessage => parseAs(ClientMessage, text)

/** An agent's frame; as the customer's. */
export const parseDeskFrame = (text: string): DeskRequest => parseAs(DeskRequest, text)

function parseAs<S extends z.ZodType>(schema: S, text: string): z.infer<S> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (cause) {
    throw new Fault('FRAME_NOT_JSON', { reason: reasonOf(cause) }, { cause })
  }
  if (isHello(value) && value.protocol !== PROTOCOL)
    throw new Fault('PROTOCOL_VERSION', { given: value.protocol ?? null, spoken: PROTOCOL })
  const parsed = schema.safeParse(value)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new Fault('FRAME_INVALID', { path: issue?.path.join('.') ?? '', reason: issue?.message ?? 'not a frame' })
}

/** The position is told, the content is not: it may be a customer's words. */
function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : ''
  const position = /position \d+/.exec(message)?.[0]
  if (position) return `unexpected character at ${position}`
  return /end of JSON/.test(message) ? 'it ends too early or is empty' : 'it has an unexpected character'
}

const isHello = (value: unknown): value is { protocol?: unknown } =>
  typeof value === 'object' && value !== null && 'type' in value && value.type === 'hello'
