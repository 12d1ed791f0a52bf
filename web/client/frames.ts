// A frame of the server, from text to a value. The server is our own, checks what it sends by the same types, and may be newer than this page:
// what is not known here is passed over, never guessed at.
import type { ServerMessage } from '@parley/core/protocol/server-message.ts'

const KNOWN: Readonly<Record<ServerMessage['type'], true>> = {
  welcome: true,
  ack: true,
  events: true,
  state: true,
  typing: true,
  fault: true,
  ping: true,
  pong: true,
}

/** Undefined for what is no frame or none that this client knows. */
export function readFrame(text: string): ServerMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // no frame of ours: what it carried, if anything, shows as a gap and is fetched again
  }
  const isKnown =
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && Object.hasOwn(KNOWN, value.type)
  return isKnown ? (value as ServerMessage) : undefined // its type is one of ours, and our own server fills it
}
