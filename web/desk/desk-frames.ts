// A frame of the server to the console, from text to a value. As in client/frames.ts, what this page does not know is passed over, never guessed at.
import type { DeskMessage } from '@parley/core/protocol/desk-message.ts'

const KNOWN: Readonly<Record<DeskMessage['type'], true>> = {
  welcome: true,
  queue: true,
  conversation: true,
  events: true,
  state: true,
  typing: true,
  ack: true,
  done: true,
  preview: true,
  plugins: true,
  actions: true,
  labels: true,
  fault: true,
  ping: true,
  pong: true,
}

/** Undefined for what is no frame or none that this page knows. */
export function readDeskFrame(text: string): DeskMessage | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined // what it carried, if anything, shows as a gap and is fetched again
  }
  const isKnown =
    typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string' && Object.hasOwn(KNOWN, value.type)
  return isKnown ? (value as DeskMessage) : undefined // its type is one of ours, and our own server fills it
}
